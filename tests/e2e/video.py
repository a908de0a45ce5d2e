"""What the tests of the video room share: clips, linhuo-grab, and waiting side by side.

Most of what these tests do is wait for time-outs. Functions marked @beside therefore run in threads of one
pool, all of a module at once; each is still one test with its own result.
"""
import json
import os
import re
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conftest import BUILD, ROOT, Process, wait_for

GRAB = BUILD / "tests" / "video" / "linhuo-grab"
LIVE555 = ROOT / ".deps" / "live555" / "linhuo-test-live555"
AT_ONCE = 10


class Place:
    """A folder of a test's own, and the programs that it started there."""

    def __init__(self, folder):
        self.folder, self.running = folder, []

    def start(self, command, name, **more):
        self.running.append(Process(command, self.folder, name, **more))
        return self.running[-1]

    def clean(self):
        for process in reversed(self.running):
            if process.process.poll() is None:
                process.process.kill()
                process.process.wait()


def beside(function):
    """Makes function(place) a test that waits side by side with the others of its module."""
    def test(beside_pool):
        beside_pool[function].result()
    test.__name__, test.__doc__, test.__module__ = function.__name__, function.__doc__, function.__module__
    test.beside = function
    return test


def run_beside(function, folder):
    place = Place(folder)
    try:
        function(place)
    finally:
        place.clean()


@pytest.fixture(scope="module")
def beside_pool(request, tmp_path_factory):
    """Starts all chosen functions of the module when the first of them is asked for."""
    chosen = [item.function.beside for item in request.session.items
              if item.module is request.module and hasattr(item.function, "beside")]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {function: pool.submit(run_beside, function, tmp_path_factory.mktemp(function.__name__))
               for function in chosen}


# ---- clips ----

CLIPS = {}
CLIPS_LOCK = threading.Lock()
CODECS = {
    "h264": lambda gop, slices: [
        "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-threads", "1", "-x264-params",
        f"keyint={gop}:min-keyint={gop}:scenecut=0:repeat-headers=1:slices={slices}:sliced-threads=0"],
    "h265": lambda gop, slices: [
        "-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-x265-params",
        f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes=0:repeat-headers=1:slices={slices}:pools=1:"
        "frame-threads=1:log-level=error"],
    "jpeg": lambda gop, slices: [
        "-c:v", "mjpeg", "-huffman", "default", "-force_duplicated_matrix", "1", "-q:v", "4",
        "-pix_fmt", "yuvj420p"],
}


def ffmpeg(*words):
    subprocess.run(["ffmpeg", "-v", "error", "-y", *[str(word) for word in words]], check=True)


def make_clip(tmp_path_factory_folder, codec="h264", size="320x240", seconds=20, gop=10, slices=1, rate=10,
              look="testsrc2"):
    """A moving picture; made once, then shared. Files everybody may read: VLC runs as nobody."""
    key = (codec, size, seconds, gop, slices, rate, look)
    with CLIPS_LOCK:
        if key not in CLIPS:
            path = tmp_path_factory_folder / ("-".join(map(str, key)) + (".mkv" if codec == "jpeg" else ".mp4"))
            ffmpeg("-f", "lavfi", "-i", f"{look}=size={size}:rate={rate},noise=alls=4:allf=t,format=yuv420p",
                   "-t", seconds, *CODECS[codec](gop, slices), path)
            CLIPS[key] = path
        return CLIPS[key]


def clip_for(place, **more):
    folder = place.folder.parent / "clips"
    folder.mkdir(exist_ok=True)
    return make_clip(folder, **more)


# ---- linhuo-grab ----

class Grab:
    """What linhuo-grab printed, sorted by event."""

    def __init__(self, text, errors):
        self.text, self.errors = text, errors
        self.lines = [json.loads(line) for line in text.splitlines()]

    def of(self, event):
        return [line for line in self.lines if line["event"] == event]

    @property
    def frames(self):
        return self.of("frame")

    @property
    def open(self):
        assert self.of("open"), f"not opened: {self.text} {self.errors}"
        return self.of("open")[0]

    @property
    def end(self):
        """How it ended: refused at once, or after it was open."""
        return (self.of("refused") + self.of("end"))[-1]

    @property
    def counts(self):
        return self.end["counts"]

    @property
    def healths(self):
        return [line["health"] for line in self.of("health")]


def options(settings):
    return [f"{name}={str(value).lower() if isinstance(value, bool) else value}"
            for name, value in settings.items()]


def grab(url, user=None, password=None, timeout_s=90, **settings):
    environment = {**os.environ, "GRAB_USER": user or "", "GRAB_PASSWORD": password or ""}
    done = subprocess.run([GRAB, str(url), *options(settings)], capture_output=True, text=True,
                          env=environment, timeout=timeout_s)
    assert done.returncode == 0, done.stderr
    return Grab(done.stdout, done.stderr)


class Watching:
    """linhuo-grab --camera: a camera as the engine runs it, until it is stopped."""

    def __init__(self, place, url, **settings):
        self.process = place.start([GRAB, "--camera", str(url), *options(settings)], "watching",
                                   stdin=subprocess.PIPE)

    def seen(self):
        # the last line may not be written to its end yet
        text = self.process.out
        return Grab(text[:text.rfind("\n") + 1], self.process.err)

    def wait(self, condition, timeout_s, what):
        """Waits until condition(what was seen) gives something; gives that."""
        try:
            return wait_for(lambda: condition(self.seen()), timeout_s, what)
        except BaseException:
            print(self.process.out[-3000:], self.process.err[-3000:])
            raise

    def wait_health(self, health, timeout_s=20, after=0):
        return self.wait(lambda seen: health in seen.healths[after:], timeout_s, health)

    def say(self, line):
        self.process.process.stdin.write(f"{line}\n".encode())
        self.process.process.stdin.flush()

    def stop(self):
        self.say("stop")
        self.process.process.wait(20)
        return self.seen()


# ---- servers ----

def gstreamer(place, clip, codec, *more, name="gstreamer", scheme="rtsp", **environment):
    """GStreamer's RTSP server; gives the process and the URL."""
    process = place.start([BUILD / "tests" / "video" / "linhuo-test-rtsp", clip, codec, *more], name,
                          env={**os.environ, **environment})
    line = wait_for(lambda: [word for word in process.out.splitlines() if word.startswith("port ")], 30,
                    "GStreamer's RTSP server")
    return process, f"{scheme}://127.0.0.1:{line[0].split()[1]}/cam"


def live555(place, clip, codec):
    """live555's RTSP server, which serves the clip as Annex B; gives the process and the URL."""
    if not LIVE555.exists():
        pytest.skip("no live555 (make deps-test fetches and builds it)")
    stream = place.folder / f"clip.{codec[1:]}"
    ffmpeg("-i", clip, "-c", "copy", "-f", {"h264": "h264", "h265": "hevc"}[codec], stream)
    process = place.start([LIVE555, stream], "live555")
    return process, wait_for(lambda: re.search("^rtsp:.*(?=\n)", process.out, re.M), 30,
                             "live555's RTSP server").group()


def vlc(place, clip):
    """VLC's RTSP server. VLC refuses to run as root, so root runs it as nobody."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = place.folder / "home"
    home.mkdir()
    home.chmod(0o777)
    other = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    if other:
        for folder in [clip, *clip.parents]:
            if folder == Path("/tmp"):
                break
            folder.chmod(folder.stat().st_mode | 0o055)
    process = place.start(
        ["cvlc", "-I", "dummy", "--no-audio", "--loop", clip, "--sout",
         f"#rtp{{sdp=rtsp://127.0.0.1:{port}/cam}}", "--sout-keep"], "vlc",
        env={**os.environ, "HOME": str(home)}, **other)

    url = f"rtsp://127.0.0.1:{port}/cam"

    def serves():
        # It listens, and answers 5xx, before it has opened the clip.
        assert process.process.poll() is None, process.err
        with socket.socket() as probe:
            probe.settimeout(5)
            try:
                probe.connect(("127.0.0.1", port))
                probe.sendall(f"DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n".encode())
                return probe.recv(100).startswith(b"RTSP/1.0 200")
            except OSError:
                return False
    wait_for(serves, 60, "VLC's RTSP server")
    return process, url


def make_certificate(folder, name="127.0.0.1"):
    """A self-signed certificate and its key."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    kind = "IP" if name[0].isdigit() else "DNS"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext",
                    f"subjectAltName={kind}:{name}", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    return certificate, key
