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
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


LOOP_S, CLIP_S = 10, 60


def make_clip(folder, seconds):
    """A picture with the detail and the noise of a tower camera, about 4 Mbit/s; ten seconds, over and over."""
    loop, clip = folder / "loop.mp4", folder / "clip.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
         "mandelbrot=size=1920x1080:rate=25:end_scale=0.3:maxiter=200,"
         "noise=alls=6:allf=t,format=yuv420p", "-t", str(LOOP_S),
         "-c:v", "libx264", "-preset", "veryfast", "-g", "50", "-keyint_min", "50", "-sc_threshold", "0",
         "-bf", "0", "-b:v", "4M", "-maxrate", "5M", "-bufsize", "4M", str(loop)],
        check=True)
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-stream_loop", str(seconds // LOOP_S - 1), "-i", str(loop),
                    "-c", "copy", str(clip)], check=True)
    return clip


def measure(program, mode, seconds, cameras, interval_s, url):
    done = subprocess.run([program, mode, str(seconds), str(cameras), str(interval_s), url],
                          capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"bench {mode}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def per_hour(result, seconds, cameras):
    return result["cpu_s"] / seconds / cameras * 3600


def live(bench):
    """CPU seconds a camera-hour for floor and Linhuo at both intervals."""
    print(f"\nlive RTSP over TCP, {bench.cameras} cameras, {bench.seconds} s a measurement, "
          "CPU seconds a camera-hour")
    print(f"{'interval':>10} {'demux':>9} {'+decode':>9} {'linhuo':>9} {'ratio':>7}")
    rows = []
    for interval_s in (2, 10):
        runs = {mode: measure(bench.program, mode, bench.seconds, bench.cameras, interval_s, bench.url)
                for mode in ("demux", "decode", "watch")}
        cost = {mode: per_hour(run, bench.seconds, bench.cameras) for mode, run in runs.items()}
        ratio = cost["watch"] / cost["decode"]
        print(f"{interval_s:>8} s {cost['demux']:>9.1f} {cost['decode']:>9.1f} {cost['watch']:>9.1f} "
              f"{ratio:>7.2f}   pictures: floor {runs['decode']['frames']}, "
              f"linhuo {runs['watch']['frames']}", flush=True)
        rows.append({"interval_s": interval_s, **{f"{m}_cpu_s_per_camera_hour": c for m, c in cost.items()},
                     "ratio": ratio})
    print(f"linhuo over the floor: {max(row['ratio'] for row in rows):.2f} at worst (aim: 1.3)")
    return rows


def memory(bench):
    """Peak memory a camera more, from one camera to several."""
    one = measure(bench.program, "watch", 8, 1, 2, bench.url)["peak_kib"]
    many = measure(bench.program, "watch", 8, bench.cameras, 2, bench.url)["peak_kib"]
    each = (many - one) / (bench.cameras - 1) / 1024
    print(f"\npeak memory: {one / 1024:.0f} MiB with one camera, {each:.1f} MiB for each one more (aim: 40)")
    return {"one_camera_mib": one / 1024, "each_more_mib": each}


def replay(bench):
    """Whole engine with its default detectors, as a multiple of real time."""
    site = bench.folder / "replay.yaml"
    site.write_text("site: {name: bench, data_folder: data}\nlog: {level: error}\n"
                    "camera_defaults: {watch_interval_s: 2}\n")
    begun, before = time.monotonic(), os.times()
    done = subprocess.run([bench.build / "linhuo", "replay", site, "--footage", bench.clip],
                          capture_output=True, text=True)
    wall, after = time.monotonic() - begun, os.times()
    if done.returncode:
        sys.exit(f"replay: {done.stderr}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    pictures = int(re.search(r"(\d+) pictures", done.stderr).group(1))
    print(f"\nreplay with the default detectors, a picture every 2 s: {CLIP_S / wall:.0f} times real time as the "
          f"machine stood, {CLIP_S / cpu:.0f} times with a processor to itself; "
          f"{1000 * cpu / max(pictures, 1):.0f} ms CPU a picture, all included")
    return {"times_real_time": CLIP_S / wall, "times_real_time_per_cpu": CLIP_S / cpu,
            "cpu_ms_per_picture": 1000 * cpu / max(pictures, 1)}


def fuse(bench):
    """Incidents updated a second with 10,000 open, beside a bare scan over as many places."""
    done = subprocess.run([bench.build / "tests" / "fuse_bench"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"fuse_bench: {done.stdout}{done.stderr}")
    result = json.loads(done.stdout)
    ratio = result["updates_per_s"] / result["scans_per_s"]
    print(f"\nfusion with {result['open']} incidents open: {result['updates_per_s']:.0f} updates a CPU second, "
          f"each found, joined, weighed and announced; a bare scan over all of them: "
          f"{result['scans_per_s']:.0f} ({ratio:.1f} times)")
    return {**result, "ratio": ratio}


# Each takes the bench, prints what people read, and gives what --json writes.
SECTIONS = {"live": live, "memory": memory, "replay": replay, "fuse": fuse}


@dataclass
class Bench:
    """What the sections measure on: the programs, the clip, and the clip served at url."""
    build: Path
    program: Path
    folder: Path
    clip: Path
    url: str
    seconds: int
    cameras: int


@contextmanager
def served(build, clip):
    """The clip over RTSP."""
    with subprocess.Popen([build / "tests" / "video" / "linhuo-test-rtsp", clip, "h264"],
                          stdout=subprocess.PIPE, text=True) as server:
        try:
            port = re.search(r"port (\d+)", server.stdout.readline()).group(1)
            yield f"rtsp://127.0.0.1:{port}/cam"
        finally:
            server.terminate()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--seconds", type=int, default=24, help="a live measurement; at most 50")
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"only these: {', '.join(SECTIONS)}")
    arguments = parser.parse_args()
    if unknown := set(arguments.sections) - set(SECTIONS):
        parser.error(f"no such section: {', '.join(unknown)}")
    build = (ROOT / arguments.build).resolve()
    with tempfile.TemporaryDirectory(prefix="linhuo-bench-") as name:
        folder = Path(name)
        print("making a 1080p clip, 25 fps, a keyframe every 2 s ...", flush=True)
        clip = make_clip(folder, CLIP_S)
        with served(build, clip) as url:
            bench = Bench(build, build / "tests" / "linhuo-bench", folder, clip, url, arguments.seconds,
                          arguments.cameras)
            figures = {section: SECTIONS[section](bench) for section in arguments.sections or SECTIONS}
        if arguments.json:
            arguments.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
