#!/usr/bin/python3
"""What watching costs, beside the floor measured in the same run (make bench).

A 1080p H.264 clip at 25 fps with a keyframe every 2 s is made, served by a real RTSP server, and read by
several cameras at once: by bare libavformat (the floor), by the same with the watched keyframes decoded,
and by Linhuo's cameras. Replay speed is measured on the same clip as a file.

Shared machines are noisy: read the ratios, and run it twice.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def make_clip(folder, seconds):
    """A picture with the detail and the noise of a tower camera, about 4 Mbit/s."""
    clip = folder / "clip.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
         f"mandelbrot=size=1920x1080:rate=25:end_scale=0.3:maxiter=200,"
         f"noise=alls=6:allf=t,format=yuv420p", "-t", str(seconds),
         "-c:v", "libx264", "-preset", "veryfast", "-g", "50", "-keyint_min", "50", "-sc_threshold", "0",
         "-bf", "0", "-b:v", "4M", "-maxrate", "5M", "-bufsize", "4M", str(clip)],
        check=True)
    return clip


def measure(program, mode, seconds, cameras, interval_s, url):
    done = subprocess.run([program, mode, str(seconds), str(cameras), str(interval_s), url],
                          capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"bench {mode}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def per_hour(result, seconds, cameras):
    return result["cpu_s"] / seconds / cameras * 3600


def live(program, url, seconds, cameras):
    """CPU seconds a camera-hour for floor and Linhuo at both intervals, and memory a camera."""
    print(f"\nlive RTSP over TCP, {cameras} cameras, {seconds} s a measurement, CPU seconds a camera-hour")
    print(f"{'interval':>10} {'demux':>9} {'+decode':>9} {'linhuo':>9} {'ratio':>7}")
    rows = []
    for interval_s in (2, 10):
        runs = {mode: measure(program, mode, seconds, cameras, interval_s, url)
                for mode in ("demux", "decode", "watch")}
        cost = {mode: per_hour(run, seconds, cameras) for mode, run in runs.items()}
        ratio = cost["watch"] / cost["decode"]
        print(f"{interval_s:>8} s {cost['demux']:>9.1f} {cost['decode']:>9.1f} {cost['watch']:>9.1f} "
              f"{ratio:>7.2f}   pictures: floor {runs['decode']['frames']}, "
              f"linhuo {runs['watch']['frames']}")
        rows.append({"interval_s": interval_s, **{f"{m}_cpu_s_per_camera_hour": c for m, c in cost.items()},
                     "ratio": ratio})
    return rows


def memory(program, url, cameras):
    """Peak memory a camera more, from one camera to several."""
    one = measure(program, "watch", 8, 1, 2, url)["peak_kib"]
    many = measure(program, "watch", 8, cameras, 2, url)["peak_kib"]
    each = (many - one) / (cameras - 1) / 1024
    print(f"\npeak memory: {one / 1024:.0f} MiB with one camera, {each:.1f} MiB for each one more (aim: 40)")
    return each


def replay(build, folder, clip, seconds):
    """Whole engine with its default detectors, as a multiple of real time."""
    site = folder / "replay.yaml"
    site.write_text("site: {name: bench, data_folder: data}\nlog: {level: error}\n"
                    "camera_defaults: {watch_interval_s: 2}\n")
    begun, before = time.monotonic(), os.times()
    done = subprocess.run([build / "linhuo", "replay", site, "--footage", clip], capture_output=True, text=True)
    wall, after = time.monotonic() - begun, os.times()
    if done.returncode:
        sys.exit(f"replay: {done.stderr}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    pictures = int(re.search(r"(\d+) pictures", done.stderr).group(1))
    print(f"\nreplay with the default detectors, a picture every 2 s: {seconds / wall:.0f} times real time, "
          f"{1000 * cpu / max(pictures, 1):.0f} ms CPU a picture, all included")
    return {"times_real_time": seconds / wall, "cpu_ms_per_picture": 1000 * cpu / max(pictures, 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--seconds", type=int, default=24, help="a live measurement")
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    arguments = parser.parse_args()
    build = (ROOT / arguments.build).resolve()
    program = build / "tests" / "linhuo-bench"
    with tempfile.TemporaryDirectory(prefix="linhuo-bench-") as name:
        folder = Path(name)
        clip_s = 60
        print("making a 1080p clip, 25 fps, a keyframe every 2 s ...", flush=True)
        clip = make_clip(folder, clip_s)
        server = subprocess.Popen([build / "tests" / "video" / "linhuo-test-rtsp", clip, "h264"],
                                  stdout=subprocess.PIPE, text=True)
        try:
            url = re.search(r"rtsp://\S+", server.stdout.readline()).group(0)
            figures = {"live": live(program, url, arguments.seconds, arguments.cameras),
                       "memory_mib_per_camera": memory(program, url, arguments.cameras)}
        finally:
            server.terminate()
            server.wait()
        figures["replay"] = replay(build, folder, clip, clip_s)
        worst = max(row["ratio"] for row in figures["live"])
        print(f"\nlinhuo over the floor: {worst:.2f} at worst (aim: 1.3)")
        if arguments.json:
            arguments.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
