"""What the end-to-end tests share: where the programs are, free ports, a running engine."""
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = Path(os.environ.get("LINHUO_BUILD", ROOT / "build"))
LINHUO = Path(os.environ.get("LINHUO_BIN", BUILD / "linhuo"))
DATA = Path(os.environ.get("LINHUO_DATA", ROOT.parent / "shared" / "data"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, timeout_s, what):
    """The first true value of condition(), or a failure that says what was waited for."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    pytest.fail(f"{what}: not within {timeout_s} s")


class Process:
    """A program that runs beside the test; its output is kept in files."""

    def __init__(self, command, folder, name, **more):
        self.out_path, self.err_path = folder / f"{name}.out", folder / f"{name}.err"
        self.process = subprocess.Popen([str(word) for word in command],
                                        stdout=self.out_path.open("wb"),
                                        stderr=self.err_path.open("wb"), **more)

    @property
    def out(self):
        return self.out_path.read_text(errors="replace")

    @property
    def err(self):
        return self.err_path.read_text(errors="replace")

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, timeout_s=15):
        """Ends the program and gives its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(number)
            try:
                self.process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                pytest.fail(f"{self.process.args[0]} did not end within {timeout_s} s")
        return self.process.returncode


class Engine(Process):
    """linhuo run on a site file, with its status and its log."""

    def __init__(self, site, folder, data):
        self.data = data
        super().__init__([LINHUO, "run", site, "--quiet"], folder, "engine")

    def status(self):
        try:
            return json.loads((self.data / "status.json").read_text())
        except (OSError, ValueError):
            return None

    def camera(self, name):
        for camera in (self.status() or {}).get("cameras", []):
            if camera["id"] == name:
                return camera
        return {}

    def wait_health(self, name, health, timeout_s):
        return wait_for(lambda: self.camera(name).get("health") == health, timeout_s,
                        f"camera {name} {health} (log: {self.err[-1500:]})")


@pytest.fixture
def programs(tmp_path):
    """Starts programs and ends them with the test, whatever happens in it."""
    running = []

    def start(command, name, **more):
        running.append(Process(command, tmp_path, name, **more))
        return running[-1]

    start.adopt = running.append
    yield start
    for process in reversed(running):
        if process.process.poll() is None:
            process.process.send_signal(signal.SIGCONT)
            process.process.kill()
            process.process.wait()


@pytest.fixture
def footage_data():
    if not (DATA / "footage").is_dir():
        pytest.skip(f"no recorded footage in {DATA} (LINHUO_DATA says where it is)")
    return DATA / "footage"
