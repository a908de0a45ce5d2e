#include "world/rtsp_server.h"

#include "base/queue.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <gst/app/gstappsrc.h>
#include <gst/rtsp-server/rtsp-server.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUED_PICTURES 3
#define REPORT_INTERVAL_NS                                                                         \
    (1 * GST_SECOND)       /* RTCP sender reports; RFC 3550's five are long to wait */
#define CLEAN_INTERVAL_S 2 /* sessions of clients that vanished */
#define LINGER_MS 1500     /* after the last stream's end: its packets and its BYE go out */
#define ROLE "watcher"

struct lh_rtsp_server {
    GstRTSPServer *server;
    GMainLoop *loop;
    GSource *source; /* the listening socket */
    bool tls;
    bool authenticated;
    char bind[64];
    GPtrArray *mounts;
};

/* Counted: GStreamer's callbacks may outlive the server by a moment. */
struct lh_rtsp_mount {
    char *id;
    char *url;
    GstRTSPServer *server; /* lent */
    struct lh_bell *bell;
    pthread_mutex_t lock; /* not GLib's, which the thread sanitizer cannot see */
    /* -- protected by lock */
    GstAppSrc *feed;     /* NULL: nobody watches */
    GstRTSPMedia *media; /* only to be compared with */
    uint64_t session;
    bool flowing; /* the pipeline has asked for data */
    bool ended;
};

/* A medium whose sender reports speak of capture, not of sending. */
static gboolean report_capture_time(GstRTSPMedia *media, GstElement *rtpbin)
{
    (void)media;
    g_object_set(rtpbin, "rtcp-sync-send-time", FALSE, NULL);
    return TRUE;
}

static void init_media_class(gpointer class, gpointer opaque)
{
    (void)opaque;
    GST_RTSP_MEDIA_CLASS(class)->setup_rtpbin = report_capture_time;
}

static GType media_type(void)
{
    static gsize type;
    if (g_once_init_enter(&type)) {
        const GType fresh = g_type_register_static_simple(
            GST_TYPE_RTSP_MEDIA, g_intern_static_string("LhMedia"), sizeof(GstRTSPMediaClass),
            init_media_class, sizeof(GstRTSPMedia), NULL, (GTypeFlags)0);
        g_once_init_leave(&type, fresh);
    }
    return type;
}

static void finish_mount(gpointer opaque)
{
    struct lh_rtsp_mount *mount = opaque;
    if (mount->feed)
        gst_object_unref(mount->feed);
    (void)pthread_mutex_destroy(&mount->lock);
    lh_bell_destroy(&mount->bell);
    g_free(mount->id);
    g_free(mount->url);
}

static void unref_mount(gpointer mount)
{
    g_atomic_rc_box_release_full(mount, finish_mount);
}

static void unref_mount_closure(gpointer mount, GClosure *closure)
{
    (void)closure;
    unref_mount(mount);
}

static void need_data(GstAppSrc *feed, guint length, gpointer opaque)
{
    struct lh_rtsp_mount *mount = opaque;
    (void)length;
    (void)pthread_mutex_lock(&mount->lock);
    const bool begins = mount->feed == feed && !mount->flowing;
    if (begins)
        mount->flowing = true;
    (void)pthread_mutex_unlock(&mount->lock);
    if (begins)
        lh_bell_ring(mount->bell);
}

static void media_prepared(GstRTSPMedia *media, gpointer opaque)
{
    (void)opaque;
    for (guint i = 0; i < gst_rtsp_media_n_streams(media); i++) {
        GObject *session = gst_rtsp_stream_get_rtpsession(gst_rtsp_media_get_stream(media, i));
        if (!session)
            continue;
        g_object_set(session, "rtcp-min-interval", (guint64)REPORT_INTERVAL_NS, NULL);
        g_object_unref(session);
    }
}

static void media_unprepared(GstRTSPMedia *media, gpointer opaque)
{
    struct lh_rtsp_mount *mount = opaque;
    GstAppSrc *feed = NULL;
    (void)pthread_mutex_lock(&mount->lock);
    if (mount->media == media) {
        feed = mount->feed;
        mount->feed = NULL;
        mount->media = NULL;
        mount->flowing = false;
    }
    (void)pthread_mutex_unlock(&mount->lock);
    if (feed)
        gst_object_unref(feed);
}

/* Running time is made to be the monotonic clock itself, so that a pause does not shift it. */
static void use_absolute_time(GstElement *element)
{
    GstObject *pipeline = gst_element_get_parent(element);
    if (!pipeline)
        return;
    gst_element_set_start_time(GST_ELEMENT(pipeline), GST_CLOCK_TIME_NONE);
    gst_element_set_base_time(GST_ELEMENT(pipeline), 0);
    gst_object_unref(pipeline);
}

static void media_configure(GstRTSPMediaFactory *factory, GstRTSPMedia *media, gpointer opaque)
{
    struct lh_rtsp_mount *mount = opaque;
    (void)factory;
    GstElement *element = gst_rtsp_media_get_element(media);
    GstElement *feed = gst_bin_get_by_name(GST_BIN(element), "feed");
    use_absolute_time(element);
    gst_object_unref(element);
    if (!feed)
        return;
    GstAppSrcCallbacks callbacks = {.need_data = need_data};
    (void)pthread_mutex_lock(&mount->lock);
    GstAppSrc *old = mount->feed;
    mount->feed = GST_APP_SRC(feed);
    mount->media = media;
    mount->flowing = false;
    mount->session++;
    (void)pthread_mutex_unlock(&mount->lock);
    if (old)
        gst_object_unref(old);
    gst_app_src_set_callbacks(GST_APP_SRC(feed), &callbacks, g_atomic_rc_box_acquire(mount),
                              unref_mount);
    g_signal_connect_data(media, "prepared", G_CALLBACK(media_prepared), NULL, NULL, 0);
    g_signal_connect_data(media, "unprepared", G_CALLBACK(media_unprepared),
                          g_atomic_rc_box_acquire(mount), unref_mount_closure, 0);
}

struct chain {
    const char *caps;
    const char *parser;
    const char *payloader;
    const char *settings;
    unsigned payload_type;
};

static const struct chain chains[] = {
    [LH_CODEC_H264] = {"video/x-h264,stream-format=byte-stream,alignment=au", "h264parse",
                       "rtph264pay", "config-interval=-1", 96},
    [LH_CODEC_H265] = {"video/x-h265,stream-format=byte-stream,alignment=au", "h265parse",
                       "rtph265pay", "config-interval=-1", 96},
    [LH_CODEC_MJPEG] = {"image/jpeg", "jpegparse", "rtpjpegpay", "", 26},
};

static int check_element(const char *name, struct lh_fault *fault)
{
    GstElementFactory *factory = gst_element_factory_find(name);
    if (!factory)
        return lh_fail(
            fault, LH_ENOTFOUND,
            "GStreamer has no element '%s'; install gstreamer1.0-plugins-base, -good and "
            "-bad",
            name);
    gst_object_unref(factory);
    return LH_OK;
}

static int read_tls(const struct lh_rtsp_server_options *options, struct lh_fault *fault,
                    GTlsCertificate **ret_certificate)
{
    GError *error = NULL;
    if (!g_tls_backend_supports_tls(g_tls_backend_get_default()))
        return lh_fail(fault, LH_ENOTFOUND, "GLib cannot do TLS here; install glib-networking");
    GTlsCertificate *certificate =
        g_tls_certificate_new_from_files(options->tls_certificate, options->tls_key, &error);
    if (!certificate) {
        const int code = lh_fail(fault, LH_EFORMAT,
                                 "cannot use the certificate '%s' with the key '%s': %s; both must "
                                 "be PEM files",
                                 options->tls_certificate, options->tls_key, error->message);
        g_error_free(error);
        return code;
    }
    *ret_certificate = certificate;
    return LH_OK;
}

static void set_user(GstRTSPAuth *auth, const struct lh_rtsp_server_options *options)
{
    GstRTSPToken *token =
        gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, ROLE, NULL);
    if (options->user) {
        gst_rtsp_auth_set_supported_methods(auth, GST_RTSP_AUTH_DIGEST);
        gst_rtsp_auth_add_digest(auth, options->user, options->password, token);
    } else {
        gst_rtsp_auth_set_default_token(auth, token);
    }
    gst_rtsp_token_unref(token);
}

static int set_access(struct lh_rtsp_server *server, const struct lh_rtsp_server_options *options,
                      struct lh_fault *fault)
{
    GTlsCertificate *certificate = NULL;
    if (options->tls_certificate) {
        const int code = read_tls(options, fault, &certificate);
        if (code != LH_OK)
            return code;
    }
    server->tls = certificate != NULL;
    server->authenticated = options->user || certificate;
    if (!server->authenticated)
        return LH_OK;
    GstRTSPAuth *auth = gst_rtsp_auth_new();
    gst_rtsp_auth_set_realm(auth, "linhuo world");
    set_user(auth, options);
    if (certificate) {
        gst_rtsp_auth_set_tls_certificate(auth, certificate);
        g_object_unref(certificate);
    }
    gst_rtsp_server_set_auth(server->server, auth);
    g_object_unref(auth);
    return LH_OK;
}

int lh_rtsp_server_create(const struct lh_rtsp_server_options *options, struct lh_fault *fault,
                          struct lh_rtsp_server **ret_server)
{
    GError *error = NULL;
    if (!gst_init_check(NULL, NULL, &error)) {
        const int code = lh_fail(fault, LH_EIO, "GStreamer does not start: %s",
                                 error ? error->message : "no reason given");
        g_clear_error(&error);
        return code;
    }
    struct lh_rtsp_server *server = calloc(1, sizeof *server);
    if (!server)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    char port[16];
    (void)snprintf(port, sizeof port, "%u", options->port);
    (void)snprintf(server->bind, sizeof server->bind, "%s", options->bind);
    server->server = gst_rtsp_server_new();
    server->loop = g_main_loop_new(NULL, FALSE);
    server->mounts = g_ptr_array_new_with_free_func(unref_mount);
    gst_rtsp_server_set_address(server->server, options->bind);
    gst_rtsp_server_set_service(server->server, port);
    const int code = set_access(server, options, fault);
    if (code != LH_OK) {
        lh_rtsp_server_destroy(&server);
        return code;
    }
    *ret_server = server;
    return LH_OK;
}

static GstRTSPMediaFactory *make_factory(const struct lh_rtsp_server *server,
                                         const struct lh_rtsp_mount_options *options)
{
    const struct chain *chain = &chains[options->codec];
    gint rate;
    gint scale;
    gst_util_double_to_fraction(options->fps, &rate, &scale);
    gchar *launch =
        g_strdup_printf("( appsrc name=feed is-live=true format=time max-bytes=0 block=false "
                        "caps=%s,width=%u,height=%u,framerate=%d/%d ! %s ! %s name=pay0 pt=%u %s )",
                        chain->caps, options->width_px, options->height_px, rate, scale,
                        chain->parser, chain->payloader, chain->payload_type, chain->settings);
    GstRTSPMediaFactory *factory = gst_rtsp_media_factory_new();
    GstClock *clock = gst_system_clock_obtain();
    gst_rtsp_media_factory_set_launch(factory, launch);
    gst_rtsp_media_factory_set_shared(factory, TRUE);
    gst_rtsp_media_factory_set_stop_on_disconnect(factory, FALSE);
    gst_rtsp_media_factory_set_media_gtype(factory, media_type());
    gst_rtsp_media_factory_set_clock(factory, clock);
    gst_rtsp_media_factory_set_protocols(factory, server->tls ? GST_RTSP_LOWER_TRANS_TCP
                                                              : GST_RTSP_LOWER_TRANS_TCP |
                                                                    GST_RTSP_LOWER_TRANS_UDP);
    if (server->authenticated)
        gst_rtsp_media_factory_add_role(factory, ROLE, GST_RTSP_PERM_MEDIA_FACTORY_ACCESS,
                                        G_TYPE_BOOLEAN, TRUE, GST_RTSP_PERM_MEDIA_FACTORY_CONSTRUCT,
                                        G_TYPE_BOOLEAN, TRUE, NULL);
    gst_object_unref(clock);
    g_free(launch);
    return factory;
}

int lh_rtsp_server_add(struct lh_rtsp_server *server, const struct lh_rtsp_mount_options *options,
                       struct lh_fault *fault, struct lh_rtsp_mount **ret_mount)
{
    const struct chain *chain = &chains[options->codec];
    int code = check_element("appsrc", fault);
    if (code == LH_OK)
        code = check_element(chain->parser, fault);
    if (code == LH_OK)
        code = check_element(chain->payloader, fault);
    if (code == LH_OK)
        code = check_element("rtpbin", fault);
    if (code != LH_OK)
        return code;
    struct lh_bell *bell;
    if (lh_bell_create(&bell) != LH_OK)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    struct lh_rtsp_mount *mount = g_atomic_rc_box_new0(struct lh_rtsp_mount);
    mount->id = g_strdup(options->id);
    mount->bell = bell;
    mount->server = server->server;
    (void)pthread_mutex_init(&mount->lock, NULL); /* cannot fail without attributes */
    g_ptr_array_add(server->mounts, mount);

    GstRTSPMediaFactory *factory = make_factory(server, options);
    g_signal_connect_data(factory, "media-configure", G_CALLBACK(media_configure),
                          g_atomic_rc_box_acquire(mount), unref_mount_closure, 0);
    GstRTSPMountPoints *points = gst_rtsp_server_get_mount_points(server->server);
    gchar *path = g_strdup_printf("/%s", options->id);
    gst_rtsp_mount_points_add_factory(points, path, factory);
    g_free(path);
    g_object_unref(points);
    *ret_mount = mount;
    return LH_OK;
}

static void set_urls(struct lh_rtsp_server *server)
{
    const int port = gst_rtsp_server_get_bound_port(server->server);
    const bool everywhere = strcmp(server->bind, "0.0.0.0") == 0;
    const bool v6 = strchr(server->bind, ':') != NULL;
    for (guint i = 0; i < server->mounts->len; i++) {
        struct lh_rtsp_mount *mount = g_ptr_array_index(server->mounts, i);
        g_free(mount->url);
        mount->url = g_strdup_printf("%s://%s%s%s:%d/%s", server->tls ? "rtsps" : "rtsp",
                                     v6 ? "[" : "", everywhere ? "127.0.0.1" : server->bind,
                                     v6 ? "]" : "", port, mount->id);
    }
}

int lh_rtsp_server_listen(struct lh_rtsp_server *server, struct lh_fault *fault)
{
    GError *error = NULL;
    server->source = gst_rtsp_server_create_source(server->server, NULL, &error);
    if (!server->source) {
        gchar *port = gst_rtsp_server_get_service(server->server);
        const int code =
            lh_fail(fault, LH_ECONNECT,
                    "cannot listen on %s port %s: %s; choose another --port (0 takes a "
                    "free one) or --bind",
                    server->bind, port, error ? error->message : "no reason given");
        g_free(port);
        g_clear_error(&error);
        return code;
    }
    (void)g_source_attach(server->source, NULL);
    set_urls(server);
    return LH_OK;
}

static gboolean clean_sessions(gpointer opaque)
{
    GstRTSPSessionPool *pool = gst_rtsp_server_get_session_pool(opaque);
    (void)gst_rtsp_session_pool_cleanup(pool);
    g_object_unref(pool);
    return G_SOURCE_CONTINUE;
}

static gboolean quit(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_CONTINUE;
}

void lh_rtsp_server_run(struct lh_rtsp_server *server, double duration_s)
{
    const guint sources[] = {
        g_unix_signal_add(SIGINT, quit, server->loop),
        g_unix_signal_add(SIGTERM, quit, server->loop),
        g_timeout_add_seconds(CLEAN_INTERVAL_S, clean_sessions, server->server),
        duration_s > 0 ? g_timeout_add((guint)(MIN(duration_s, 4e6) * 1000), quit, server->loop)
                       : 0,
    };
    g_main_loop_run(server->loop);
    for (size_t i = 0; i < G_N_ELEMENTS(sources); i++) {
        if (sources[i] > 0)
            (void)g_source_remove(sources[i]);
    }
}

static gboolean linger_over(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

/* By a source of the loop: g_main_loop_quit before the loop runs would be forgotten. */
void lh_rtsp_server_quit(struct lh_rtsp_server *server)
{
    (void)g_timeout_add_full(G_PRIORITY_DEFAULT, LINGER_MS, linger_over,
                             g_main_loop_ref(server->loop), (GDestroyNotify)g_main_loop_unref);
}

static GstRTSPFilterResult drop_client(GstRTSPServer *server, GstRTSPClient *client,
                                       gpointer opaque)
{
    (void)server;
    (void)client;
    (void)opaque;
    return GST_RTSP_FILTER_REMOVE;
}

void lh_rtsp_server_destroy(struct lh_rtsp_server **server_pointer)
{
    struct lh_rtsp_server *server = *server_pointer;
    if (!server)
        return;
    if (server->source) {
        g_source_destroy(server->source);
        g_source_unref(server->source);
    }
    GList *clients = gst_rtsp_server_client_filter(server->server, drop_client, NULL);
    g_list_free_full(clients, g_object_unref);
    g_object_unref(server->server);
    gst_rtsp_thread_pool_cleanup();
    g_ptr_array_unref(server->mounts);
    g_main_loop_unref(server->loop);
    free(server);
    *server_pointer = NULL;
}

const char *lh_rtsp_mount_url(const struct lh_rtsp_mount *mount)
{
    return mount->url;
}

bool lh_rtsp_mount_wants(struct lh_rtsp_mount *mount, uint64_t *ret_session)
{
    (void)pthread_mutex_lock(&mount->lock);
    const bool wants = mount->feed && mount->flowing && !mount->ended &&
                       gst_app_src_get_current_level_buffers(mount->feed) < QUEUED_PICTURES;
    *ret_session = mount->session;
    (void)pthread_mutex_unlock(&mount->lock);
    return wants;
}

int lh_rtsp_mount_wait(struct lh_rtsp_mount *mount, int64_t timeout_us)
{
    return lh_bell_wait(mount->bell, timeout_us);
}

void lh_rtsp_mount_wake(struct lh_rtsp_mount *mount)
{
    lh_bell_ring(mount->bell);
}

static GstAppSrc *borrow_feed(struct lh_rtsp_mount *mount, uint64_t session)
{
    GstAppSrc *feed = NULL;
    (void)pthread_mutex_lock(&mount->lock);
    if (mount->feed && mount->session == session && !mount->ended)
        feed = gst_object_ref(mount->feed);
    (void)pthread_mutex_unlock(&mount->lock);
    return feed;
}

int lh_rtsp_mount_push(struct lh_rtsp_mount *mount, uint64_t session, const uint8_t *data,
                       size_t size, int64_t capture_monotonic_us)
{
    GstAppSrc *feed = borrow_feed(mount, session);
    if (!feed)
        return LH_ECLOSED;
    GstBuffer *buffer = gst_buffer_new_memdup(data, size);
    GST_BUFFER_PTS(buffer) = (GstClockTime)capture_monotonic_us * GST_USECOND;
    const GstFlowReturn flow = gst_app_src_push_buffer(feed, buffer);
    gst_object_unref(feed);
    return flow == GST_FLOW_OK ? LH_OK : LH_ECLOSED;
}

void lh_rtsp_mount_end(struct lh_rtsp_mount *mount)
{
    gchar *path = g_strdup_printf("/%s", mount->id);
    GstRTSPMountPoints *points = gst_rtsp_server_get_mount_points(mount->server);
    gst_rtsp_mount_points_remove_factory(points, path);
    g_object_unref(points);
    g_free(path);
    (void)pthread_mutex_lock(&mount->lock);
    mount->ended = true;
    if (mount->feed)
        (void)gst_app_src_end_of_stream(mount->feed);
    (void)pthread_mutex_unlock(&mount->lock);
}
