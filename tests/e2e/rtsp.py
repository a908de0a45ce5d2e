"""A camera for tests: a clip made with FFmpeg, served by GStreamer's RTSP server."""
import functools
import re
import subprocess

from conftest import BUILD, wait_for


@functools.lru_cache
def make_clip(folder, seconds=40, size="640x360", rate=25, gop=25):
    """A moving test picture in H.264, a keyframe every gop pictures."""
    clip = folder / f"clip-{seconds}-{size}-{rate}-{gop}.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
                    f"testsrc2=size={size}:rate={rate},noise=alls=4:allf=t,format=yuv420p",
                    "-t", str(seconds), "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-threads", "1",
                    "-g", str(gop), "-keyint_min", str(gop), "-sc_threshold", "0", str(clip)], check=True)
    return clip


class Camera:
    """One RTSP server with one camera at self.url."""

    def __init__(self, programs, clip, name="camera", port=0, more=()):
        self.process = programs([BUILD / "tests" / "video" / "linhuo-test-rtsp", clip, "h264",
                                 "--port", port, *more], name)
        line = wait_for(lambda: re.search(r"port (\d+)", self.process.out), 10, "the RTSP server")
        self.port = int(line.group(1))
        self.url = f"rtsp://127.0.0.1:{self.port}/cam"
