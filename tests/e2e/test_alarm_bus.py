"""What a consumer sees of the alarm desk: the messages, the watch command, the example console."""
import copy
import json
import re
import signal
import sqlite3
import subprocess
import sys
import time

import jsonschema
import pytest
import schemas
import zmq
from conftest import BUILD, LINHUO, ROOT, wait_for


class Desk:
    """desk_drive.c: a real desk with store, evidence and bus, told what to do line by line."""

    def __init__(self, data):
        self.data = data
        self.process = subprocess.Popen([BUILD / "tests" / "alarm" / "linhuo-desk-drive", data],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.endpoint = self.process.stdout.readline().strip()
        assert self.endpoint.startswith("tcp://127.0.0.1:"), self.process.stderr.read()

    def do(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        assert answer == "ok", f"{line}: {answer}"

    def stop(self):
        if self.process.poll() is None:
            self.process.communicate(timeout=15)
        return self.process.returncode

    def kill(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path / "data")
    yield made
    if made.process.poll() is None:
        made.kill()


@pytest.fixture
def subscribe():
    context = zmq.Context()
    sockets = []

    def connect(endpoint, topic=""):
        socket = context.socket(zmq.SUB)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVTIMEO, 10000)
        socket.setsockopt_string(zmq.SUBSCRIBE, topic)
        socket.connect(endpoint)
        sockets.append(socket)
        return socket

    yield connect
    for socket in sockets:
        socket.close()
    context.term()


def receive(socket):
    """Topic, header and the message, which fits its schema and its header."""
    topic, header, body = socket.recv_multipart()
    message = schemas.check(body)
    assert header.decode() == "LH1 {epoch} {stream} {sequence}".format(**message)
    assert topic.endswith(b"/") and len(topic) < 200
    return topic.decode(), message


def receive_until(socket, wanted):
    for _ in range(200):
        topic, message = receive(socket)
        if topic.startswith(wanted):
            return topic, message
    pytest.fail(f"no message of {wanted}")


def watch(*words, **more):
    return subprocess.Popen([LINHUO, "watch", *[str(word) for word in words]], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, **more)


def test_a_subscriber_receives_an_alarm_and_validates_it(desk, subscribe):
    socket = subscribe(desk.endpoint, "alarm/")
    desk.do("subscribers 1")
    desk.do("raise 1 0.75")
    topic, raised = receive(socket)
    assert topic == "alarm/P2/141122/"
    assert raised["state"] == "raised" and raised["priority"] == "P2" and raised["revision"] == 1
    assert raised["camera"] == {"id": "tower-1", "name": "北山 tower", "preset": "north"}
    for name in raised["evidence"].values():
        assert (desk.data / name).read_bytes().startswith(b"\xff\xd8"), "evidence is on disk before"
    desk.do("confirm")
    topic, updated = receive(socket)
    assert topic == "alarm/P1/141122/" and updated["incident"]["state"] == "confirmed"
    assert {reason["kind"] for reason in updated["reasons"]} >= {"camera", "report", "prior"}
    assert (updated["id"], updated["revision"], updated["sequence"]) == (raised["id"], 2, 2)
    desk.do("raise 2 0.75")
    assert receive(socket)[1]["state"] == "raised"
    desk.do("lose 2")
    assert receive(socket)[1]["state"] == "ended"


def test_what_is_published_is_in_the_store_byte_for_byte(desk, subscribe):
    socket = subscribe(desk.endpoint, "alarm/")
    desk.do("subscribers 1")
    for number in range(1, 6):
        desk.do(f"raise {number} 0.{number + 3}")
    received = [socket.recv_multipart() for _ in range(5)]
    desk.kill()
    with sqlite3.connect(desk.data / "alarms.sqlite") as store:
        stored = store.execute("SELECT topic, json FROM event WHERE stream = 'alarm' "
                               "ORDER BY sequence").fetchall()
    assert [(topic.decode(), body.decode()) for topic, _, body in received] == stored


def test_every_kind_of_message_fits_its_schema(desk, subscribe):
    socket = subscribe(desk.endpoint)
    desk.do("subscribers 1")
    desk.do("raise 1 0.75")
    desk.do("raise 2 0.2")
    for state in range(8):
        desk.do(f"health {state}")
    desk.do("status")
    seen, states = set(), []
    while len(seen) < 4 or len(states) < 8:
        topic, message = receive(socket)
        seen.add(message["schema"])
        if topic == "health/tower-1/":
            states.append((message["before"], message["health"]))
    assert seen == set(schemas.VALIDATORS) - {"linhuo/receipt/1", "linhuo/cue/1"}
    assert states[0] == ("seeing", "starting") and all(
        states[i][0] == states[i - 1][1] for i in range(1, 8))
    assert desk.stop() == 0
    with sqlite3.connect(desk.data / "alarms.sqlite") as store:
        for stream, body in store.execute("SELECT stream, json FROM event").fetchall():
            assert schemas.check(body)["stream"] == stream


def test_the_schemas_refuse_what_is_not_so(desk, subscribe):
    socket = subscribe(desk.endpoint, "alarm/")
    desk.do("subscribers 1")
    desk.do("raise 1 0.75")
    good = receive(socket)[1]
    wrong = [("score", 1.5), ("priority", "P4"), ("state", None), ("kind", "fog"), ("sequence", 0),
             ("box", {"x": 0.1}), ("reasons", []), ("times", {}), ("schema", "linhuo/alarm/1"), ("probability", 1.5),
             ("position", {"form": "ellipses"}),
             ("evidence", {"frame": "/absolute.jpg"}), ("a_new_field", 1)]
    for key, value in wrong:
        bad = copy.deepcopy(good)
        bad[key] = value
        with pytest.raises((jsonschema.ValidationError, AssertionError)):
            schemas.check(bad)
    for key in good:
        bad = {name: value for name, value in good.items() if name != key}
        with pytest.raises((jsonschema.ValidationError, AssertionError, KeyError)):
            schemas.check(bad)


def test_the_heartbeat_says_the_last_number_and_a_late_subscriber_can_tell(desk, subscribe):
    desk.do("raise 1 0.75")
    desk.do("update 1 0.76")
    socket = subscribe(desk.endpoint, "hb/")
    _, beat = receive(socket)
    assert beat["last"] == {"alarm": 2, "health": 0} and beat["backlog"] == 0
    _, following = receive(socket)
    assert following["sequence"] == beat["sequence"] + 1


def test_watch_prints_json_lines_that_fit_the_schema(desk):
    program = watch(desk.endpoint, "--json", "--count", 2, "--timeout", 20)
    desk.do("subscribers 2")
    desk.do("health 2")
    desk.do("raise 1 0.75")
    desk.do("lose 1")
    out, err = program.communicate(timeout=25)
    assert program.returncode == 0, err
    assert [schemas.check(line)["state"] for line in out.splitlines()] == ["raised", "ended"]


def test_watch_prints_a_table_for_people(desk):
    program = watch(desk.endpoint, "--count", 2, "--timeout", 20, "--data", desk.data)
    desk.do("subscribers 3")
    desk.do("health 4")
    desk.do("raise 1 0.95")
    desk.do("lose 1")
    out, err = program.communicate(timeout=25)
    assert program.returncode == 0, err
    assert re.search(r"^\d\d:\d\d:\d\d  camera tower-1: frozen, was seeing: no packet", out, re.M)
    assert re.search(r"^\d\d:\d\d:\d\d  P2   raised   tower-1 北山 tower +smoke +0\.95  "
                     r"upper left, 2\.0 % +smoke seen in 4 pictures", out, re.M), out
    path = re.search(r"^ +(/.*boxes\.jpg)$", out, re.M).group(1)
    assert path.startswith(str(desk.data)) and open(path, "rb").read(2) == b"\xff\xd8"
    assert "\033" not in out, "colours are for terminals"


def test_watch_tells_what_it_was_told_to_look_for(desk):
    program = watch(desk.endpoint, "--json", "--topic", "alarm/P1/", "--topic", "hb/", "--count", 3,
                    "--timeout", 20)
    desk.do("subscribers 2")
    desk.do("raise 1 0.75")
    desk.do("confirm")
    desk.do("raise 3 0.75")
    out, err = program.communicate(timeout=25)
    assert program.returncode == 0, err
    messages = [schemas.check(line) for line in out.splitlines()]
    assert {m.get("priority", "beat") for m in messages} <= {"P1", "beat"}
    assert "missed" not in err, "a gap of a part of a stream is no loss"


def test_watch_times_out_with_status_1(desk):
    program = watch(desk.endpoint, "--json", "--count", 1, "--timeout", 1)
    out, err = program.communicate(timeout=15)
    assert program.returncode == 1 and out == "" and "timed out" in err


def test_watch_says_when_the_engine_falls_silent_and_comes_back(desk, programs):
    program = programs([LINHUO, "watch", desk.endpoint], "watch")
    desk.do("subscribers 3")
    desk.process.send_signal(signal.SIGSTOP)
    wait_for(lambda: "no heartbeat for 3 s: the engine is down or the link is cut" in program.err, 15,
             "the silence is told")
    desk.process.send_signal(signal.SIGCONT)
    wait_for(lambda: "heard again" in program.err, 15, "the return is told")
    desk.do("raise 1 0.75")
    wait_for(lambda: "P2   raised" in program.out, 15, "the alarm is shown")
    assert program.stop(signal.SIGINT) == 0


class FakeEngine:
    """A publisher that says what a test wants."""

    def __init__(self):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.XPUB)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RCVTIMEO, 10000)
        self.endpoint = f"tcp://127.0.0.1:{self.socket.bind_to_random_port('tcp://127.0.0.1')}"

    def await_subscriptions(self, count):
        for _ in range(count):
            self.socket.recv()

    def send(self, stream, sequence, epoch="e", **body):
        message = {"schema": f"linhuo/{stream}/1", "epoch": epoch, "stream": stream,
                   "sequence": sequence, **body}
        self.raw(stream + "/", f"LH1 {epoch} {stream} {sequence}", json.dumps(message))

    def raw(self, *frames):
        self.socket.send_multipart([f if isinstance(f, bytes) else f.encode() for f in frames])

    def close(self):
        self.socket.close()
        self.context.term()


@pytest.fixture
def fake():
    engine = FakeEngine()
    yield engine
    engine.close()


def test_watch_counts_what_it_missed(fake):
    program = watch(fake.endpoint, "--json", "--count", 4, "--timeout", 20)
    fake.await_subscriptions(2)
    fake.send("hb", 1, last={"alarm": 10}, interval_s=1)
    fake.send("alarm", 11)
    fake.send("alarm", 14)
    fake.send("hb", 2, last={"alarm": 15}, interval_s=1)
    fake.send("alarm", 17, epoch="f")
    fake.send("alarm", 1, epoch="g")
    out, err = program.communicate(timeout=25)
    assert program.returncode == 0 and len(out.splitlines()) == 4
    assert re.findall(r"(\d+) alarm messages? w(?:as|ere) missed", err) == ["2", "1", "1"], err
    assert err.count("started anew") == 2


def test_watch_survives_garbage(fake):
    program = watch(fake.endpoint, "--count", 1, "--timeout", 20)
    fake.await_subscriptions(3)
    for frames in (["alarm/"], ["alarm/", "x"], ["alarm/", "LH1 e alarm 1", "no json"],
                   ["alarm/", "LH2 e alarm 1", "{}"], ["alarm/", b"\xff\x00", b"\xff"],
                   ["alarm/", "LH1 e alarm 1", "{}", "a", "fourth", "frame"],
                   ["alarm/", "LH1 e alarm 1", "[" * 60000]):
        fake.raw(*frames)
    fake.send("alarm", 1, priority="P1\033[2J", state=7, camera=[], box="", evidence={"frame": 3},
              reasons=[{"text": "\033]0;fooled\007"}])
    out, err = program.communicate(timeout=25)
    assert program.returncode == 0, err
    assert "was not understood" in err and "\033" not in out and "\007" not in out


def test_watch_tells_of_a_store_that_refuses(fake):
    program = watch(fake.endpoint, "--topic", "hb/", "--count", 2, "--timeout", 20)
    fake.await_subscriptions(1)
    fake.send("hb", 1, last={"alarm": 1}, interval_s=1, backlog=3)
    fake.send("hb", 2, last={"alarm": 1}, interval_s=1, backlog=0)
    _, err = program.communicate(timeout=25)
    assert "cannot store its alarms, 3 wait" in err and "stores its alarms again" in err


@pytest.mark.parametrize("words", [
    ["--count", "0"], ["--count", "-1"], ["--count", "9x"], ["--timeout", "nan"], ["--timeout", "0"],
    ["--nonsense"], ["tcp://a:1", "tcp://b:1"], ["carrier-pigeon://loft"], ["/no/such/site.yaml"],
    ["--topic", "x" * 300]])
def test_watch_refuses_wrong_usage_with_status_2(words):
    done = subprocess.run([LINHUO, "watch", *words], capture_output=True, text=True, timeout=15)
    assert done.returncode == 2 and done.stderr


def test_watch_takes_endpoint_and_data_folder_from_a_site_file(desk, tmp_path):
    site = tmp_path / "site.yaml"
    site.write_text(f"site: {{data_folder: {desk.data}}}\nbus: {{publish: 'tcp://127.0.0.1:*'}}\n"
                    "cameras: [{id: a, url: 'rtsp://192.0.2.1/a'}]\n")
    (desk.data / "status.json").write_text(json.dumps({"publish": desk.endpoint}))
    program = watch(site, "--count", 1, "--timeout", 20)
    desk.do("subscribers 3")
    desk.do("raise 1 0.75")
    out, err = program.communicate(timeout=25)
    assert program.returncode == 0, err
    assert f"{desk.data}/evidence/" in out


def test_the_example_console_shows_an_alarm(desk):
    console = subprocess.Popen([sys.executable, ROOT / "engine" / "alarm" / "console_example.py",
                                desk.endpoint], stdout=subprocess.PIPE, text=True)
    try:
        desk.do("subscribers 2")
        desk.do("raise 1 0.95")
        begun = time.monotonic()
        line = console.stdout.readline()
        assert time.monotonic() - begun < 10
        assert "P2" in line and "北山 tower" in line
    finally:
        console.kill()
        console.wait()
