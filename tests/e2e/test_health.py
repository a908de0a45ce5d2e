"""What the engine says of its cameras, on the bus and to `linhuo status`, against the schemas."""
import json
import subprocess

import schemas
from conftest import LINHUO, free_port, wait_for
from rtsp import Camera
from test_engine import Subscriber, clip, run, site  # noqa: F401 (fixtures)


def status(site, *words):
    return subprocess.run([LINHUO, "status", site.path, *words], capture_output=True, text=True,
                          timeout=20)


def test_health_and_status_fit_their_schemas(programs, clip, site, run):
    camera = Camera(programs, clip)
    site.write([("good", camera.url, ""), ("bad", f"rtsp://127.0.0.1:{free_port()}/cam", "")])
    engine = run()
    console = Subscriber(site.endpoint, "health/", "status/")
    engine.wait_health("good", "seeing", 20)
    wait_for(lambda: engine.camera("bad").get("failures"), 20, "a failure of the dead camera")
    camera.process.stop()
    gone = console.until(lambda topic, _, body: topic == "health/good/"
                         and body["before"] == "seeing", 30)[2]
    schemas.check(gone)
    assert gone["camera"] == "good" and gone["health"] in ("disconnected", "stalled")
    assert gone["last_error"] and gone["last_fresh"]
    brief = schemas.check(console.until(lambda topic, *_: topic == "status/", 20)[2])
    assert {entry["id"] for entry in brief["cameras"]} == {"good", "bad"}
    schemas.check(engine.status())

    done = status(site, "--json")
    full = schemas.check(json.dumps(json.loads(done.stdout)))
    assert {entry["id"] for entry in full["cameras"]} == {"good", "bad"}
    assert all(entry["detectors"] for entry in full["cameras"])
    assert done.returncode == 1, "a camera does not see"
    assert engine.stop() == 0


def test_status_says_in_its_exit_whether_every_camera_sees(programs, clip, site, run):
    camera = Camera(programs, clip)
    site.write([("good", camera.url, "")])
    done = status(site, "--json")
    assert done.returncode == 1 and "is the engine running" in done.stderr and not done.stdout
    engine = run()
    engine.wait_health("good", "seeing", 20)
    assert status(site, "--json").returncode == status(site).returncode == 0
    assert engine.stop() == 0
    old = json.loads((site.data / "status.json").read_text())
    (site.data / "status.json").write_text(json.dumps({**old, "now": "2016-06-04T00:00:00.000Z"}))
    assert status(site, "--json").returncode == status(site).returncode == 1
