"""The network that is shipped: its file fits its manifest, and in the whole engine it finds real smoke."""
import json
import subprocess

import pytest

from conftest import LINHUO, ROOT
from test_onnx import plugin

SITE = ROOT / "configs" / "replay.yaml"


@pytest.fixture(autouse=True)
def runtime():
    if "NOT USABLE" in plugin()["summary"]:
        pytest.skip("built without ONNX Runtime")


def replay(*arguments):
    done = subprocess.run([LINHUO, "replay", SITE, "--json", "--quiet", *[str(a) for a in arguments]],
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_shipped_file_loads_and_an_even_view_raises_nothing(tmp_path):
    clip = tmp_path / "grey.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "color=0x607080:size=640x480:rate=1:duration=12",
                    clip], check=True)
    assert replay("--footage", clip) == []


def test_thin_smoke_on_a_hillside_is_found_where_it_is_and_not_before(footage_data):
    """unimi_smoke3 has masks: the find must lie on the smoke. Smoke begins at 8 s, the clip lasts 85 s."""
    lines = replay("--footage", footage_data / "unimi_smoke3.mp4", "--labels", footage_data / "labels.json")
    (clip,) = [c for c in lines[-1]["clips"] if c["file"] == "unimi_smoke3.mp4"]
    assert clip["found"] and not clip["by_time_only"] and clip["false_alarms"] == 0
    assert all(a["box"][2] * a["box"][3] < 0.1 for a in clip["alarms"]), "a box that says where"
