"""An engine whose detectors are wrong: refused at start by name, or counted while the rest goes on."""
import json
import shutil
import sqlite3
import subprocess

import pytest

from conftest import BUILD, LINHUO, wait_for
from rtsp import Camera
from test_engine import clip, run, site  # noqa: F401 (fixtures)


@pytest.mark.parametrize("name, reason", [
    ("abi", "abi is 7, this linhuo speaks 1"),
    ("newer_symbol", "exports linhuo_detector_v2 only"),
    ("no_symbol", "exports no linhuo_detector_v1"),
    ("no_detect", "has no function detect()"),
    ("short", "struct_size is 40"),
    ("unresolved", "undefined symbol"),
    ("text", "is no shared object"),
])
def test_a_plugin_that_is_wrong_is_fatal_at_start(site, name, reason):
    site.folder.chmod(0o700)
    plugin = site.folder / f"{name}.so"
    if name == "text":
        plugin.write_text("no plugin\n")
    else:
        shutil.copy(BUILD / "tests" / "detect" / f"{name}.so", plugin)
    site.detectors = f"detectors:\n  - {{name: x, plugin: {plugin}}}\n"
    site.write([("a", "rtsp://127.0.0.1:1/x", "")])
    for command in ("check", "run"):
        done = subprocess.run([LINHUO, command, site.path], capture_output=True, text=True, timeout=30)
        said = done.stdout + done.stderr
        assert done.returncode == 2, said
        assert reason in said and str(plugin) in said
        assert f"{site.path}:" in said, "the place in the site file"
    assert not (site.data / "alarms.sqlite").exists(), "nothing was opened"


def test_wrong_finds_raise_nothing_and_are_counted(programs, clip, site, run):
    (site.folder / "script.txt").write_text(
        "* nan\n* infinite\n* empty\n* outside\n* unknown_kind\n* old_struct\n")
    (site.folder / "good.txt").write_text("* smoke 0.4 0.4 0.1 0.1 0.9\n")
    site.detectors += ("  - name: good\n    plugin: scripted\n"
                       "    settings: {script: ./good.txt}\n")
    camera = Camera(programs, clip)
    site.write([("a", camera.url, "")])
    engine = run()

    def counts(name):
        for detector in engine.camera("a").get("detectors", []):
            if detector["name"] == name:
                return detector
        return {}

    wait_for(lambda: counts("scripted").get("refused", 0) > 20, 30, "finds that are refused")
    assert counts("scripted")["detections"] == 0
    wait_for(lambda: counts("good")["detections"] > 2, 20, "finds of the other detector")
    assert counts("scripted")["failures"] == counts("good")["failures"] == 0
    assert engine.stop() == 0
    with sqlite3.connect(f"file:{site.data}/alarms.sqlite?mode=ro", uri=True) as store:
        messages = [json.loads(row[0]) for row in
                    store.execute("SELECT json FROM event WHERE stream = 'alarm'")]
    assert messages and all(message["detectors"] == ["good"] for message in messages)
