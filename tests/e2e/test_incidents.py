"""From tracks, hotspots and reports to one alarm an incident: by replay of scenarios, and live with a folder of hotspots."""
import json
import math
import struct
import subprocess

import pytest

import schemas
from conftest import LINHUO
from test_engine import Subscriber, run, site  # noqa: F401 (fixtures)

FIRE = (37.50, 111.38)
WEST = 111.40  # the plain rises to the west of it, one metre in ten
TOWERS = """
cameras:
  - {id: east, name: East tower, url: 'rtsp://127.0.0.1/1', pose: {latitude_deg: 37.5, longitude_deg: 111.45,
     mast_m: 40, azimuth_deg: 270, tilt_deg: 1, hfov_deg: 60, range_m: 15000}}
  - {id: bare, url: 'rtsp://127.0.0.1/2'}
"""


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    """A folder with ground (an SRTM tile, made here), villages, a core area, a ban, and a script that finds nothing."""
    folder = tmp_path_factory.mktemp("county")
    row = b"".join(struct.pack(">h", int(800 + max(0, (WEST - (111 + column / 1200)) * 8800)))
                   for column in range(1201))
    (folder / "N37E111.hgt").write_bytes(row * 1201)
    (folder / "script.txt").write_text("")
    (folder / "places.json").write_text(json.dumps([{"name": "Xishe", "lat": 37.52, "lon": 111.38}]))
    ring = [[111.3, 37.4], [111.5, 37.4], [111.5, 37.6], [111.3, 37.6], [111.3, 37.4]]
    (folder / "core.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"name": "Pangquangou", "kind": "core"},
         "geometry": {"type": "Polygon", "coordinates": [ring]}}]}))
    (folder / "ban.yaml").write_text("bans:\n  - {name: winter, from: 2026-11-01, to: 2026-12-31}\n")
    return folder


def write_site(folder, name="site.yaml", more="", cameras=TOWERS):
    site = folder / name
    site.write_text("site: {name: C, area_code: '141122', box: '111,37,112,38'}\n"
                    "terrain: {files: [N37E111.hgt]}\nplaces: {file: places.json}\n"
                    "detectors: [{name: s, plugin: scripted, settings: {script: ./script.txt}}]\n" + more + cameras)
    return site


def moment(minute, **what):
    return json.dumps({"time": f"2026-11-27T{4 + minute // 60:02}:{minute % 60:02}:00Z", **what})


def track(minute, camera, score, place=FIRE, **more):
    where = {} if camera == "bare" else {"at": {"latitude": place[0], "longitude": place[1]}}
    return moment(minute, track={"camera": camera, "id": 1, "score": score, **where, **more})


def hotspot(minute, place=FIRE):
    return moment(minute, hotspots=[{"satellite": "NOAA-20", "instrument": "VIIRS", "latitude": place[0],
                                     "longitude": place[1], "confidence": "nominal", "frp_mw": 4.2, "scan_km": 0.4,
                                     "track_km": 0.4}])


def replay(site, lines, *options):
    events = site.parent / "events.jsonl"
    events.write_text("\n".join(lines) + "\n")
    return subprocess.run([LINHUO, "replay", site, "--events", events, "--json", "--quiet",
                           *[str(option) for option in options]], capture_output=True, text=True, timeout=120)


def alarms_of(done):
    assert done.returncode == 0, done.stderr
    return [schemas.check(line) for line in done.stdout.splitlines()]


def metres(position, place):
    best = position["ellipses"][0]
    return math.hypot((best["latitude_deg"] - place[0]) * 111000,
                      (best["longitude_deg"] - place[1]) * 111000 * math.cos(math.radians(place[0])))


def test_a_camera_with_a_pose_says_where(county):
    alarms = alarms_of(replay(write_site(county), [track(0, "east", 0.8), track(2, "east", 0.8, lost=True)]))
    assert [a["state"] for a in alarms] == ["raised", "ended"]
    raised = alarms[0]
    assert raised["priority"] == "P2" and raised["probability"] == pytest.approx(0.8, abs=1e-4)
    assert metres(raised["position"], FIRE) < 500
    assert raised["place"].startswith("Xishe south")
    assert raised["incident"]["witnesses"] == ["camera"]


def test_a_camera_then_a_satellite_are_one_alarm_with_two_witnesses(county):
    alarms = alarms_of(replay(write_site(county), [track(0, "east", 0.8), hotspot(5), moment(30)]))
    assert len({a["id"] for a in alarms}) == 1
    last = [a for a in alarms if a["priority"] == "P1"][0]
    assert last["incident"]["witnesses"] == ["camera", "satellite"]
    assert [r["kind"] for r in last["reasons"]][:2] == ["camera", "polar satellite"]


def test_a_satellite_alone_raises_an_alarm_without_a_picture(county):
    alarms = alarms_of(replay(write_site(county), [hotspot(0)]))
    assert [(a["state"], a["priority"], a["kind"], a["camera"]) for a in alarms] == [("raised", "P3", "hotspot", None)]


def test_without_a_pose_all_is_as_before(county):
    alarms = alarms_of(replay(write_site(county), [track(0, "bare", 0.95), hotspot(1), track(3, "bare", 0.95),
                                                   track(4, "bare", 0.95, lost=True)]))
    mine = [a for a in alarms if a["camera"]]
    assert [(a["state"], a["priority"]) for a in mine] == [("raised", "P2"), ("updated", "P2"), ("ended", "P2")]
    assert all(a["position"] is None and a["probability"] == pytest.approx(0.95, abs=1e-4) for a in mine[:2])
    assert len({a["id"] for a in alarms}) == 2


def test_ground_and_danger_move_it(county):
    site = write_site(county, "ground.yaml", "ground: {permits: [ban.yaml], protected_areas: [core.geojson]}\n")
    alarms = alarms_of(replay(site, [moment(0, danger={"level": 4}), track(1, "east", 0.8)]))
    assert alarms[0]["priority"] == "P1", "0.8 and more in a core area at danger level 4"
    assert alarms[0]["ground"]["core"] and alarms[0]["ground"]["danger_level"] == 4
    assert {"ban", "danger"} <= {r["kind"] for r in alarms[0]["reasons"]}


def test_a_person_confirms_and_denies(county):
    def word(minute, number, text):
        return moment(minute, trusted=True, report={
            "id": f"r{number}", "person": "ranger Li", "word": text, "observed": f"2026-11-27T04:{minute:02}:00Z",
            "place": {"latitude": FIRE[0], "longitude": FIRE[1], "datum": "WGS-84"}})
    done = replay(write_site(county), [track(0, "east", 0.6), word(10, 1, "fire"), word(40, 2, "out")])
    alarms = alarms_of(done)
    assert [(a["state"], a["priority"], a["incident"]["state"]) for a in alarms] == [
        ("raised", "P3", "suspected"), ("updated", "P1", "confirmed"), ("ended", "P1", "closed as out")]


def test_recorded_feeds_are_known_after_their_latency(county):
    (county / "rows.csv").write_text(
        "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,instrument,confidence,version,"
        "bright_ti5,frp,daynight\n"
        f"{FIRE[0]},{FIRE[1]},330.1,0.4,0.4,2026-11-27,0402,N20,VIIRS,n,2.0NRT,290.0,4.2,D\n")
    site = write_site(county, "feeds.yaml", "feeds: [{name: rows, kind: files, files: [rows.csv], latency_s: 3600}]\n")
    alarms = alarms_of(replay(site, [track(0, "east", 0.8), track(4, "east", 0.8), moment(90)]))
    joined = [a for a in alarms if len(a["incident"]["witnesses"]) == 2][0]
    assert joined["times"]["updated"] == "2026-11-27T05:02:00.000Z"
    assert joined["incident"]["last"] == "2026-11-27T04:04:00.000Z"


def test_repetition_changes_no_byte(county):
    lines = [track(0, "east", 0.8), track(0, "bare", 0.5), hotspot(5), moment(200)]
    first = replay(write_site(county), lines, "--threads", 1)
    assert alarms_of(first)
    assert replay(write_site(county), lines, "--threads", 3).stdout == first.stdout


@pytest.mark.parametrize("line, what", [
    ("{", "1: "), ('{"time": "yesterday"}', "1: a line is an object"), (moment(0, trak={}), "what is 'trak'"),
    (moment(0, track={"camera": "nobody", "id": 1}), "no camera 'nobody'"),
    (moment(0, track={"camera": "east", "id": 1, "score": 7}), "score of 0..1"),
    (moment(0, track={"camera": "east", "id": 1, "score": 0.5, "at": {"latitude": 37.5, "longitude": 111.6}}),
     "in its picture"),
    (moment(0, hotspots=[{"satellite": "x", "latitude": 95, "longitude": 0}]), "no place on the earth"),
    (moment(0, danger={"level": 9}), "level from 1 to 5"), (moment(0, report={"word": "fire"}), "report"),
    (moment(9) + "\n" + moment(1), "2: it lies before"),
])
def test_a_wrong_scenario_is_refused_with_its_line(county, line, what):
    done = replay(write_site(county), [line])
    assert done.returncode in (1, 2) and what in done.stderr, done.stderr


def test_live_a_file_of_hotspots_becomes_an_alarm(county, site, run):
    incoming = site.data.parent / "incoming"
    incoming.mkdir()
    site.write([("tower-1", "rtsp://127.0.0.1:1/none", "")], more=f"feeds: [{{name: drop, kind: folder, folder: {incoming}, poll_interval_s: 5}}]\n")
    engine = run()
    console = Subscriber(site.endpoint, "alarm/")
    stamp = subprocess.run(["date", "-u", "+%Y-%m-%d,%H%M"], capture_output=True, text=True, check=True).stdout.strip()
    part = incoming / ".rows"
    part.write_text("latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,instrument,confidence,"
                    "version,bright_ti5,frp,daynight\n"
                    f"37.5,111.4,330.1,0.4,0.4,{stamp},N20,VIIRS,n,2.0NRT,290.0,4.2,D\n")
    part.rename(incoming / "rows.csv")
    alarm = console.until(lambda *_: True, 60)[2]
    schemas.check(alarm)
    assert alarm["kind"] == "hotspot" and alarm["priority"] == "P3" and alarm["position"]
    status = engine.status()
    assert engine.stop() == 0
    assert [feed["name"] for feed in status["feeds"]] == ["drop"]
