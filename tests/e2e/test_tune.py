"""linhuo tune: what it chooses is what replay then says, whatever the number of threads."""
import json
import re
import subprocess
import xml.etree.ElementTree as xml

import pytest
import yaml

from conftest import LINHUO, ROOT
from test_judge import LABELS, judgement_of, make_ground
from test_replay import replay

SCRIPT = ("camera fire\n@2-3 smoke 0.7 0.1 0.1 0.1 0.55\n@7-12 smoke 0.1 0.1 0.1 0.1 0.8 to 0.1 0.1 0.3 0.3\n"
          "camera quiet\n@4-8 smoke 0.5 0.5 0.1 0.1 0.6\n"
          "camera early\n@9-11 smoke 0.5 0.5 0.1 0.1 0.45\n")


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    return make_ground(tmp_path_factory.mktemp("tune"), SCRIPT)


def tune(ground, *more, site=None):
    return subprocess.run([LINHUO, "tune", site or ground / "site.yaml", "--footage", ground / "clips",
                           "--labels", ground / "labels.json", *[str(a) for a in more]],
                          capture_output=True, text=True, timeout=300)


def result_of(done):
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 1
    return json.loads(lines[0])


def merged(ground, tmp_path, fragment):
    """The site with a fragment put into it, as a user would."""
    site = yaml.safe_load((ground / "site.yaml").read_text())
    for key, value in fragment.items():
        site[key] = {**site.get(key, {}), **value} if isinstance(value, dict) else value
    (tmp_path / "script.txt").write_text(SCRIPT)
    path = tmp_path / "site.yaml"
    path.write_text(yaml.safe_dump(site))
    return path


@pytest.mark.parametrize("sets", [
    ["tracks.confirm_hits=1:6:6", "tracks.confirm_window=3:8:6"],
    ["fusion.p3_probability=0.3:0.7:5", "tracks.max_gap_s=1:9:3"],
    ["detectors.s.min_score=0.3:0.75:4", "tracks.confirm_score=0.4:0.7:3"],
    ["camera_defaults.watch_interval_s=0.5:2:3", "tracks.confirm_hits=1:3:3"],
])
def test_replay_by_the_fragment_says_what_tune_promised(ground, tmp_path, sets):
    fragment = tmp_path / "fragment.yaml"
    options = [word for one in sets for word in ("--set", one)]
    result = result_of(tune(ground, *options, "--json", "--fragment", fragment))
    chosen = result["chosen"]
    written = yaml.safe_load(fragment.read_text())
    site = merged(ground, tmp_path, written)
    assert subprocess.run([LINHUO, "check", site], capture_output=True).returncode == 0
    done = replay("--footage", ground / "clips", "--labels", ground / "labels.json", "--json", site=site)
    judgement = judgement_of(done)
    assert judgement["total"] == chosen["total"]
    assert judgement["without_faint"] == chosen["without_faint"]


def test_every_point_of_the_front_is_what_replay_says(ground, tmp_path):
    result = result_of(tune(ground, "--set", "tracks.confirm_hits=1:8:8", "--set", "fusion.p3_probability=0.3:0.7:5",
                            "--set", "tracks.confirm_window=8:8:1", "--json"))
    assert result["points"] == 40 and result["reruns"] == 1 and len(result["front"]) >= 2
    for point in result["front"]:
        values = {"tracks": {}, "fusion": {}}
        for name, value in point["settings"].items():
            section, key = name.split(".")
            values[section][key] = int(value) if key.startswith("confirm") else value
        done = replay("--footage", ground / "clips", "--labels", ground / "labels.json", "--json",
                      site=merged(ground, tmp_path, values))
        assert judgement_of(done)["total"] == point["total"], point["settings"]


def test_the_choice_keeps_the_budget(ground):
    sets = ["--set", "fusion.p3_probability=0.3:0.7:9", "--json"]
    strict = result_of(tune(ground, *sets, "--budget", 0))["chosen"]
    loose = result_of(tune(ground, *sets, "--budget", 1e6))["chosen"]
    assert strict["total"]["false_alarms"] == 0 and strict["total"]["found"] == 1
    assert loose["total"]["found"] == 2 and loose["total"]["false_alarms"] > 0


def test_held_out_events_are_judged_by_others(ground):
    """Without the quiet clip and the lamp in the fire's clip nothing speaks for a high threshold."""
    result = result_of(tune(ground, "--set", "fusion.p3_probability=0.3:0.7:9", "--json", "--budget", 0))
    assert result["held_out"]["total"]["events"] == 2
    assert result["held_out"]["total"]["clips"] == 3
    assert result["held_out"]["total"]["found"] <= 2


def test_threads_change_no_byte(ground, tmp_path):
    sets = ["--set", "tracks.confirm_hits=1:6:6", "--set", "fusion.p3_probability=0.3:0.7:9"]
    answers = set()
    for threads in (1, 2, 4):
        page = tmp_path / f"{threads}.html"
        done = tune(ground, *sets, "--json", "--report", page, "--threads", threads)
        answers.add((done.stdout, page.read_text()))
    assert len(answers) == 1


def test_only_settings_that_change_what_is_seen_look_again(ground):
    one = result_of(tune(ground, "--set", "tracks.confirm_hits=1:3:3", "--json"))
    three = result_of(tune(ground, "--set", "camera_defaults.watch_interval_s=0.5:2:3", "--set",
                           "tracks.confirm_hits=1:3:3", "--json"))
    assert (one["points"], one["reruns"]) == (3, 1)
    assert (three["points"], three["reruns"]) == (9, 3)


def test_the_text_has_the_trade_off_and_the_settings(ground):
    done = tune(ground, "--set", "tracks.confirm_hits=1:6:6")
    assert done.returncode == 0, done.stderr
    for words in ("6 points over 3 clips", "3 points contradict themselves", "held out", "* chosen:",
                  "tracks:\n  confirm_hits: "):
        assert words in done.stdout


def test_the_report_is_one_file_that_loads_nothing(ground, tmp_path):
    page = tmp_path / "tune.html"
    done = tune(ground, "--set", "tracks.confirm_hits=1:3:3", "--set", "fusion.p3_probability=0.3:0.7:5",
                "--report", page)
    assert done.returncode == 0, done.stderr
    text = page.read_text()
    assert not re.search(r"https?:|<script|<link|<img|\bsrc=|\bhref=|@import|url\(", text)
    plots = re.findall(r"<svg.*?</svg>", text, re.S)
    assert len(plots) == 1 + 2 * 3
    for plot in plots:
        root = xml.fromstring(plot)
        assert "nan" not in plot and "inf" not in plot
        width, height = float(root.get("width")), float(root.get("height"))
        for circle in root.iter("circle"):
            assert 0 <= float(circle.get("cx")) <= width and 0 <= float(circle.get("cy")) <= height
    assert len(xml.fromstring(plots[0]).findall("circle")) >= 15
    assert any(c.get("class") == "chosen" for c in xml.fromstring(plots[0]).iter("circle"))
    for file in ("fire.mp4", "quiet.mp4", "early.mp4"):
        assert file in text


@pytest.mark.parametrize("words, says", [
    (["--set", "tracks.confirm_hit=1:3:3"], "no such setting"),
    (["--set", "tracks.confirm_hits=1:3"], "FROM:TO:STEPS"),
    (["--set", "tracks.confirm_hits=1:9999:3"], "must be between"),
    (["--set", "detectors.nobody.min_score=0:1:3"], "no such detector"),
    (["--set", "detectors.s.speed=0:1:2"], "speed"),
    (["--set", "bus.heartbeat_s=1:2:2"], "must begin with"),
    (["--set", "tracks.confirm_hits=1:3:3", "--budget", "-1"], "--budget"),
    (["--set", "tracks.confirm_hits=4:6:3"], "contradict themselves"),
    ([], "which setting"),
])
def test_wrong_usage_is_named(ground, words, says):
    done = tune(ground, *words)
    assert done.returncode == 2 and says in done.stderr, done.stderr
    assert done.stdout == ""


def test_bad_footage_and_bad_labels(ground, tmp_path):
    def run(labels, clips):
        return subprocess.run([LINHUO, "tune", ground / "site.yaml", "--footage", clips, "--labels", labels,
                               "--set", "tracks.confirm_hits=1:2:2"], capture_output=True, text=True, timeout=300)

    late = json.loads(json.dumps(LABELS))
    late[0]["ignition_s"] = 100
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(late))
    done = run(path, ground / "clips")
    assert done.returncode == 2 and "ignition at 100 s" in done.stderr
    (tmp_path / "fire.mp4").write_bytes(b"no film" * 100)
    path.write_text(json.dumps(LABELS[:1]))
    done = run(path, tmp_path)
    assert done.returncode == 1 and "fire.mp4" in done.stderr
    done = run(tmp_path / "none.json", ground / "clips")
    assert done.returncode == 2 and "none.json" in done.stderr
    done = run(ground / "labels.json", tmp_path / "nowhere")
    assert done.returncode == 2 and "nowhere" in done.stderr


def test_real_clips_by_the_standard_detectors(footage_data):
    """What was recorded once gives what looking again gives."""
    clips = [footage_data / name for name in ("om-e_2016-06-19.mp4", "lp-e_2016-06-19.mp4")]
    labels = ["--labels", footage_data / "labels.json", "--json"]
    done = subprocess.run([LINHUO, "tune", ROOT / "configs" / "classic.yaml", "--footage", *clips, *labels,
                           "--set", "tracks.max_gap_s=600:600:1"], capture_output=True, text=True, timeout=300)
    judgement = judgement_of(replay("--footage", *clips, *labels))
    assert result_of(done)["chosen"]["total"] == judgement["total"]
