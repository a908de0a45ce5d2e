"""linhuo world --witnesses: what satellites and rangers say of the county, read by the engine and judged by the truth."""
import json
import math
import subprocess

import pytest

from conftest import BUILD, LINHUO, wait_for

WORLD = BUILD / "linhuo-world"
DAY = ["--at-once", "--cameras", "3", "--size", "320x180", "--fires", "8", "--fire-gap-s", "9000", "--clouds", "0.2"]
M_A_DEGREE = 111_195

pytestmark = pytest.mark.skipif(not WORLD.exists(), reason="built without linhuo-world")


def linhuo(*words):
    done = subprocess.run([str(word) for word in (LINHUO, *words)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def apart_m(latitude, longitude, other):
    north = (latitude - other["latitude_deg"]) * M_A_DEGREE
    return math.hypot(north, (longitude - other["longitude_deg"]) * M_A_DEGREE * math.cos(math.radians(latitude)))


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """A day of a county with eight fires."""
    folder = tmp_path_factory.mktemp("said")
    linhuo("world", "--witnesses", folder, *DAY)
    return folder, json.loads((folder / "truth.json").read_text())


@pytest.fixture(scope="module")
def believed(said):
    """What the engine makes of it: the last revision of each incident."""
    folder, _ = said
    files = ", ".join(f"hotspots/{path.name}" for path in sorted((folder / "hotspots").glob("*.csv")))
    (folder / "site.yaml").write_text(
        "site: {name: World, area_code: '141122'}\ndetectors: [{plugin: template}]\n"
        f"feeds: [{{name: sky, kind: files, files: [{files}], latency_s: 7200}}]\n"
        "ground: {weather: [weather.csv]}\n")
    text = linhuo("replay", folder / "site.yaml", "--events", folder / "events.jsonl", "--kept", "--json", "--quiet")
    return [json.loads(line) for line in text.splitlines()]


def test_the_same_seed_says_the_same(said, tmp_path):
    folder, _ = said
    linhuo("world", "--witnesses", tmp_path, *DAY)
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert "truth.json" in names and "events.jsonl" in names and "weather.csv" in names
    for name in names:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_the_engine_reads_every_row_of_every_pass(said):
    folder, truth = said
    read = json.loads(linhuo("hotspots", *sorted((folder / "hotspots").glob("*.csv")), "--json"))
    rows = {file["name"].rsplit("/", 1)[-1]: file for file in read["files"]}
    assert len(truth["passes"]) == len(rows) > 8
    for pass_ in truth["passes"]:
        file = rows[pass_["file"]]
        assert (file["rows"], file["refused"]) == (pass_["rows"], 0)
        assert list(file["satellites"]) in ([pass_["satellite"]], [])
    outcomes = {heat["outcome"] for pass_ in truth["passes"] for heat in pass_["heat"]}
    assert outcomes == {"seen", "clouded", "too weak"}


def test_what_rangers_confirm_is_confirmed_where_it_is(said, believed):
    _, truth = said
    events = {event["id"]: event for event in truth["events"]}
    words = [entry for entry in truth["reports"] if entry["report"]["word"] == "fire"]
    assert len(words) >= 4
    confirmed = [alarm for alarm in believed if alarm["incident"]["state"] == "confirmed"]
    for entry in words:
        assert entry["right"]
        fire = events[entry["event"]]
        near = [alarm for alarm in confirmed for ellipse in (alarm["position"] or {}).get("ellipses", [])
                if apart_m(ellipse["latitude_deg"], ellipse["longitude_deg"], fire) < 60]
        assert near, f"fire {fire['id']}"
        assert near[0]["priority"] == "P1"


def holds(ellipse, place):
    """True when the place is in the ellipse, which is that of 95 %."""
    north = (place["latitude_deg"] - ellipse["latitude_deg"]) * M_A_DEGREE
    east = ((place["longitude_deg"] - ellipse["longitude_deg"]) * M_A_DEGREE
            * math.cos(math.radians(place["latitude_deg"])))
    azimuth = math.radians(ellipse["azimuth_deg"])
    along = east * math.sin(azimuth) + north * math.cos(azimuth)
    across = east * math.cos(azimuth) - north * math.sin(azimuth)
    return (along / ellipse["major_m"]) ** 2 + (across / ellipse["minor_m"]) ** 2 <= 1


def test_what_a_satellite_saw_lies_in_the_region_that_is_stated(said, believed):
    """Of incidents of satellites alone the 95 % region holds what is hot (how often: tests/world/test_footprint.c)."""
    _, truth = said
    hot = [event for event in truth["events"] if event["kind"] == "fire"] + truth["works"]
    last = {alarm["id"]: alarm for alarm in believed if alarm["incident"]["witnesses"] == ["satellite"]}
    held = sum(any(holds(alarm["position"]["ellipses"][0], place) for place in hot) for alarm in last.values())
    assert len(last) >= 3
    assert held >= 0.7 * len(last), f"{held} of {len(last)}"


def test_works_alone_alarm_nobody_at_once(said, believed):
    """A hot works is seen again and again; never is it more than a satellite's suspicion."""
    _, truth = said
    for alarm in believed:
        best = ((alarm["position"] or {}).get("ellipses") or [None])[0]
        for works in truth["works"]:
            if best and apart_m(best["latitude_deg"], best["longitude_deg"], works) < 500:
                assert alarm["incident"]["witnesses"] in (["satellite"], []), alarm["id"]
                assert alarm["priority"] != "P1"


def test_a_pass_appears_when_its_data_would(programs, tmp_path):
    """Served live: the file comes so long after the pass as it is told, whole."""
    folder, truth_file = tmp_path / "said", tmp_path / "truth.json"
    world = programs([LINHUO, "world", "--cameras", 1, "--size", "320x180", "--fps", 1, "--first-pass-s", 2, "--latency-s", 3,
                      "--witnesses", folder, "--truth", truth_file], "world")

    def appeared():
        assert world.process.poll() is None, world.err
        return sorted((folder / "hotspots").glob("*.csv"))

    files = wait_for(appeared, 120, "the first pass")
    assert files[0].read_text().startswith("latitude,longitude,")
    truth = json.loads(truth_file.read_text())
    first = truth["passes"][0]
    assert first["file"] == files[0].name
    assert first["acquired_utc"] >= truth["start_utc"][:19]
    assert (folder / "weather.csv").read_text().count("\n") >= 2
    assert world.stop() == 0


def test_wrong_combinations_are_explained(tmp_path):
    for words in (["--at-once"], ["--witnesses", tmp_path, "--render", tmp_path],
                  ["--witnesses", tmp_path, "--footage", tmp_path], ["--witnesses", tmp_path, "--at-once", "--truth", "t"]):
        done = subprocess.run([str(word) for word in (LINHUO, "world", *words)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 2
        assert "--witnesses" in done.stderr
