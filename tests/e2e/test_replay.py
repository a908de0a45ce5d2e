"""Replay: the same footage, settings and plugins give the same alarms, byte for byte."""
import json
import subprocess

import pytest

from conftest import LINHUO, ROOT
from test_engine import validate

FFMPEG = ["ffmpeg", "-v", "error", "-y"]


def replay(*arguments, site=ROOT / "configs" / "classic.yaml"):
    return subprocess.run([LINHUO, "replay", site, *[str(a) for a in arguments]], capture_output=True,
                          text=True, timeout=300)


def alarms_of(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def scripted(tmp_path_factory):
    """A site whose detector finds by script, and three clips of ten seconds that overlap in time."""
    folder = tmp_path_factory.mktemp("replay")
    (folder / "script.txt").write_text(
        "camera one\n@2-8 smoke 0.1 0.1 0.1 0.1 0.8 to 0.1 0.1 0.3 0.3\n"
        "camera two\n@1-9 flame 0.5 0.5 0.1 0.1 0.95\n@4-9 smoke 0.7 0.1 0.1 0.1 0.6\n")
    site = folder / "site.yaml"
    site.write_text("site: {name: R, area_code: '141122'}\n"
                    "detectors: [{name: s, plugin: scripted, settings: {script: ./script.txt}}]\n"
                    "tracks: {confirm_hits: 2, confirm_window: 3, confirm_min_s: 0, max_gap_s: 3, min_growth: 0}\n"
                    "alarms: {update_interval_s: 1}\n"
                    "camera_defaults: {watch_interval_s: 0.5, keyframes_only: false}\n")
    clips = []
    for name in ("one", "two", "three"):
        clips.append(folder / f"{name}.mp4")
        subprocess.run([*FFMPEG, "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10", "-t", "10",
                        "-metadata", "creation_time=2026-11-23T08:00:00Z", clips[-1]], check=True)
    return site, clips


def test_threads_and_repetition_change_no_byte(scripted):
    site, clips = scripted
    first = replay("--footage", *clips, "--json", "--threads", 1, site=site)
    assert first.returncode == 0, first.stderr
    for threads in (1, 2, 3):
        again = replay("--footage", *clips, "--json", "--threads", threads, site=site)
        assert again.stdout == first.stdout
    alarms = alarms_of(first)
    assert {(a["camera"]["id"], a["kind"]) for a in alarms} == {("one", "smoke"), ("two", "flame"),
                                                                 ("two", "smoke")}
    for alarm in alarms:
        validate(alarm)
    times = [a["times"]["updated"] for a in alarms]
    assert times == sorted(times), "alarms of several cameras come in the order of capture time"
    assert [a["sequence"] for a in alarms] == list(range(1, len(alarms) + 1))


def test_the_capture_time_of_footage_is_the_files_own_or_the_one_given(scripted):
    site, clips = scripted
    alarm = alarms_of(replay("--footage", clips[0], "--json", site=site))[0]
    assert alarm["times"]["first_seen"].startswith("2026-11-23T08:00:02")
    alarm = alarms_of(replay("--footage", clips[0], "--start", "2026-04-01T06:00:00+08:00", "--json",
                             site=site))[0]
    assert alarm["times"]["first_seen"].startswith("2026-03-31T22:00:02")


def test_evidence_shows_the_box(scripted, tmp_path):
    site, clips = scripted
    done = replay("--footage", clips[0], "--json", "--evidence", tmp_path / "seen", site=site)
    assert done.returncode == 0, done.stderr
    alarm = alarms_of(done)[0]
    assert (tmp_path / "seen" / alarm["evidence"]["frame_boxes"]).read_bytes()[:2] == b"\xff\xd8"


def test_a_folder_of_videos_is_as_many_clips(scripted):
    site, clips = scripted
    done = replay("--footage", clips[0].parent, "--json", site=site)
    assert done.returncode == 0, done.stderr
    assert "3 clips" in done.stderr
    assert {a["camera"]["id"] for a in alarms_of(done)} == {"one", "two"}


def test_bad_footage_is_named_and_the_rest_is_judged(scripted, tmp_path):
    site, clips = scripted
    empty, noise, cut = tmp_path / "empty.mp4", tmp_path / "noise.mp4", tmp_path / "cut.mkv"
    empty.touch()
    noise.write_bytes(bytes(range(256)) * 500)
    whole = tmp_path / "whole.mkv"
    subprocess.run([*FFMPEG, "-i", clips[0], "-c", "copy", whole], check=True)
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    done = replay("--footage", empty, noise, cut, clips[1], "--json", site=site)
    assert done.returncode == 1
    assert "empty.mp4" in done.stderr and "noise.mp4" in done.stderr
    assert {a["camera"]["id"] for a in alarms_of(done)} == {"two"}
    assert "4 clips" in done.stderr
    missing = replay("--footage", tmp_path / "nothing.mp4", site=site)
    assert missing.returncode == 2 and "nothing.mp4" in missing.stderr


def test_wrong_usage_is_answered(scripted):
    site, clips = scripted
    assert replay().returncode == 2
    assert replay("--footage", clips[0], "--threads", "none", site=site).returncode == 2
    done = replay("--footage", clips[0], "--camera", "nobody", site=site)
    assert done.returncode == 2 and "nobody" in done.stderr


def test_real_smoke_is_found_after_its_ignition_and_not_before(footage_data):
    clip = footage_data / "rm-n_2016-06-04.mp4"
    begin = "2016-06-04T18:00:00Z"
    done = replay("--footage", clip, "--json", "--start", begin)
    assert done.returncode == 0, done.stderr
    raised = [a for a in alarms_of(done) if a["state"] == "raised"]
    assert raised, "the fire was not found"
    assert all(a["times"]["raised"] >= "2016-06-04T18:40" for a in raised), "an alarm before ignition"
    assert replay("--footage", clip, "--json", "--start", begin).stdout == done.stdout
