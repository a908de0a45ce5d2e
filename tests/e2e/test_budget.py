"""The budget of the day over a restart: kept through a kill, held-back tracks on record, started anew where it is spoilt."""
import signal
import sqlite3

import pytest
import schemas

from conftest import wait_for
from rtsp import Camera, make_clip
from test_engine import Subscriber, run, site  # noqa: F401 (fixtures)


@pytest.fixture
def tower(programs, site, tmp_path):  # noqa: F811
    """One alarm a day; a score of 0.9 does for it, and is not a logit above."""
    path = site.write([("tower-1", Camera(programs, make_clip(tmp_path)).url, "")])
    path.write_text(path.read_text().replace("tracks: {", "tracks: {budget_per_day: 1, confirm_score: 0.8, "))
    return site


def alarm_of(site):  # noqa: F811
    Subscriber(site.endpoint, "alarm/").until(lambda topic, *_: topic.startswith("alarm/"), 60)


def records_of(site):  # noqa: F811
    with sqlite3.connect(f"file:{site.data}/alarms.sqlite?mode=ro", uri=True) as store:
        return [schemas.check(body) for (body,) in store.execute(
            "SELECT json FROM event WHERE stream = 'kept' ORDER BY sequence").fetchall()]


def test_a_kill_gives_no_budget_out_again(tower, run):  # noqa: F811
    count = tower.data / "budgets" / "tower-1"
    first = run()
    alarm_of(tower)
    wait_for(count.exists, 30, "the count on disk")
    first.stop(signal.SIGKILL)
    assert count.read_text().endswith("\nconfirmed 1\n") and count.stat().st_mode & 0o777 == 0o600
    (tower.data / "status.json").unlink()
    second = run()
    wait_for(lambda: second.camera("tower-1").get("held", {}).get("budget") == 1, 60, "a track held back by the budget")
    wait_for(lambda: records_of(tower), 30, "its record")
    assert second.stop() == 0
    (record,) = records_of(tower)
    assert record["schema"] == "linhuo/held/1" and record["held"] == "budget" and record["camera"] == "tower-1"
    assert record["score"] == record["raw_score"] == pytest.approx(0.9, abs=0.01)
    count.write_text("linhuo-spending 1\nday 1")
    third = run()
    alarm_of(tower)
    assert third.stop() == 0
    assert f"{count}: " in third.err and "the count of the day starts anew" in third.err
    assert count.read_text().endswith("\nconfirmed 1\n")
