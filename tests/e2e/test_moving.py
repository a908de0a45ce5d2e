"""Cameras that move: real RTSP, a real ONVIF service or letters that say where they look."""
import json
import re
import sys
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

import pytest
import schemas
import zmq
from conftest import Engine, wait_for
from rtsp import Camera, make_clip

POSE = "pose: {latitude_deg: 37.55, longitude_deg: 111.90, azimuth_deg: 0, hfov_deg: 40}"
PRESETS = "presets: [{name: north, azimuth_deg: 10}, {name: east, azimuth_deg: 90}]"


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return make_clip(tmp_path_factory.mktemp("clips"))


class Tower:
    """An engine that watches one movable camera in which everything burns, and whoever drives the camera."""

    def __init__(self, folder, programs, url, ptz=""):
        (folder / "script.txt").write_text("* smoke 0.45 0.4 0.1 0.1 0.9\n")
        (folder / "key").write_text("12345678")
        (folder / "key").chmod(0o600)
        (folder / "secret").write_text("user: operator\npassword: secret\n")
        (folder / "secret").chmod(0o600)
        site = folder / "site.yaml"
        site.write_text(f"""
site: {{area_code: "141122", data_folder: data}}
bus: {{publish: "tcp://127.0.0.1:*", inbox: "tcp://127.0.0.1:*", status_s: 0.2}}
detectors: [{{name: scripted, plugin: scripted, settings: {{script: ./script.txt}}}}]
tracks: {{confirm_hits: 2, confirm_window: 3, confirm_min_s: 0, min_growth: 0, verify: false, place_weight: 0}}
people: [{{name: drive, key_file: key, reports: false, poses: true}}]
cameras:
  - id: dome
    url: {url}
    watch_interval_s: 0.5
    {POSE}
    {PRESETS}
    {ptz}
""")
        self.engine = Engine(site, folder, folder / "data")
        programs.adopt(self.engine)
        wait_for(self.engine.status, 60, "a status")
        self.context = zmq.Context()
        self.alarms = self.socket(zmq.SUB, self.engine.status()["publish"])
        self.alarms.subscribe("alarm/")
        self.number = 0

    def socket(self, kind, endpoint):
        socket = self.context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVTIMEO, 60000)
        socket.connect(endpoint)
        return socket

    def alarm(self, wanted):
        for _ in range(200):
            message = schemas.check(self.alarms.recv_multipart()[2])
            if wanted(message):
                return message
        pytest.fail("no such alarm")

    def counts(self):
        camera = self.engine.camera("dome")
        return camera.get("frames_analysed", 0), camera.get("frames_moving", 0)


class Driver:
    """Says five times a second where the camera looks, until it is told otherwise."""

    def __init__(self, tower):
        self.pose = {"azimuth_deg": 10, "tilt_deg": 0, "moving": False}
        self.tower, self.ended, self.answers = tower, False, []
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        socket = self.tower.socket(zmq.DEALER, self.tower.engine.status()["inbox"])
        number = 0
        while not self.ended:
            number += 1
            now = datetime.fromtimestamp(time.time(), timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            body = {"id": f"p-{number}", "camera": "dome", "time": now, **self.pose}
            socket.send_multipart([b"LH1 pose drive", b"12345678", json.dumps(body).encode()])
            self.answers.append(schemas.check(socket.recv()))
            time.sleep(0.2)
        socket.close()

    def stop(self):
        self.ended = True
        self.thread.join()


def test_each_preset_has_its_own_alarm_and_pictures_in_motion_are_not_looked_at(tmp_path, programs, clip):
    tower = Tower(tmp_path, programs, Camera(programs, clip).url)
    driver = Driver(tower)
    try:
        north = tower.alarm(lambda m: m["camera"]["preset"] == "north")
        assert north["position"]["form"] == "sector" and north["position"]["azimuth_deg"] == pytest.approx(10, abs=3)
        driver.pose = {"azimuth_deg": 50, "tilt_deg": 0, "moving": True}
        _, moved = tower.counts()
        wait_for(lambda: tower.counts()[1] > moved + 3, 120, "pictures taken in motion")
        analysed, moved = tower.counts()
        wait_for(lambda: tower.counts()[1] > moved + 3, 120, "pictures taken in motion")
        assert tower.counts()[0] == analysed, "none of them is looked at"
        driver.pose = {"azimuth_deg": 90.1, "tilt_deg": 0, "moving": False}
        east = tower.alarm(lambda m: m["camera"]["preset"] == "east")
        assert east["id"] != north["id"] and east["state"] == "raised"
        assert east["position"]["azimuth_deg"] == pytest.approx(90, abs=3)
        driver.pose = {"azimuth_deg": 200, "tilt_deg": 0, "moving": False}
        elsewhere = tower.alarm(lambda m: m["camera"]["preset"] == "elsewhere")
        assert elsewhere["position"] is None, "nobody says what that is"
    finally:
        driver.stop()
    assert all(answer["accepted"] for answer in driver.answers), driver.answers[-1]
    assert tower.engine.stop(timeout_s=60) == 0


@pytest.fixture
def onvif(programs):
    script = Path(__file__).parent / "onvif_service.py"
    process = programs([sys.executable, script, "--user", "operator", "--password", "secret"], "onvif")
    told = wait_for(lambda: re.match(r"port (\d+)\n", process.out), 60, "the ONVIF service")
    return f"http://127.0.0.1:{told[1]}"


def ptz(url, more):
    return f"credentials: secret\n    ptz: {{url: '{url}', poll_interval_s: 0.2, timeout_s: 3, {more}}}"


def test_a_camera_is_asked_where_it_looks(tmp_path, programs, clip, onvif):
    section = ptz(onvif + "/degrees", "pan_zero_deg: 213.4, pan_scale_deg: -1, tilt_zero_deg: 4.5, tilt_scale_deg: 1")
    tower = Tower(tmp_path, programs, Camera(programs, clip).url, section)
    assert tower.alarm(lambda m: m["camera"])["camera"]["preset"] == "east"
    assert tower.engine.stop(timeout_s=60) == 0


def test_one_that_turns_all_the_time_is_not_looked_at(tmp_path, programs, clip, onvif):
    tower = Tower(tmp_path, programs, Camera(programs, clip).url, ptz(onvif + "/ptz", "pan_zero_deg: 55"))
    wait_for(lambda: tower.counts()[1] > 5, 120, "pictures taken in motion")
    assert tower.counts()[0] == 0
    assert tower.engine.stop(timeout_s=60) == 0


@pytest.mark.parametrize("path", ["/silent", "/fault", "/bomb"])
def test_one_that_does_not_say_is_watched_without_a_position(tmp_path, programs, clip, onvif, path):
    tower = Tower(tmp_path, programs, Camera(programs, clip).url, ptz(onvif + path, "pan_zero_deg: 0"))
    alarm = tower.alarm(lambda m: m["camera"])
    assert alarm["camera"]["preset"] == "elsewhere" and alarm["position"] is None
    assert "does not say where it looks" in tower.engine.err
    assert tower.engine.stop(timeout_s=60) == 0
