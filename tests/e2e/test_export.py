"""linhuo export: what replay and the live bus print becomes CAP 1.2 documents and GeoJSON."""
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from conftest import BUILD, DATA, LINHUO

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
PLACE = {"latitude": 37.612, "longitude": 111.9, "datum": "WGS-84"}
EVENTS = [
    {"time": "2026-11-27T12:00:00Z", "hotspots": [
        {"satellite": "NOAA-20", "instrument": "VIIRS", "latitude": 37.61, "longitude": 111.899,
         "acquired": "2026-11-27T11:20:00Z", "confidence": "high", "frp_mw": 24.2}]},
    {"time": "2026-11-27T12:05:00Z", "trusted": False, "report": {
        "id": "r1", "person": "a", "word": "smoke", "observed": "2026-11-27T12:04:00Z", "place": PLACE}},
    {"time": "2026-11-27T12:15:00Z", "trusted": True, "report": {
        "id": "r2", "person": "b", "word": "fire", "observed": "2026-11-27T12:14:00Z", "place": PLACE}},
    {"time": "2026-11-27T13:15:00Z", "trusted": True, "report": {
        "id": "r3", "person": "b", "word": "nothing here", "observed": "2026-11-27T13:14:00Z", "place": PLACE}},
    {"time": "2026-11-27T14:15:00Z"},
]


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    """A site, and the alarms that a replay of the scenario prints."""
    folder = tmp_path_factory.mktemp("county")
    (folder / "site.yaml").write_text("site: {name: 交城 <& county, area_code: \"141122\"}\n")
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in EVENTS))
    done = subprocess.run([LINHUO, "replay", folder / "site.yaml", "--events", folder / "events.jsonl", "--json"],
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    alarms = [line for line in done.stdout.splitlines() if '"linhuo/alarm/' in line]
    assert len(alarms) >= 4
    return folder / "site.yaml", alarms


def export(site, lines, *arguments):
    return subprocess.run([LINHUO, "export", site, *map(str, arguments)], input="".join(line + "\n" for line in lines),
                          capture_output=True, text=True, timeout=120)


def documents(folder):
    def number(path):
        return int(re.search(r"-r(\d+)\.xml$", path.name).group(1))
    return [ElementTree.parse(path).getroot() for path in sorted(folder.glob("*.xml"), key=number)]


def validate(folder):
    schema = DATA / "cap" / "CAP-v1.2.xsd"
    if not schema.exists():
        pytest.skip(f"no CAP schema: {schema} is absent (LINHUO_DATA)")
    if not shutil.which("xmllint"):
        pytest.skip("no xmllint: make deps-test installs it")
    paths = sorted(folder.glob("*.xml"))
    assert paths
    done = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", schema, *paths],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_documents_validate(county, tmp_path):
    site, alarms = county
    assert export(site, alarms, "--cap", tmp_path / "cap").returncode == 0
    validate(tmp_path / "cap")


def test_a_life_in_documents(county, tmp_path):
    site, alarms = county
    assert export(site, alarms, "--cap", tmp_path / "cap").returncode == 0
    life = documents(tmp_path / "cap")
    assert [one.findtext(CAP + "msgType") for one in life] == ["Alert", "Update", "Update", "Cancel"]
    assert {one.findtext(CAP + "status") for one in life} == {"Test"}
    assert {one.findtext(CAP + "scope") for one in life} == {"Restricted"}
    assert [one.findtext(f"{CAP}info/{CAP}certainty") for one in life][2:] == ["Observed", "Unlikely"]
    assert life[0].findtext(CAP + "sent") == "2026-11-27T20:00:00+08:00"
    assert life[0].findtext(f"{CAP}info/{CAP}senderName") == "交城 <& county"
    assert len({one.findtext(CAP + "identifier") for one in life}) == 4
    assert len({one.findtext(CAP + "incidents") for one in life}) == 1
    assert life[0].find(CAP + "references") is None
    named = [[reference.split(",") for reference in one.findtext(CAP + "references").split()] for one in life[1:]]
    for references, earlier in zip(named, (life[:1], life[:2], life[:3])):
        assert references == [[old.findtext(CAP + part) for part in ("sender", "identifier", "sent")] for old in earlier]


def test_the_area_is_the_95_percent_region(county, tmp_path):
    site, alarms = county
    alarm = json.loads(alarms[0])
    alarm["position"]["ellipses"] = [
        {"latitude_deg": 37.6, "longitude_deg": 111.9, "height_m": None, "major_m": 400.0, "minor_m": 100.0,
         "azimuth_deg": 90.0, "weight": 0.75},
        {"latitude_deg": 37.7, "longitude_deg": 111.9, "height_m": None, "major_m": 100.0, "minor_m": 100.0,
         "azimuth_deg": 0.0, "weight": 0.25}]
    sector = dict(alarm, id="sector", position={"form": "sector", "latitude_deg": 37.6, "longitude_deg": 111.8,
                                                "azimuth_deg": 90.0, "half_width_deg": 2.0, "near_m": 0, "far_m": 9000})
    nowhere = dict(alarm, id="nowhere", position=None)
    lines = [json.dumps(one) for one in (alarm, sector, nowhere)]
    done = export(site, lines, "--cap", tmp_path / "cap", "--geojson")
    assert done.returncode == 0, done.stderr
    first, = (ElementTree.parse(path).getroot() for path in (tmp_path / "cap").glob(alarm["id"] + "*.xml"))
    areas = first.findall(f"{CAP}info/{CAP}area")
    assert [one.find(CAP + "polygon") is not None for one in areas] == [True, False]
    assert areas[1].findtext(CAP + "circle") == "37.70000,111.90000 0.100"
    corners = [tuple(map(float, pair.split(","))) for pair in areas[0].findtext(CAP + "polygon").split()]
    assert corners[0] == corners[-1] and len(corners) > 20
    # 400 m east and west, 100 m north and south
    assert max(east for _, east in corners) - 111.9 == pytest.approx(400 / 88300, rel=0.01)
    assert max(north for north, _ in corners) - 37.6 == pytest.approx(100 / 111000, rel=0.01)
    features = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["geometry"] and one["geometry"]["type"] for one in features] == ["MultiPolygon", "Polygon", None]
    for rings in (*features[0]["geometry"]["coordinates"], features[1]["geometry"]["coordinates"]):
        ring, = rings
        assert ring[0] == ring[-1]
        # RFC 7946: longitude first, and the outside to the right
        assert all(111 < east < 113 and 37 < north < 38 for east, north in ring)
        assert sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:])) > 0
    validate(tmp_path / "cap")


def test_lines_that_come_twice_and_restarts_change_nothing(county, tmp_path):
    site, alarms = county
    for line in alarms:  # a program each
        assert export(site, [line, line], "--cap", tmp_path / "one").returncode == 0
    assert export(site, alarms, "--cap", tmp_path / "all").returncode == 0
    one, every = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "all"))
    assert one == every


def test_an_update_without_its_alert_is_an_alert(county, tmp_path):
    site, alarms = county
    assert export(site, alarms[1:2], "--cap", tmp_path / "cap").returncode == 0
    only, = documents(tmp_path / "cap")
    assert only.findtext(CAP + "msgType") == "Alert" and only.find(CAP + "references") is None


def test_status_and_sender_are_the_sites(county, tmp_path):
    _, alarms = county
    site = tmp_path / "site.yaml"
    site.write_text("site: {name: Test}\nground: {utc_offset_h: -3.5}\n"
                    "cap: {status: actual, sender: desk@county.example, expires_min: 30}\n")
    assert export(site, alarms[:2], "--cap", tmp_path / "cap").returncode == 0
    first, second = documents(tmp_path / "cap")
    assert first.findtext(CAP + "status") == "Actual" and first.findtext(CAP + "sender") == "desk@county.example"
    assert first.findtext(CAP + "sent") == "2026-11-27T08:30:00-03:30"
    assert second.findtext(CAP + "references").startswith("desk@county.example,")
    validate(tmp_path / "cap")
    # half an hour later the earlier ones have expired, and are not named
    late = dict(json.loads(alarms[2]), revision=9)
    late["times"]["updated"] = "2026-11-27T13:00:00.000Z"
    assert export(site, [json.dumps(late)], "--cap", tmp_path / "cap").returncode == 0
    assert documents(tmp_path / "cap")[-1].find(CAP + "references") is None
    site.write_text("site: {name: Test}\ncap: {sender: \"two words\"}\n")
    done = export(site, alarms, "--cap", tmp_path / "cap")
    assert done.returncode == 2 and "cap.sender" in done.stderr


def test_hostile_lines_cost_only_themselves(county, tmp_path):
    site, alarms = county
    odd = json.loads(alarms[0])
    odd["place"] = "\u0001<b>&\ufffe" + "火" * 3000
    escape = dict(odd, id="../../escape, \u0007<&")
    lines = ["", "nonsense", '{"schema": "linhuo/heartbeat/1"}', "[]", '{"schema": "linhuo/alarm/2", "stream": "alarm"}',
             json.dumps(dict(odd, position={"form": "ellipses", "ellipses": [7, {}]})), json.dumps(escape),
             json.dumps(dict(odd, revision=2, reasons=[{"text": "火" * 5000}] * 20)), "x" * 300000, alarms[1]]
    (tmp_path / "out").mkdir()
    done = export(site, lines, "--cap", tmp_path / "out" / "cap")
    assert done.returncode == 1
    assert "line 2" in done.stderr and "line 5" in done.stderr and "line 9: it is too long" in done.stderr
    names = sorted(path.name for path in (tmp_path / "out" / "cap").iterdir())
    assert not any("/" in name or name.startswith(".") for name in names)
    assert not list(tmp_path.glob("*escape*"))
    validate(tmp_path / "out" / "cap")


def test_help_and_wrong_usage(county):
    site, _ = county
    done = subprocess.run([LINHUO, "export", "--help"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "nothing is\nsent" in done.stdout
    assert export(site, []).returncode == 2
    assert export(site, [], "--cap", "/proc/no/where").returncode == 2


def test_from_the_live_bus(county, tmp_path):
    """A real desk, linhuo watch, and a pipe."""
    site, _ = county
    desk = subprocess.Popen([BUILD / "tests" / "alarm" / "linhuo-desk-drive", tmp_path / "data"],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    watch = export_process = None
    try:
        endpoint = desk.stdout.readline().strip()
        watch = subprocess.Popen([LINHUO, "watch", endpoint, "--json", "--count", "2", "--timeout", "120"],
                                 stdout=subprocess.PIPE)
        export_process = subprocess.Popen([LINHUO, "export", site, "--cap", tmp_path / "cap"], stdin=watch.stdout)
        watch.stdout.close()
        for line in ("subscribers 2", "raise 1 0.9", "confirm"):
            desk.stdin.write(line + "\n")
            desk.stdin.flush()
            assert desk.stdout.readline().strip() == "ok", line
        assert watch.wait(150) == 0 and export_process.wait(60) == 0
    finally:
        for process in (export_process, watch, desk):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        desk.stdin.close()
        desk.stdout.close()
    assert [one.findtext(CAP + "msgType") for one in documents(tmp_path / "cap")] == ["Alert", "Update"]
    validate(tmp_path / "cap")
