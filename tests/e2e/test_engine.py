"""The engine end to end: real RTSP cameras in, alarms out of a real ZeroMQ socket and a real store."""
import json
import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
import zmq

from conftest import LINHUO, ROOT, Engine, free_port, wait_for
from rtsp import Camera, make_clip

SCHEMAS = ROOT / "engine" / "alarm"


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return make_clip(tmp_path_factory.mktemp("clips"))


class Site:
    """A site file with scripted detectors, written again for every reload."""

    def __init__(self, folder, script="* smoke 0.4 0.4 0.1 0.1 0.9"):
        self.folder, self.path, self.data = folder, folder / "site.yaml", folder / "data"
        self.port = free_port()
        self.endpoint = f"tcp://127.0.0.1:{self.port}"
        (folder / "script.txt").write_text(script + "\n")
        self.detectors = ("detectors:\n  - name: scripted\n    plugin: scripted\n"
                          "    settings: {script: ./script.txt}\n")

    def write(self, cameras, more=""):
        text = (f"site: {{name: Test county, area_code: '141122', data_folder: {self.data}}}\n"
                f"bus: {{publish: '{self.endpoint}', heartbeat_s: 0.5, status_s: 0.3}}\n"
                f"{self.detectors}{more}"
                "tracks: {confirm_hits: 2, confirm_window: 3, confirm_min_s: 0, max_gap_s: 5, min_growth: 0}\n"
                "alarms: {update_interval_s: 1}\n"
                "camera_defaults: {watch_interval_s: 0.5, stall_timeout_s: 3, open_timeout_s: 3, "
                "reconnect_min_s: 0.3, reconnect_max_s: 1}\n"
                "cameras:\n" if cameras else "")
        text += "".join(f"  - {{id: {name}, url: '{url}'{rest}}}\n" for name, url, rest in cameras)
        self.path.write_text(text)
        return self.path


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


@pytest.fixture
def run(programs, site, tmp_path):
    def start():
        engine = Engine(site.path, tmp_path, site.data)
        programs.adopt(engine)
        return engine
    return start


class Subscriber:
    """A console as anyone would write it, with pyzmq."""

    def __init__(self, endpoint, *topics):
        self.socket = zmq.Context.instance().socket(zmq.SUB)
        for topic in topics or [""]:
            self.socket.subscribe(topic)
        self.socket.connect(endpoint)

    def receive(self, timeout_s=10):
        """The next message as (topic, header words, JSON)."""
        if not self.socket.poll(int(timeout_s * 1000)):
            return None
        topic, header, body = self.socket.recv_multipart()
        return topic.decode(), header.decode().split(" "), json.loads(body)

    def until(self, wanted, timeout_s=15):
        end = time.monotonic() + timeout_s
        while (left := end - time.monotonic()) > 0:
            message = self.receive(left)
            if message and wanted(*message):
                return message
        pytest.fail(f"the wanted message did not come within {timeout_s} s")


def validate(message):
    import jsonschema
    kind = message["schema"].split("/")[1]
    schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_text())
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(message)


def test_a_subscriber_receives_a_valid_alarm_that_is_stored_with_evidence(programs, clip, site, run):
    camera = Camera(programs, clip)
    site.write([("tower-1", camera.url, "")])
    engine = run()
    console = Subscriber(site.endpoint, "alarm/", "hb/")
    topic, header, alarm = console.until(lambda topic, *_: topic.startswith("alarm/"), 20)
    assert topic == f"alarm/{alarm['priority']}/141122/"
    assert header[0] == "LH1" and header[2] == "alarm" and int(header[3]) == alarm["sequence"]
    validate(alarm)
    assert alarm["camera"]["id"] == "tower-1" and alarm["kind"] == "smoke"
    assert alarm["box"]["x"] == pytest.approx(0.4, abs=0.01)
    for name in alarm["evidence"].values():
        picture = site.data / name
        assert picture.read_bytes()[:2] == b"\xff\xd8", f"{picture} is not a JPEG"
    with sqlite3.connect(f"file:{site.data}/alarms.sqlite?mode=ro", uri=True) as store:
        rows = store.execute("SELECT count(*) FROM event WHERE stream = 'alarm' AND sequence = ?",
                             (alarm["sequence"],)).fetchone()
    assert rows[0] == 1, "an alarm was on the wire that is not in the store"
    beat = console.until(lambda topic, _, body: topic == "hb/"
                         and body["last"]["alarm"] >= alarm["sequence"], 5)
    validate(beat[2])
    wait_for(lambda: engine.status(), 5, "status.json")
    validate(engine.status())
    assert engine.stop() == 0


def test_one_track_is_one_alarm(programs, clip, site, run):
    camera = Camera(programs, clip)
    site.write([("tower-1", camera.url, "")])
    run()
    console = Subscriber(site.endpoint, "alarm/")
    seen = [console.until(lambda *_: True, 15)[2] for _ in range(4)]
    assert len({alarm["id"] for alarm in seen}) == 1
    revisions = [alarm["revision"] for alarm in seen]
    assert revisions == sorted(set(revisions)), "every revision is published once, in order"


def test_a_server_that_stops_for_20_s_is_noticed_reported_and_recovered_from(programs, clip, site, run):
    camera, other = Camera(programs, clip, "one"), Camera(programs, clip, "two")
    site.write([("tower-1", camera.url, ""), ("tower-2", other.url, "")])
    engine = run()
    console = Subscriber(site.endpoint, "health/")
    engine.wait_health("tower-1", "seeing", 15)
    engine.wait_health("tower-2", "seeing", 15)
    connections = engine.camera("tower-2")["connections"]
    stopped = time.monotonic()
    camera.process.send(signal.SIGSTOP)
    console.until(lambda topic, _, body: topic == "health/tower-1/" and body["health"] != "seeing", 8)
    assert "tower-1" in engine.err and "no packet" in engine.err.lower() or "stand" in engine.err.lower()
    wait_for(lambda: engine.camera("tower-1").get("health") != "seeing", 3, "the status to say so too")
    while time.monotonic() - stopped < 20:
        assert engine.camera("tower-1").get("health") in ("stalled", "disconnected")
        time.sleep(0.5)
    camera.process.send(signal.SIGCONT)
    engine.wait_health("tower-1", "seeing", 15)
    assert engine.camera("tower-1")["blind_s"] >= 10
    assert engine.camera("tower-2")["connections"] == connections, "the other camera was disturbed"
    assert engine.camera("tower-2")["health"] == "seeing"


def test_a_reload_leaves_the_other_cameras_alone(programs, clip, site, run):
    one, two, three = (Camera(programs, clip, name) for name in ("one", "two", "three"))
    site.write([("a", one.url, ""), ("b", two.url, "")])
    engine = run()
    engine.wait_health("a", "seeing", 15)
    engine.wait_health("b", "seeing", 15)
    before = engine.camera("a")

    site.write([("a", one.url, ""), ("b", two.url, ", watch_interval_s: 1"), ("c", three.url, "")])
    engine.send(signal.SIGHUP)
    engine.wait_health("c", "seeing", 15)
    wait_for(lambda: "1 kept, 1 added, 1 changed, 0 removed" in engine.err, 5, "the summary in the log")
    engine.wait_health("b", "seeing", 15)
    wait_for(lambda: engine.camera("a")["frames"] > before["frames"], 5, "more pictures of camera a")
    assert engine.camera("a")["connections"] == before["connections"] == 1

    site.write([("a", one.url, "")])
    engine.send(signal.SIGHUP)
    wait_for(lambda: "1 kept, 0 added, 0 changed, 2 removed" in engine.err, 10, "the second summary")
    wait_for(lambda: [c["id"] for c in engine.status()["cameras"]] == ["a"], 5, "only camera a")
    assert engine.stop() == 0


def test_an_invalid_new_file_is_refused_whole(programs, clip, site, run):
    camera = Camera(programs, clip)
    site.write([("a", camera.url, "")])
    engine = run()
    engine.wait_health("a", "seeing", 15)
    site.write([("a", camera.url, ", watch_intervall_s: 3"), ("b", camera.url, "")])
    engine.send(signal.SIGHUP)
    wait_for(lambda: "refused" in engine.err, 5, "the refusal")
    assert "watch_interval_s" in engine.err, "the nearest right name is missing"
    assert [c["id"] for c in engine.status()["cameras"]] == ["a"]
    assert engine.camera("a")["connections"] == 1
    site.write([("a", camera.url, "")])
    site.path.write_text(site.path.read_text().replace("plugin: scripted", "plugin: not_there"))
    engine.send(signal.SIGHUP)
    wait_for(lambda: engine.err.count("refused") == 2, 5, "the second refusal")
    assert "not_there" in engine.err
    assert engine.camera("a")["health"] == "seeing"


def test_a_configured_detector_that_cannot_load_is_fatal_at_start(site, clip):
    site.detectors = "detectors:\n  - {name: x, plugin: no_such_detector}\n"
    site.write([("a", str(clip), "")])
    done = subprocess.run([LINHUO, "run", site.path], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert "site.yaml:4:" in done.stderr and "no_such_detector" in done.stderr


def test_a_failing_detector_is_counted_and_the_camera_goes_on(programs, clip, tmp_path, run, site):
    (tmp_path / "script.txt").write_text("1-5 fail no network today\n* nan\n* outside\n"
                                         "* smoke 0.4 0.4 0.1 0.1 0.9\n")
    camera = Camera(programs, clip)
    site.write([("a", camera.url, "")])
    engine = run()
    console = Subscriber(site.endpoint, "alarm/")
    assert console.until(lambda *_: True, 20)[2]["camera"]["id"] == "a"
    wait_for(lambda: engine.camera("a")["detectors"][0]["failures"] == 5, 5, "five failures in the status")
    assert engine.camera("a")["detectors"][0]["refused"] > 0
    assert engine.err.count("no network today") == 1, "the complaint did not back off"


def test_kill_9_loses_no_alarm_that_was_published(programs, clip, site, run):
    cameras = [Camera(programs, clip, f"camera-{i}") for i in range(2)]
    site.write([(f"t{i}", camera.url, "") for i, camera in enumerate(cameras)])
    engine = run()
    console = Subscriber(site.endpoint, "alarm/")
    received = [console.until(lambda *_: True, 20)[2] for _ in range(3)]
    engine.process.kill()
    engine.process.wait()
    while message := console.receive(0.5):
        received.append(message[2])
    with sqlite3.connect(site.data / "alarms.sqlite") as store:
        stored = dict(store.execute("SELECT sequence, json FROM event WHERE stream = 'alarm'").fetchall())
    for alarm in received:
        assert json.loads(stored[alarm["sequence"]]) == alarm
    second = run()
    alarm = console.until(lambda *_: True, 20)
    assert alarm[2]["sequence"] > max(stored), "sequence numbers began anew in the same store"
    assert alarm[2]["epoch"] != received[0]["epoch"]
    assert second.stop() == 0


def test_two_hundred_cameras_of_which_most_are_dead_start_and_stop(programs, clip, site, run):
    camera = Camera(programs, clip)
    dead = free_port()
    cameras = [(f"dead-{i}", f"rtsp://127.0.0.1:{dead}/cam", "") for i in range(195)]
    site.write([("alive", camera.url, ""), *cameras])
    engine = run()
    engine.wait_health("alive", "seeing", 20)
    assert len(engine.status()["cameras"]) == 196
    assert "refused" in engine.camera("dead-3")["last_error"] or engine.camera("dead-3")["last_error"]
    threads = {Path(f"/proc/{engine.process.pid}/task/{t}/comm").read_text().strip()
               for t in os.listdir(f"/proc/{engine.process.pid}/task")}
    assert {"alarm", "detect-1", "cam-alive"} <= threads
    assert engine.stop(timeout_s=20) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small file system")
def test_a_full_disk_delays_alarms_and_says_so(programs, clip, site, run):
    site.data.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", site.data]).returncode:
        pytest.skip("mounting is not permitted here")
    try:
        camera = Camera(programs, clip)
        site.write([("a", camera.url, "")], "evidence: {enabled: false}\n")
        engine = run()
        console = Subscriber(site.endpoint, "alarm/", "hb/")
        first = console.until(lambda topic, *_: topic.startswith("alarm/"), 20)[2]
        with (site.data / "filler").open("ab", buffering=0) as filler:
            end = time.monotonic() + 60
            while True:  # again and again: the engine gives up its reserve first
                try:
                    while True:
                        filler.write(bytes(1 << 12))
                except OSError:
                    message = console.receive(0.2)
                if message and message[0] == "hb/" and message[2]["backlog"] > 0:
                    beat = message[2]
                    break
                assert time.monotonic() < end, "the disk was full for 60 s and no alarm had to wait"
        validate(beat)
        assert "space" in engine.err
        (site.data / "filler").unlink()
        later = console.until(lambda topic, _, body: topic.startswith("alarm/")
                              and body["sequence"] > beat["last"]["alarm"], 20)[2]
        assert later["id"] == first["id"]
        console.until(lambda topic, _, body: topic == "hb/" and body["backlog"] == 0, 20)
        assert engine.stop() == 0
    finally:
        subprocess.run(["umount", "-l", site.data])


def test_status_says_who_does_not_see_and_why(programs, clip, site, run):
    camera = Camera(programs, clip)
    site.write([("good", camera.url, ""), ("bad", f"rtsp://127.0.0.1:{free_port()}/cam", "")])
    engine = run()
    engine.wait_health("good", "seeing", 15)
    wait_for(lambda: engine.camera("bad").get("failures"), 10, "a failure of the dead camera")
    done = subprocess.run([LINHUO, "status", site.path], capture_output=True, text=True, timeout=10)
    assert done.returncode == 1
    assert "good" in done.stdout and "seeing" in done.stdout
    assert "bad" in done.stdout and "disconnected" in done.stdout
    engine.stop()


def test_run_without_a_site_file_teaches(tmp_path):
    done = subprocess.run([LINHUO, "run"], capture_output=True, text=True)
    assert done.returncode == 2 and "usage: linhuo run" in done.stderr
    done = subprocess.run([LINHUO, "run", tmp_path / "nothing.yaml"], capture_output=True, text=True)
    assert done.returncode == 2 and "nothing.yaml" in done.stderr
    done = subprocess.run([LINHUO, "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and "replay" in done.stdout
    for command in ("run", "check", "replay", "watch", "status", "plugins", "sample-config"):
        done = subprocess.run([LINHUO, command, "--help"], capture_output=True, text=True)
        assert done.returncode == 0 and "usage: linhuo" in done.stdout, command
