/* linhuo-test-live555: serves one file over RTSP with live555, the server inside many cameras, for
 * the tests of the video room. Every client gets the file from its beginning, at the speed that its
 * own parameter sets tell.
 *
 *   linhuo-test-live555 FILE
 *
 * FILE is Annex B: NAME.264 or NAME.265. Prints its URL, "rtsp://127.0.0.1:PORT/clip", when it is
 * ready. */
#include <BasicUsageEnvironment.hh>
#include <GroupsockHelper.hh>
#include <H264VideoFileServerMediaSubsession.hh>
#include <H265VideoFileServerMediaSubsession.hh>
#include <RTPSink.hh>
#include <RTSPServer.hh>

#include <cstdio>
#include <cstring>
#include <netinet/in.h>

static const unsigned LARGEST_PICTURE_BYTES = 4 << 20;

static ServerMediaSubsession *serve_file(UsageEnvironment &env, const char *file)
{
    const char *kind = strrchr(file, '.');
    if (kind && strcmp(kind, ".264") == 0)
        return H264VideoFileServerMediaSubsession::createNew(env, file, False);
    if (kind && strcmp(kind, ".265") == 0)
        return H265VideoFileServerMediaSubsession::createNew(env, file, False);
    return nullptr;
}

int main(int count, char **arguments)
{
    UsageEnvironment &env = *BasicUsageEnvironment::createNew(*BasicTaskScheduler::createNew());
    ServerMediaSubsession *video = count == 2 ? serve_file(env, arguments[1]) : nullptr;
    if (!video) {
        (void)fprintf(stderr, "usage: linhuo-test-live555 (FILE.264|FILE.265)\n");
        return 2;
    }
    ReceivingInterfaceAddr = SendingInterfaceAddr = htonl(INADDR_LOOPBACK);
    ReceivingInterfaceAddr6 = in6addr_loopback;
    OutPacketBuffer::maxSize = LARGEST_PICTURE_BYTES;
    RTSPServer *server = RTSPServer::createNew(env, 0);
    if (!server) {
        (void)fprintf(stderr, "cannot listen: %s\n", env.getResultMsg());
        return 1;
    }
    ServerMediaSession *clip = ServerMediaSession::createNew(env, "clip", "clip");
    clip->addSubsession(video);
    server->addServerMediaSession(clip);
    char *url = server->rtspURL(clip);
    (void)printf("%s\n", url);
    (void)fflush(stdout);
    delete[] url;
    env.taskScheduler().doEventLoop();
}
