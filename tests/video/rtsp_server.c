/* linhuo-test-rtsp: serves one file over RTSP with GStreamer's server, for the tests of the video
 * room. Every client gets the file from its beginning, at the file's own speed.
 *
 *   linhuo-test-rtsp FILE (h264|h265|jpeg) [--port N] [--only (tcp|udp)] [--auth] [--tls CERT KEY]
 *
 * FILE is MP4 or Matroska. --auth asks for the user and password in RTSP_USER and RTSP_PASSWORD.
 * --tls serves RTSPS with these PEM files.
 * Prints "port N" when it is ready. */
#include <gst/gst.h>
#include <gst/rtsp-server/rtsp-server.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request {
    const char *file;
    const char *codec;
    const char *port;
    const char *only;
    const char *certificate; /* NULL: no TLS */
    const char *key;
    bool auth;
};

static bool understand(int count, char **arguments, struct request *request)
{
    if (count < 3)
        return false;
    *request = (struct request){.file = arguments[1], .codec = arguments[2], .port = "0"};
    for (int i = 3; i < count; i++) {
        const bool more = i + 1 < count;
        if (strcmp(arguments[i], "--auth") == 0)
            request->auth = true;
        else if (more && strcmp(arguments[i], "--port") == 0)
            request->port = arguments[++i];
        else if (more && strcmp(arguments[i], "--only") == 0)
            request->only = arguments[++i];
        else if (i + 2 < count && strcmp(arguments[i], "--tls") == 0) {
            request->certificate = arguments[++i];
            request->key = arguments[++i];
        } else
            return false;
    }
    return true;
}

static char *launch_line(const struct request *request)
{
    const char *demux = g_str_has_suffix(request->file, ".mkv") ? "matroskademux" : "qtdemux";
    const char *pay = "h264parse ! video/x-h264,alignment=au ! rtph264pay config-interval=-1";
    if (strcmp(request->codec, "h265") == 0)
        pay = "h265parse ! rtph265pay config-interval=-1";
    if (strcmp(request->codec, "jpeg") == 0)
        pay = "jpegparse ! rtpjpegpay";
    return g_strdup_printf("( filesrc location=\"%s\" ! %s ! queue ! %s name=pay0 pt=96 )",
                           request->file, demux, pay);
}

static bool ask_for_password(GstRTSPServer *server)
{
    const char *user = getenv("RTSP_USER");
    const char *password = getenv("RTSP_PASSWORD");
    if (!user || !password)
        return false;
    GstRTSPAuth *auth = gst_rtsp_auth_new();
    GstRTSPToken *token =
        gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, "watcher", NULL);
    gchar *basic = gst_rtsp_auth_make_basic(user, password);
    gst_rtsp_auth_set_supported_methods(auth, GST_RTSP_AUTH_DIGEST);
    gst_rtsp_auth_add_digest(auth, user, password, token);
    gst_rtsp_auth_add_basic(auth, basic, token);
    gst_rtsp_server_set_auth(server, auth);
    g_free(basic);
    gst_rtsp_token_unref(token);
    g_object_unref(auth);
    return true;
}

static bool use_tls(GstRTSPServer *server, const struct request *request)
{
    GError *error = NULL;
    GTlsCertificate *certificate =
        g_tls_certificate_new_from_files(request->certificate, request->key, &error);
    if (!certificate) {
        (void)fprintf(stderr, "%s\n", error->message);
        g_error_free(error);
        return false;
    }
    GstRTSPAuth *auth = gst_rtsp_auth_new();
    GstRTSPToken *anybody =
        gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, "watcher", NULL);
    gst_rtsp_auth_set_default_token(auth, anybody);
    gst_rtsp_auth_set_tls_certificate(auth, certificate);
    gst_rtsp_server_set_auth(server, auth);
    gst_rtsp_token_unref(anybody);
    g_object_unref(certificate);
    g_object_unref(auth);
    return true;
}

static void let_watch(GstRTSPMediaFactory *factory)
{
    gst_rtsp_media_factory_add_role(factory, "watcher", GST_RTSP_PERM_MEDIA_FACTORY_ACCESS,
                                    G_TYPE_BOOLEAN, TRUE, GST_RTSP_PERM_MEDIA_FACTORY_CONSTRUCT,
                                    G_TYPE_BOOLEAN, TRUE, NULL);
}

static int serve(const struct request *request)
{
    GMainLoop *loop = g_main_loop_new(NULL, FALSE);
    GstRTSPServer *server = gst_rtsp_server_new();
    GstRTSPMediaFactory *factory = gst_rtsp_media_factory_new();
    char *line = launch_line(request);
    gst_rtsp_media_factory_set_launch(factory, line);
    g_free(line);
    if (request->only)
        gst_rtsp_media_factory_set_protocols(factory, strcmp(request->only, "udp") == 0
                                                          ? GST_RTSP_LOWER_TRANS_UDP
                                                          : GST_RTSP_LOWER_TRANS_TCP);
    let_watch(factory);
    if (request->certificate && !use_tls(server, request))
        return 1;
    if (request->auth && !ask_for_password(server)) {
        (void)fprintf(stderr, "RTSP_USER and RTSP_PASSWORD are not set\n");
        return 2;
    }
    GstRTSPMountPoints *mounts = gst_rtsp_server_get_mount_points(server);
    gst_rtsp_mount_points_add_factory(mounts, "/cam", factory);
    g_object_unref(mounts);
    gst_rtsp_server_set_address(server, "127.0.0.1");
    gst_rtsp_server_set_service(server, request->port);
    if (!gst_rtsp_server_attach(server, NULL)) {
        (void)fprintf(stderr, "cannot listen on port %s\n", request->port);
        return 1;
    }
    (void)printf("port %d\n", gst_rtsp_server_get_bound_port(server));
    (void)fflush(stdout);
    g_main_loop_run(loop);
    return 0;
}

int main(int argument_count, char **arguments)
{
    struct request request;
    gst_init(&argument_count, &arguments);
    if (!understand(argument_count, arguments, &request)) {
        (void)fprintf(stderr, "usage: linhuo-test-rtsp FILE (h264|h265|jpeg) [--port N] "
                              "[--only (tcp|udp)] [--auth] [--tls CERT KEY]\n");
        return 2;
    }
    return serve(&request);
}
