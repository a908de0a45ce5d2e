"""What a reload changes and what it leaves alone, and a picture with very many tracks."""
import signal
import sqlite3

from conftest import wait_for
from rtsp import Camera
from test_engine import Subscriber, clip, run, site  # noqa: F401 (fixtures)


def alarms(site):
    with sqlite3.connect(f"file:{site.data}/alarms.sqlite?mode=ro", uri=True) as store:
        return store.execute("SELECT id, camera, state FROM alarm").fetchall()


def test_a_new_mask_ends_what_it_covers(programs, clip, site, run):
    one, two = (Camera(programs, clip, name) for name in ("one", "two"))
    site.write([("a", one.url, ""), ("b", two.url, "")])
    engine = run()
    console = Subscriber(site.endpoint, "alarm/")
    for name in "ab":
        console.until(lambda _, __, body: body["camera"]["id"] == name, 20)
    site.write([("a", one.url, ", masks: [{points: [[0, 0], [1, 0], [1, 1], [0, 1]]}]"),
                ("b", two.url, "")])
    engine.send(signal.SIGHUP)
    ended = console.until(lambda _, __, body: body["state"] == "ended", 20)[2]
    assert ended["camera"]["id"] == "a"
    wait_for(lambda: "1 kept, 0 added, 1 changed, 0 removed" in engine.err, 10, "the summary in the log")
    wait_for(lambda: any(d["masked"] > 2 for d in engine.camera("a").get("detectors", [])), 20,
             "finds that the new mask covers")
    assert [state for _, camera, state in alarms(site) if camera == "a"] == ["ended"]
    assert engine.stop() == 0


def test_every_track_of_a_picture_raises_its_alarm(programs, clip, site, run):
    count = 150
    (site.folder / "script.txt").write_text("".join(
        f"* smoke {0.005 + 0.065 * (i % 15):.3f} {0.01 + 0.095 * (i // 15):.3f} 0.03 0.04 0.9\n"
        for i in range(count)))
    camera = Camera(programs, clip)
    site.write([("a", camera.url, "")], "evidence: {enabled: false}\n")
    site.path.write_text(site.path.read_text().replace(
        "min_growth: 0}", "min_growth: 0, max_tracks: 300, max_distance_share: 0.01}"))
    engine = run()
    wait_for(engine.status, 20, "the engine at work")
    wait_for(lambda: len(alarms(site)) == count, 60, f"{count} alarms")
    assert engine.stop() == 0
