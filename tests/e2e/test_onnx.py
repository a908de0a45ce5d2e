"""Somebody else's network in the whole engine: an ONNX file, a manifest, a line in the site file."""
import json
import subprocess
import sys

import pytest

from conftest import BUILD, LINHUO, ROOT

sys.path.insert(0, str(ROOT / "tests" / "plugins"))
from onnx_file import YOLO_CLASSES, manifest, write, yolo  # noqa: E402


def linhuo(*words):
    return subprocess.run([LINHUO, *[str(word) for word in words]], capture_output=True, text=True, timeout=300)


def plugin():
    (entry,) = [one for one in json.loads(linhuo("plugins", "--json").stdout)["plugins"] if one["name"] == "onnx"]
    return entry


@pytest.fixture
def site(tmp_path):
    """A site of one network, a clip in which a square lights up after 3 s, and the manifest to be spoilt."""
    if "NOT USABLE" in plugin()["summary"]:
        pytest.skip("built without ONNX Runtime")
    content = yolo(form="yolo_v5")
    described = manifest(content, {"width": 640, "height": 640}, {"form": "yolo_v5", "classes": YOLO_CLASSES})
    (tmp_path / "models").mkdir()
    write(tmp_path / "models", content, described)
    path = tmp_path / "site.yaml"
    path.write_text("site: {name: N, area_code: '141122'}\n"
                    "detectors:\n"
                    "- {name: theirs, plugin: onnx, settings: {manifest: models/m.json, threads: 1}}\n"
                    "tracks: {confirm_hits: 2, confirm_window: 3, confirm_min_s: 0, min_growth: 0}\n"
                    "camera_defaults: {watch_interval_s: 1, keyframes_only: false}\n")
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
                    "color=0x646464:size=1280x704:rate=2:duration=8,"
                    "drawbox=x=640:y=96:w=64:h=64:color=white:t=fill:enable='gte(t,3)'",
                    "-metadata", "creation_time=2026-11-23T08:00:00Z", tmp_path / "clip.mp4"], check=True)
    return path


def replay(site):
    return linhuo("replay", site, "--footage", site.parent / "clip.mp4", "--json")


def test_a_third_party_yolo_raises_an_alarm_by_manifest_alone(site):
    done = replay(site)
    assert done.returncode == 0, done.stderr
    alarms = [json.loads(line) for line in done.stdout.splitlines()]
    assert alarms and {alarm["kind"] for alarm in alarms} == {"flame"}
    box = alarms[0]["first_box"]
    assert box["x"] == pytest.approx(640 / 1280, abs=0.001) and box["width"] == pytest.approx(64 / 1280, abs=0.001)
    assert box["y"] == pytest.approx(96 / 704, abs=0.001) and box["height"] == pytest.approx(64 / 704, abs=0.001)
    assert "T08:00:0" in alarms[0]["times"]["first_seen"] and alarms[0]["times"]["first_seen"] >= "2026-11-23T08:00:03"
    assert replay(site).stdout == done.stdout


@pytest.mark.parametrize("spoil, words", [
    (lambda folder: (folder / "m.onnx").unlink(), "the network cannot be read"),
    (lambda folder: (folder / "m.onnx").write_bytes(b"x"), "another sha256 than the manifest says"),
    (lambda folder: (folder / "m.json").write_text("{}"), "must be given"),
    (lambda folder: (folder / "m.json").unlink(), "the manifest cannot be read")])
def test_the_engine_does_not_start_on_a_network_that_is_wrong(site, spoil, words):
    spoil(site.parent / "models")
    done = replay(site)
    assert done.returncode != 0 and words in done.stdout + done.stderr, done.stderr
    assert "m.json" in done.stderr or "m.onnx" in done.stderr


def test_settings_are_checked_with_the_site(site):
    text = site.read_text()
    site.write_text(text.replace("threads: 1", "thread: 1"))
    assert "did you mean 'threads'?" in linhuo("check", site).stdout + linhuo("check", site).stderr
    site.write_text(text.replace("threads: 1", "provider: gpu"))
    assert linhuo("check", site).returncode == 2


def test_the_runtime_is_found_beside_the_plugin():
    if not (BUILD / "plugins" / "libonnxruntime.so.1").exists():
        pytest.skip("the runtime is the system's, or there is none")
    dynamic = subprocess.run(["readelf", "-d", BUILD / "plugins" / "onnx.so"], capture_output=True, text=True,
                             check=True).stdout
    assert "[libonnxruntime.so.1]" in dynamic and "[$ORIGIN]" in dynamic
    assert plugin()["usable"]
