"""The memory of a place over a restart: written at the end, read at the start, started anew where it is spoilt."""
import pytest

from conftest import wait_for
from rtsp import Camera, make_clip
from test_engine import Subscriber, run, site  # noqa: F401 (fixtures)


@pytest.fixture
def tower(programs, site, tmp_path):  # noqa: F811
    camera = Camera(programs, make_clip(tmp_path))
    site.write([("tower-1", camera.url, "")])
    return site


def run_until_alarm(site, run):  # noqa: F811
    engine = run()
    Subscriber(site.endpoint, "alarm/").until(lambda topic, *_: topic.startswith("alarm/"), 60)
    assert engine.stop() == 0
    return engine


def test_it_is_kept_and_a_spoilt_file_is_started_anew(tower, run):  # noqa: F811
    memory = tower.data / "places" / "tower-1"
    first = run_until_alarm(tower, run)
    assert memory.read_bytes()[:8] == b"LHPLACE\0" and memory.stat().st_mode & 0o777 == 0o600
    assert memory.parent.stat().st_mode & 0o777 == 0o700
    second = run_until_alarm(tower, run)
    for engine in (first, second):
        assert "memory of the place" not in engine.err
    whole = memory.read_bytes()
    memory.write_bytes(whole[:1000])
    third = run_until_alarm(tower, run)
    assert f"{memory}: " in third.err and "the memory of the place starts anew" in third.err
    assert len(memory.read_bytes()) == len(whole)
    wait_for(lambda: not list(memory.parent.glob("*.new")), 1, "no file left over")
