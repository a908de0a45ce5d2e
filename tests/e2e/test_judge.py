"""linhuo replay --labels: what was found and how soon, what was false, and where it was looked at."""
import copy
import json
import os
import struct
import subprocess

import jsonschema
import pytest

from conftest import LINHUO, ROOT
from schemas import check, strict
from test_replay import replay

FFMPEG = ["ffmpeg", "-v", "error", "-y"]
JUDGEMENT = jsonschema.Draft202012Validator(
    strict(json.loads((ROOT / "engine" / "judge" / "judgement.schema.json").read_text())))

SITE = ("site: {name: J, area_code: '141122'}\n"
        "detectors: [{name: s, plugin: scripted, settings: {script: ./script.txt}}]\n"
        "tracks: {confirm_hits: 2, confirm_window: 3, confirm_min_s: 0, max_gap_s: 3, min_growth: 0}\n"
        "camera_defaults: {watch_interval_s: 0.5, keyframes_only: false}\n")
SCRIPT = ("camera fire\n@2-3 smoke 0.7 0.1 0.1 0.1 0.8\n@7-12 smoke 0.1 0.1 0.1 0.1 0.8 to 0.1 0.1 0.3 0.3\n"
          "camera quiet\n@5-6 smoke 0.5 0.5 0.1 0.1 0.9\n"
          "camera early\n@1-9 smoke 0.5 0.5 0.1 0.1 0.9\n")
LABELS = [
    {"file": "fire.mp4", "kind": "fire", "ignition_s": 6, "visibility": "clear"},
    {"file": "quiet.mp4", "kind": "no-fire", "ignition_s": None, "note": "a lamp"},
    {"file": "early.mp4", "kind": "fire", "ignition_s": 8, "visibility": "faint"},
]


def make_clip(path, seconds=12):
    subprocess.run([*FFMPEG, "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=4", "-t", str(seconds),
                    "-metadata", "creation_time=2026-11-23T08:00:00Z", path], check=True)


def make_ground(folder, script):
    """Three clips of twelve seconds, a detector that finds by script, and labels."""
    (folder / "script.txt").write_text(script)
    (folder / "site.yaml").write_text(SITE)
    (folder / "clips").mkdir()
    for name in ("fire", "quiet", "early"):
        make_clip(folder / "clips" / f"{name}.mp4")
    (folder / "labels.json").write_text(json.dumps(LABELS))
    return folder


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    return make_ground(tmp_path_factory.mktemp("judge"), SCRIPT)


def judge(ground, *more, labels=None, footage=None, tmp_path=None):
    path = ground / "labels.json"
    if labels is not None:
        path = tmp_path / "labels.json"
        path.write_text(labels if isinstance(labels, str) else json.dumps(labels))
    return replay("--footage", *(footage or [ground / "clips"]), "--labels", path, *more,
                  site=ground / "site.yaml")


def judgement_of(done):
    last = json.loads(done.stdout.splitlines()[-1])
    JUDGEMENT.validate(last)
    return last


def test_tracks_held_back_are_counted_by_reason(ground):
    site = (ground / "site.yaml").read_text().replace("tracks: {", "tracks: {verify: true, verify_score: 1, ")
    path = ground / "held.yaml"
    path.write_text(site)
    done = replay("--footage", ground / "clips", "--labels", ground / "labels.json", "--json", site=path)
    assert done.returncode == 0, done.stderr
    result = judgement_of(done)
    assert result["total"]["found"] == 0 and len(done.stdout.splitlines()) == 1
    assert result["held"] == {"place": 0, "verifier": sum(c["held"]["verifier"] for c in result["clips"]), "budget": 0}
    assert clip_of(result, "fire.mp4")["held"]["verifier"] == 2  # one thing held back at 2 s, one from 7 s
    assert f"{result['held']['verifier']} by verifier" in done.stderr


def clip_of(judgement, file):
    return next(c for c in judgement["clips"] if c["file"] == file)


def test_json_ends_with_the_judgement(ground):
    done = judge(ground, "--json")
    assert done.returncode == 0, done.stderr
    *alarms, _ = done.stdout.splitlines()
    for line in alarms:
        check(line)
    result = judgement_of(done)
    total = result["total"]
    assert (total["events"], total["found"], total["missed"]) == (2, 1, 1)
    # fire is first seen at 7 s, confirmed with the second of two pictures a second: 7.5 s, 1.5 after ignition
    assert total["delay_mean_s"] == total["delay_median_s"] == 1.5
    assert total["alarms_before_ignition"] == 2 and total["false_alarms"] == 3
    assert total["found_by_time_only"] == 1
    quiet_s = clip_of(result, "quiet.mp4")["watched_s"]
    assert 11 <= quiet_s <= 12
    assert total["camera_days"] == pytest.approx((6 + 8 + quiet_s) / 86400, abs=1e-4)
    assert result["by_visibility"]["clear"]["found"] == 1
    assert result["by_visibility"]["faint"]["missed"] == 1
    assert result["by_visibility"]["faint"]["delay_mean_s"] is None
    assert result["no_fire"]["false_alarms"] == 1
    assert result["without_faint"]["missed"] == 0
    verdicts = [a["verdict"] for a in clip_of(result, "fire.mp4")["alarms"]]
    assert verdicts == ["before ignition", "found"]


def test_text_names_clips_and_what_was_looked_at(ground):
    done = judge(ground)
    assert done.returncode == 0, done.stderr
    for words in ("fire.mp4", "MISSED", "all but faint", "by time only", "--sheet FILE.png"):
        assert words in done.stdout
    assert "times real time" in done.stderr
    assert "MISSED" in judge(ground, "--json").stderr
    assert judge(ground, "--json", "--quiet").stderr == ""


def test_bytes_do_not_depend_on_threads_or_the_sheet(ground, tmp_path):
    first = judge(ground, "--json", "--threads", 1)
    for more in (["--threads", 2], ["--threads", 3, "--sheet", tmp_path / "s.png"]):
        assert judge(ground, "--json", *more).stdout == first.stdout


def png_size(path):
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", head[16:24])


def test_the_sheet_has_a_row_for_every_alarm(ground, tmp_path):
    sheet = tmp_path / "seen.png"
    done = judge(ground, "--json", "--sheet", sheet)
    assert done.returncode == 0, done.stderr
    assert str(sheet) in done.stderr
    from PIL import Image
    picture = Image.open(sheet).convert("RGB")
    rows = sum(len(c["alarms"]) for c in judgement_of(done)["clips"])
    assert rows == 4 and picture.height > rows * 300
    # a badge a row at the left edge: red where false, another colour where found
    column = [picture.getpixel((34, y)) for y in range(picture.height)]
    solid = [column[y] for y in range(1, len(column) - 20)
             if column[y - 1] != column[y] and set(column[y:y + 5]) == {column[y]}
             and max(column[y]) - min(column[y]) > 100]
    assert len(solid) == rows
    assert sum(c[0] > 180 and c[1] < 60 for c in solid) == 3


def test_a_hit_is_overlap_where_the_place_is_labelled(ground, tmp_path):
    def outcome(**more):
        labels = copy.deepcopy(LABELS)
        labels[0].update(more)
        return clip_of(judgement_of(judge(ground, "--json", labels=labels, tmp_path=tmp_path)), "fire.mp4")

    on = outcome(smoke_box=[0.1, 0.1, 0.2, 0.2])
    assert on["found"] and not on["by_time_only"] and on["delay_s"] == 1.5
    off = outcome(smoke_box=[0.6, 0.6, 0.2, 0.2])
    assert not off["found"] and [a["verdict"] for a in off["alarms"]] == ["before ignition", "off the place"]
    assert off["false_alarms"] == 2
    # of a flame's place a smoke alarm is judged by time only
    assert outcome(smoke_box=[0.6, 0.6, 0.2, 0.2], target="flame")["by_time_only"]


def test_boxes_and_masks_beside_the_clip(ground, tmp_path):
    from PIL import Image, ImageDraw
    clips = ground / "clips"
    (clips / "fire.json").write_text(json.dumps([{"time_s": 0, "boxes": []},
                                                 {"time_s": 7, "boxes": [[0.1, 0.1, 0.15, 0.15]]}]))
    (clips / "masks").mkdir(exist_ok=True)
    for number in (0, 29):
        mask = Image.new("1", (320, 240), 1)
        if number:
            ImageDraw.Draw(mask).rectangle((200, 150, 260, 200), fill=0)
        mask.save(clips / "masks" / f"{number:03}.png")
    labels = copy.deepcopy(LABELS)
    labels[0]["boxes"] = "fire.json"
    done = judge(ground, "--json", labels=labels, tmp_path=tmp_path)
    assert clip_of(judgement_of(done), "fire.mp4")["by_time_only"] is False, done.stderr
    del labels[0]["boxes"]
    labels[0].update(masks="masks/NNN.png", fps=4)
    done = judge(ground, "--json", labels=labels, tmp_path=tmp_path)
    assert done.returncode == 0 and "png" not in done.stderr, done.stderr
    clip = clip_of(judgement_of(done), "fire.mp4")
    assert clip["found"] is False and clip["alarms"][-1]["place"] == "off"
    labels[0]["masks"] = "nowhere/NNN.png"
    done = judge(ground, labels=labels, tmp_path=tmp_path)
    assert done.returncode == 2 and "no mask there" in done.stderr


def test_a_labelled_clip_that_is_missing(ground, tmp_path):
    more = [*LABELS, {"file": "other.mp4", "kind": "no-fire"}]
    done = judge(ground, labels=more, tmp_path=tmp_path)
    assert done.returncode == 2 and "not in the footage: other.mp4" in done.stderr and not done.stdout
    # single files were chosen on purpose: the others are listed, and nothing more
    done = judge(ground, "--json", labels=more, footage=[ground / "clips" / "fire.mp4"], tmp_path=tmp_path)
    assert done.returncode == 0, done.stderr
    result = judgement_of(done)
    assert result["not_given"] == ["quiet.mp4", "early.mp4", "other.mp4"] and result["total"]["clips"] == 1
    done = judge(ground, labels=more[3:], footage=[ground / "clips" / "fire.mp4"], tmp_path=tmp_path)
    assert done.returncode == 2 and "other.mp4" in done.stderr


def test_clips_without_a_label_do_not_count(ground, tmp_path):
    done = judge(ground, "--json", labels=LABELS[:1], tmp_path=tmp_path)
    result = judgement_of(done)
    assert result["total"]["clips"] == 1 and result["total"]["false_alarms"] == 1
    assert [os.path.basename(p) for p in result["unlabelled"]] == ["early.mp4", "quiet.mp4"]


def test_ignition_after_the_last_picture(ground, tmp_path):
    labels = copy.deepcopy(LABELS)
    labels[0]["ignition_s"] = 12.5
    done = judge(ground, "--json", labels=labels, tmp_path=tmp_path)
    assert done.returncode == 2
    assert "fire.mp4 has its ignition at 12.5 s" in done.stderr
    assert "judgement" not in done.stdout


@pytest.mark.parametrize("labels, says", [
    ("not json", "line 1"),
    ("{}", "array"),
    ('[{"file": "fire.mp4", "kind": "fire", "ignition_s": NaN}]', "line 1"),
    ('[{"file": "fire.mp4", "kind": "fire", "ignition_s": -5}]', "'ignition_s' must be a number from 0"),
    ('[{"file": "fire.mp4", "kind": "fire", "ignition_s": "6"}]', "'ignition_s' must be"),
    ('[{"file": "../clips/fire.mp4", "kind": "no-fire"}]', "below the folder"),
    ('[{"file": "fire.mp4", "kind": "no-fire"}, {"file": "fire.mp4", "kind": "no-fire"}]', "twice"),
    ('[{"file": "fire.mp4", "kind": "no-fire"}, {"file": "clips/fire.mp4", "kind": "no-fire"}]', "two labels"),
    ('[{"file": "fire.mp4", "kind": "fire", "ignition_s": 99, "frames": 48, "fps": 4}]', "ignition at 99 s"),
    ("[" * 100000, "line 1"),
])
def test_labels_that_are_wrong_are_named_before_anything_is_replayed(ground, tmp_path, labels, says):
    done = judge(ground, "--json", labels=labels, tmp_path=tmp_path)
    assert done.returncode == 2 and says in done.stderr, done.stderr
    assert done.stdout == "" and "labels.json" in done.stderr or "two labels" in says


def test_labels_files_that_are_no_labels(ground, tmp_path):
    huge = tmp_path / "huge.json"
    with huge.open("wb") as file:
        file.truncate(1 << 30)
    for path, says in ((tmp_path / "none.json", "none.json"), (tmp_path, "not a file"),
                       (huge, "larger than 16 MiB")):
        done = replay("--footage", ground / "clips", "--labels", path, site=ground / "site.yaml")
        assert done.returncode == 2 and says in done.stderr


def test_a_clip_that_cannot_be_read_is_said_and_judged_by_what_was(ground, tmp_path):
    (tmp_path / "fire.mp4").write_bytes((ground / "clips" / "fire.mp4").read_bytes()[:900])
    done = judge(ground, "--json", labels=LABELS[:1], footage=[tmp_path], tmp_path=tmp_path)
    assert done.returncode == 1 and "fire.mp4" in done.stderr
    clip = clip_of(judgement_of(done), "fire.mp4")
    assert clip["fault"] and clip["found"] is False


def test_wrong_usage(ground, tmp_path):
    site = ground / "site.yaml"
    done = replay("--footage", ground / "clips", "--sheet", tmp_path / "s.png", site=site)
    assert done.returncode == 2 and "--labels" in done.stderr
    assert judge(ground, "--sheet", tmp_path / "s.jpg").returncode == 2
    assert judge(ground, "--sheet", tmp_path / "nowhere" / "s.png").returncode == 2


def test_stills_of_irregular_hours(ground, tmp_path):
    """A folder of stills is a clip; the night between two days is not watched time."""
    stills = tmp_path / "tower"
    stills.mkdir()
    source = tmp_path / "one.jpg"
    subprocess.run([*FFMPEG, "-f", "lavfi", "-i", "testsrc2=size=320x240", "-frames:v", "1", source], check=True)
    for name in ("20260401_080000", "20260401_083000", "20260401_090000", "20260402_080000", "20260402_081000"):
        (stills / f"{name}.jpg").write_bytes(source.read_bytes())
    site = tmp_path / "site.yaml"
    (tmp_path / "script.txt").write_text(SCRIPT)
    site.write_text(SITE.replace("camera_defaults: {", "camera_defaults: {still_time: name, "
                                 "still_time_pattern: '%Y%m%d_%H%M%S.jpg', "))
    labels = tmp_path / "labels.json"
    labels.write_text('[{"file": "tower", "kind": "no-fire"}, {"file": "other", "kind": "no-fire"}]')
    done = replay("--footage", stills, "--labels", labels, "--json", site=site)
    assert done.returncode == 0, done.stderr
    clip = clip_of(judgement_of(done), "tower")
    assert clip["watched_s"] == 3600 + 600
    assert clip["camera_days"] == pytest.approx(4200 / 86400, abs=1e-4)


def test_real_clips(footage_data, tmp_path):
    """Places from the real labels: boxes of a flame, masks of thin smoke."""
    files = [footage_data / name for name in ("furg_house6.mp4", "unimi_smoke3.mp4", "neon_night_test7.avi")]
    done = replay("--footage", *files, "--labels", footage_data / "labels.json", "--json",
                  "--sheet", tmp_path / "seen.png")
    assert done.returncode == 0, done.stderr
    result = judgement_of(done)
    assert result["total"]["clips"] == 3 and result["total"]["events"] == 2
    assert len(result["not_given"]) == len(json.loads((footage_data / "labels.json").read_text())) - 3
    assert clip_of(result, "unimi_smoke3.mp4")["watched_s"] == 84
    for clip in result["clips"]:
        for alarm in clip["alarms"]:
            if clip["kind"] == "fire" and alarm["kind"] == "flame" and clip["file"].startswith("furg"):
                assert alarm["place"] in ("on", "off")
    assert png_size(tmp_path / "seen.png")[0] > 1000
