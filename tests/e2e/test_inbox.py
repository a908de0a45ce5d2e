"""The inbox: what people, stations and neighbours tell the engine, over real sockets."""
import base64
import json
import os
import sqlite3
import subprocess
import time
from datetime import datetime, timezone

import pytest
import schemas
import zmq
from conftest import LINHUO, Engine, wait_for

AT = "37.561,111.92"
SITE = """
site: {{name: Test, area_code: "141122", data_folder: data}}
bus: {{publish: "tcp://127.0.0.1:*", inbox: "tcp://127.0.0.1:*", status_s: 0.2}}
people:
  - {{name: wang, key_file: wang.key, trusted: true}}
  - {{name: li, key_file: li.key}}
  - {{name: station, key_file: station.key, reports: false, weather: true, cues: true, poses: true}}
{more}
"""


def now(offset_s=0):
    return datetime.fromtimestamp(time.time() + offset_s, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class County:
    """A running engine that people report to, and somebody who listens to its alarms."""

    def __init__(self, folder, more=""):
        self.folder = folder
        for name in ("wang", "li", "station"):
            key = folder / f"{name}.key"
            key.write_text(f"secret of {name}\n")
            key.chmod(0o600)
        self.site = folder / "site.yaml"
        self.site.write_text(SITE.format(more=more))
        self.context = zmq.Context()
        self.start()

    def start(self):
        (self.folder / "data" / "status.json").unlink(missing_ok=True)
        self.engine = Engine(self.site, self.folder, self.folder / "data")
        status = wait_for(lambda: self.engine.status() or self.engine.process.poll() is not None, 60, "a status")
        assert status is not True, self.engine.err
        self.inbox = self.engine.status()["inbox"]
        self.alarms = self.context.socket(zmq.SUB)
        self.alarms.setsockopt(zmq.LINGER, 0)
        self.alarms.setsockopt(zmq.RCVTIMEO, 60000)
        self.alarms.subscribe("alarm/")
        self.alarms.subscribe("cue/")
        self.alarms.connect(self.engine.status()["publish"])
        wait_for(lambda: self.engine.status()["subscribers"] >= 2, 60, "the subscription")

    def stop(self):
        status = self.engine.stop(timeout_s=60)
        self.alarms.close()
        return status

    def report(self, *words, name="wang", key=None, to=None):
        return subprocess.run([LINHUO, "report", "--name", name, "--key", self.folder / f"{key or name}.key",
                               "--to", to or self.inbox, "--timeout", "60", *words],
                              capture_output=True, text=True, timeout=120)

    def send(self, *frames, kind=zmq.DEALER, wait_ms=60000):
        socket = self.context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVTIMEO, wait_ms)
        socket.connect(self.inbox)
        socket.send_multipart([f if isinstance(f, bytes) else f.encode() for f in frames])
        try:
            return schemas.check(socket.recv_multipart()[-1])
        except zmq.Again:
            return None
        finally:
            socket.close()

    def letter(self, kind, name, key=None, **body):
        return self.send(f"LH1 {kind} {name}", f"secret of {key or name}", json.dumps(body))

    def alarm(self, wanted=lambda _: True):
        for _ in range(100):
            message = schemas.check(self.alarms.recv_multipart()[2])
            if wanted(message):
                return message
        pytest.fail("no such message")

    def audit(self):
        with sqlite3.connect(f"file:{self.folder}/data/alarms.sqlite?mode=ro", uri=True) as store:
            store.row_factory = sqlite3.Row
            return [dict(row) for row in store.execute("SELECT * FROM audit ORDER BY number")]


@pytest.fixture
def county(tmp_path):
    made = County(tmp_path)
    yield made
    made.stop()
    made.context.destroy(linger=0)


def report_body(**more):
    return {"id": "r-1", "person": "wang", "word": "fire", "observed": now(),
            "place": {"latitude": 37.561, "longitude": 111.92, "datum": "WGS-84"}, **more}


def test_a_report_raises_confirms_and_denies(county):
    first = county.report("--word", "smoke", "--at", AT, "--note", "behind the temple", name="li", to=None)
    assert first.returncode == 0 and "accepted" in first.stdout, first.stderr
    raised = county.alarm()
    assert raised["state"] == "raised" and raised["camera"] is None and raised["kind"] == "report"
    assert raised["incident"]["state"] == "suspected"
    assert raised["id"] in first.stdout
    confirmed = county.report("--word", "fire", "--about", raised["id"], "--json")
    assert confirmed.returncode == 0, confirmed.stderr
    receipt = schemas.check(confirmed.stdout)
    assert receipt["accepted"] and receipt["incident"] == raised["id"]
    alarm = county.alarm(lambda m: m["incident"]["state"] == "confirmed")
    assert alarm["id"] == raised["id"] and alarm["priority"] == "P1"
    assert county.report("--word", "out", "--about", raised["id"]).returncode == 0
    assert county.alarm(lambda m: m["incident"]["state"] == "closed as out")["state"] == "ended"


def test_nothing_here_closes_what_only_a_stranger_saw(county):
    assert county.report("--word", "smoke", "--at", AT, name="li").returncode == 0
    raised = county.alarm()
    assert county.report("--word", "nothing", "--at", AT, name="wang").returncode == 0
    ended = county.alarm(lambda m: m["state"] == "ended")
    assert ended["id"] == raised["id"] and ended["incident"]["state"] == "closed as false"
    assert any("nothing here" in reason["text"] for reason in ended["reasons"]), ended["reasons"]


def test_the_datum_of_a_chinese_map_is_taken_back(county):
    assert county.report("--word", "fire", "--at", "37.551784,112.162604", "--datum", "GCJ-02").returncode == 0
    where = county.alarm()["position"]["ellipses"][0]
    assert where["latitude_deg"] == pytest.approx(37.551, abs=1e-4)
    assert where["longitude_deg"] == pytest.approx(112.156, abs=1e-4)


def test_who_has_no_rights_is_refused_and_written_down(county):
    for words, key in ((("li",), "wang"), (("nobody",), "wang")):
        refused = county.report("--word", "fire", "--at", AT, name=words[0], key=key)
        assert refused.returncode == 1 and "no rights" in refused.stderr
        assert "secret" not in refused.stdout + refused.stderr
    (county.folder / "station.key").exists()
    refused = county.report("--word", "fire", "--at", AT, name="station")
    assert refused.returncode == 1 and "'station' may not send a report" in refused.stderr
    answer = county.send("LH1 report li", "secret of li", json.dumps(report_body()))
    assert not answer["accepted"] and "person" in answer["reason"]
    assert not county.letter("danger", "wang", id="d", level=5)["accepted"]
    assert county.report("--word", "fire", "--at", AT).returncode == 0
    entries = county.audit()
    assert [entry["accepted"] for entry in entries] == [0, 0, 0, 0, 0, 1]
    assert all(entry["reason"] and not entry["body"] for entry in entries[:5])
    assert [entry["sender"] for entry in entries] == ["li", "nobody", "station", "li", "wang", "wang"]
    assert "secret" not in json.dumps(entries) + county.engine.err
    assert json.loads(entries[5]["body"])["word"] == "fire"


def test_the_audit_is_only_appended_to(county):
    assert county.report("--word", "fire", "--at", AT).returncode == 0
    with sqlite3.connect(county.folder / "data" / "alarms.sqlite", timeout=30) as store:
        for statement in ("UPDATE audit SET sender = 'x'", "DELETE FROM audit"):
            with pytest.raises(sqlite3.IntegrityError, match="only appended to"):
                store.execute(statement)


def test_a_report_that_is_played_again_counts_once_also_after_a_restart(county):
    words = ("--word", "smoke", "--at", AT, "--id", "r-7")
    assert county.report(*words, name="li").returncode == 0
    raised = county.alarm()
    again = county.report(*words, name="li")
    assert again.returncode == 0 and "before" in again.stdout
    assert county.engine.stop(9) == -9
    county.alarms.close()
    county.start()
    again = county.report(*words, name="li")
    assert again.returncode == 0 and "before" in again.stdout
    confirmed = county.report("--word", "fire", "--about", raised["id"])
    assert confirmed.returncode == 0, "what was reported before the restart still stands: " + confirmed.stderr
    alarm = county.alarm(lambda m: m["incident"]["state"] == "confirmed")
    assert alarm["id"] == raised["id"] and alarm["incident"]["evidence_count"] == 2
    assert [entry["reason"] for entry in county.audit()] == ["", "came before", "came before", ""]


def test_a_photo_is_kept_and_one_that_is_too_large_is_refused(county):
    jpeg = b"\xff\xd8\xff\xe0" + os.urandom(2000)
    (county.folder / "a.jpg").write_bytes(jpeg)
    assert county.report("--word", "smoke", "--at", AT, "--photo", county.folder / "a.jpg").returncode == 0
    entry = county.audit()[0]
    assert (county.folder / "data" / entry["attachment"]).read_bytes() == jpeg
    assert "photo" not in entry["body"]
    large = county.folder / "large.jpg"
    with large.open("wb") as file:
        file.write(b"\xff\xd8\xff")
        file.truncate(100 << 20)
    refused = county.report("--word", "smoke", "--at", AT, "--photo", large)
    assert refused.returncode == 2 and "larger than 4 MiB" in refused.stderr
    data = base64.b64encode(b"\xff\xd8\xff" + bytes(5 << 20)).decode()
    body = report_body(photo={"media_type": "image/jpeg", "data": data})
    answer = county.letter("report", "wang", **body)
    assert not answer["accepted"] and "MiB" in answer["reason"]
    data = base64.b64encode(bytes(9 << 20)).decode()
    answer = county.letter("report", "wang", **report_body(photo={"media_type": "image/jpeg", "data": data}))
    assert not answer["accepted"] and "at most 8192 KiB" in answer["reason"]
    assert county.send("LH1 report wang", "secret of wang", bytes(100 << 20), wait_ms=3000) is None
    assert county.letter("report", "wang", **report_body())["accepted"], "the engine goes on"


GOOD = b'{"id": "r-1", "person": "wang", "word": "fire", "observed": "2020-11-24T11:15:00Z", "place": %s}'


@pytest.mark.parametrize("frames, reason", [
    ([b""], "header"), ([b"", b"", b""], "header"), ([b"LH2 report wang", b"k", b"{}"], "version"),
    ([b"LH1 report", b"k", b"{}"], "LH1 KIND SENDER"), ([b"LH1 alarm wang", b"k", b"{}"], "kind"),
    ([b"LH1 report wang"], "three frames"), ([b"LH1 report wang", b"k" * 5000, b"{}"], "key"),
    ([b"LH1 report wang", b"secret of wang", b"{}", b"more"], "three frames"),
    ([b"LH1 report \x00\xff\x1b[2J", b"k", b"{}"], "control"), ([b"LH1 report " + b"n" * 300, b"k", b"{}"], "name"),
    ([b"LH1 report wang", b"secret of wang", b"\x00\xff"], "JSON"),
    ([b"LH1 report wang", b"secret of wang", b"[" * 100000], "JSON"),
    ([b"LH1 report wang", b"secret of wang", GOOD % b'{"latitude": NaN, "longitude": 111, "datum": "WGS-84"}'], "JSON"),
    ([b"LH1 report wang", b"secret of wang", GOOD % b'{"latitude": 1e999, "longitude": 111, "datum": "WGS-84"}'], ""),
    ([b"LH1 report wang", b"secret of wang", GOOD % b'{"latitude": 91, "longitude": 111, "datum": "WGS-84"}'], "90"),
    ([b"LH1 report wang", b"secret of wang", GOOD % b'{"latitude": 37, "longitude": 111, "datum": "WGS-84"}'],
     "too long ago"),
    ([b"LH1 pose station", b"secret of station", b" " * 20000], "16 KiB"),
])
def test_garbage_is_refused_with_the_reason(county, frames, reason):
    answer = county.send(*frames)
    assert answer is not None and not answer["accepted"] and answer["reason"], county.engine.err
    assert reason in answer["reason"]
    assert "secret" not in answer["reason"]
    assert county.report("--word", "fire", "--at", AT).returncode == 0
    assert len(county.audit()) == 2


def test_a_flood_is_summed_up_and_keeps_nobody_waiting(county):
    socket = county.context.socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.RCVTIMEO, 60000)
    socket.connect(county.inbox)
    for _ in range(300):
        socket.send_multipart([b"LH1 report wang", b"wrong", b"{}"])
    assert county.report("--word", "fire", "--at", AT).returncode == 0
    for _ in range(300):
        assert not schemas.check(socket.recv())["accepted"]
    socket.close()
    refused = [entry for entry in county.audit() if not entry["accepted"]]
    assert 60 <= len(refused) <= 130, "sixty a minute, and the minute may have turned"


def test_danger_and_weather_are_carried_to_the_incident(county):
    assert county.letter("danger", "station", id="d-1", level=4, **{"from": now(-60), "to": now(86400)})["accepted"]
    assert county.letter("weather", "station", id="w-1", observed=now(), latitude=37.56, longitude=111.92,
                         datum="WGS-84", wind_m_s=6.5, wind_from_deg=310)["accepted"]
    assert not county.letter("weather", "station", id="w-2", observed=now(), latitude=37.56, longitude=111.92,
                             datum="WGS-84", wind_m_s=6500)["accepted"]
    assert county.report("--word", "smoke", "--at", AT).returncode == 0
    ground = county.alarm()["ground"]
    assert ground["danger_level"] == 4
    assert ground["wind"] == {"speed_m_s": pytest.approx(6.5), "from_deg": pytest.approx(310)}


def test_a_req_socket_is_answered_too(county):
    answer = county.send("LH1 report wang", "secret of wang", json.dumps(report_body()), kind=zmq.REQ)
    assert answer["accepted"] and answer["id"] == "r-1"


def test_without_people_the_inbox_is_shut_and_a_reload_opens_it(tmp_path, programs):
    site = tmp_path / "site.yaml"
    bus = 'bus: {publish: "tcp://127.0.0.1:*", inbox: "tcp://127.0.0.1:*", status_s: 0.2}\n'
    site.write_text('site: {data_folder: data}\n' + bus)
    engine = Engine(site, tmp_path, tmp_path / "data")
    programs.adopt(engine)
    wait_for(engine.status, 60, "a status")
    assert engine.status()["inbox"] is None
    (tmp_path / "key").write_text("12345678")
    (tmp_path / "key").chmod(0o600)
    site.write_text('site: {data_folder: data}\n' + bus + "people: [{name: wang, key_file: key}]\n")
    engine.send(1)
    wait_for(lambda: engine.status()["inbox"], 60, "the inbox")
    assert engine.stop() == 0


def test_keys_that_cannot_be_read_are_said_by_check(tmp_path):
    site = tmp_path / "site.yaml"
    (tmp_path / "open").write_text("12345678")
    (tmp_path / "open").chmod(0o644)
    (tmp_path / "short").write_text("123")
    (tmp_path / "short").chmod(0o600)
    site.write_text("people:\n  - {name: a, key_file: open}\n  - {name: b, key_file: short}\n"
                    "  - {name: a, key_file: none}\n")
    answer = subprocess.run([LINHUO, "check", site], capture_output=True, text=True, timeout=60)
    said = answer.stdout + answer.stderr
    assert answer.returncode == 2
    for words in ("chmod 600", "8 to 128 bytes", "two people are called 'a'"):
        assert words in said
    assert "12345678" not in said


@pytest.mark.parametrize("words, reason", [
    ((), "--word"), (("--word", "fire"), "where?"), (("--word", "fog", "--at", AT), "--word"),
    (("--word", "fire", "--at", "north"), "LAT,LON"), (("--word", "fire", "--at", "99,111"), "from -90 to 90"),
    (("--word", "fire", "--at", AT, "--datum", "mars"), "datum"),
    (("--word", "fire", "--bearing", "400", "--from", AT), "azimuth"),
    (("--word", "fire", "--at", AT, "--timeout", "-1"), "--timeout"),
])
def test_wrong_usage_of_report_is_2_and_says_why(tmp_path, words, reason):
    (tmp_path / "key").write_text("12345678")
    (tmp_path / "key").chmod(0o600)
    answer = subprocess.run([LINHUO, "report", *words, "--name", "x", "--key", tmp_path / "key", "--to",
                             "tcp://127.0.0.1:1"], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 2 and reason in (answer.stderr + ("--word" if not words else "")), answer.stderr


def test_report_says_that_nobody_answers(tmp_path):
    (tmp_path / "key").write_text("12345678")
    (tmp_path / "key").chmod(0o600)
    answer = subprocess.run([LINHUO, "report", "--word", "fire", "--at", AT, "--name", "x", "--key", tmp_path / "key",
                             "--to", "tcp://127.0.0.1:1", "--timeout", "1"], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 1 and "no receipt" in answer.stderr


CAMERAS = """
terrain: {files: [dem.asc], heights: sea_level}
cameras:
  - id: west
    url: rtsp://127.0.0.1:1/none
    pose: {latitude_deg: 37.55, longitude_deg: 111.90, azimuth_deg: 0, hfov_deg: 40, tilt_deg: -2}
    presets: [{name: north, azimuth_deg: 0}, {name: east, azimuth_deg: 60, tilt_deg: -1}]
  - id: dome
    url: rtsp://127.0.0.1:1/none
    pose: {latitude_deg: 37.53, longitude_deg: 111.86, azimuth_deg: 180, hfov_deg: 40}
    ptz: {url: "http://127.0.0.1:1/ptz"}
  - id: behind
    url: rtsp://127.0.0.1:1/none
    pose: {latitude_deg: 37.56, longitude_deg: 111.93, azimuth_deg: 90, hfov_deg: 40}
feeds: [{name: drop, kind: files, files: [hot.csv], latency_s: 60}]
"""
HOT = """latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,confidence,version,bright_ti5,frp,daynight
37.561,111.92,340.1,0.4,0.4,2026-11-24,0530,N20,nominal,2.0NRT,290.1,6.2,D
"""


def plain_ground(folder):
    """An elevation model without a hill: 1,000 m everywhere."""
    rows = "\n".join(" ".join(["1000"] * 200) for _ in range(200))
    (folder / "dem.asc").write_text("ncols 200\nnrows 200\nxllcorner 111.7\nyllcorner 37.4\ncellsize 0.002\n"
                                    f"NODATA_value -9999\n{rows}\n")
    (folder / "dem.prj").write_text('GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],'
                                    'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]')


def test_a_hotspot_that_no_camera_has_seen_cues_those_that_can(tmp_path):
    plain_ground(tmp_path)
    (tmp_path / "hot.csv").write_text(HOT)
    site = tmp_path / "site.yaml"
    site.write_text('site: {area_code: "141122"}\n' + CAMERAS)
    (tmp_path / "events.jsonl").write_text(
        '{"time": "2026-11-24T05:20:00Z"}\n{"time": "2026-11-24T05:40:00Z"}\n'
        '{"time": "2026-11-24T05:41:00Z", "look": {"camera": "west", "preset": "east"}}\n'
        '{"time": "2026-11-24T05:45:00Z"}\n')
    command = [LINHUO, "replay", site, "--events", tmp_path / "events.jsonl", "--json", "--quiet"]
    first = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert first.returncode == 0, first.stderr
    lines = [json.loads(line) for line in first.stdout.splitlines()]
    cues = [schemas.check(line) for line in lines if line.get("schema") == "linhuo/cue/1"]
    assert [cue["state"] for cue in cues] == ["wanted", "ended"], first.stdout
    ways = [(view["camera"], view["preset"], view["turn"]) for view in cues[0]["views"]]
    assert ways == [("west", "east", False), ("dome", "", True)]
    best = cues[0]["views"][0]
    assert best["azimuth_deg"] == pytest.approx(55, abs=2) and best["elevation_deg"] == pytest.approx(0.5, abs=1)
    assert best["distance_m"] == pytest.approx(2150, abs=60) and best["sight"] == "clear"
    assert cues[1]["about"] == cues[0]["about"] and cues[1]["time"] > cues[0]["time"]
    assert subprocess.run(command, capture_output=True, text=True, timeout=300).stdout == first.stdout


def test_cues_come_over_the_bus_and_may_be_asked_for(tmp_path):
    plain_ground(tmp_path)
    (tmp_path / "hot.csv").write_text(HOT)
    county = County(tmp_path, CAMERAS)
    try:
        watch = subprocess.Popen([LINHUO, "watch", county.site, "--topic", "cue/", "--count", "1", "--timeout", "120"],
                                 stdout=subprocess.PIPE, text=True)
        wait_for(lambda: county.engine.status()["subscribers"] >= 4, 60, "the watch")
        answer = county.letter("cue", "station", id="c-1", latitude=37.561, longitude=111.92, datum="WGS-84",
                               note="smoke seen from across the border")
        assert answer["accepted"], answer
        cue = county.alarm(lambda m: m["schema"] == "linhuo/cue/1")
        assert cue["origin"] == "letter" and cue["about"] == "c-1" and cue["views"][0]["camera"] == "west"
        out = watch.communicate(timeout=150)[0]
        assert watch.returncode == 0 and "east, azimuth 5" in out and "across the border" in out, out
        assert not county.letter("cue", "station", id="c-2", latitude=10, longitude=10, datum="WGS-84")["accepted"]
        assert county.report("--word", "smoke", "--at", AT).returncode == 0
        cue = county.alarm(lambda m: m["schema"] == "linhuo/cue/1")
        assert cue["origin"] == "incident" and "smoke" in cue["why"]
    finally:
        county.stop()
        county.context.destroy(linger=0)
