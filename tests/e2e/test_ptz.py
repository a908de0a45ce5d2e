"""Asking a movable camera where it looks, over ONVIF: linhuo calibrate --ptz against a service that checks."""
import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from conftest import LINHUO, ROOT, wait_for

USER, SECRET = "op&rator", "s3cret <word>"


class Service:
    def __init__(self, process, folder, user=USER):
        self.folder, self.user = folder, user
        told = wait_for(lambda: re.match(r"port (\d+)\n", process.out), 30, "the ONVIF service")
        self.base = f"http://127.0.0.1:{told[1]}"

    def ask(self, path, *more, password=SECRET, ptz="", camera="url: x.mp4", base=None):
        secret = self.folder / "secret"
        secret.write_text(f"user: {self.user}\npassword: {password}\n")
        secret.chmod(0o600)
        site = self.folder / "site.yaml"
        site.write_text(f"cameras:\n  - id: dome\n    {camera}\n    credentials: secret\n"
                        f"    ptz: {{url: '{base or self.base}{path}', poll_interval_s: 0.1, timeout_s: 3{ptz}}}\n")
        return subprocess.run([str(LINHUO), "calibrate", str(site), "--camera", "dome", "--ptz", *more],
                              capture_output=True, text=True, timeout=120)

    def seen(self):
        with urllib.request.urlopen(self.base + "/seen", timeout=30) as answer:
            return json.load(answer)


@pytest.fixture
def service(programs, tmp_path):
    script = Path(__file__).parent / "onvif_service.py"
    return Service(programs([sys.executable, script, "--user", USER, "--password", SECRET], "onvif"), tmp_path)


@pytest.fixture
def ipycam(programs, tmp_path):
    folder = ROOT / ".deps" / "ipycam"
    if not (folder / "ipycam").is_dir():
        pytest.skip("no ipycam in .deps (make deps-test fetches it)")
    return Service(programs([sys.executable, Path(__file__).parent / "ipycam_service.py", folder, "operator", SECRET],
                            "ipycam"), tmp_path, "operator")


def lines(answer):
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


def test_a_camera_says_where_it_looks_and_whether_it_moves(service):
    told = lines(service.ask("/ptz", "--json", "--count", "4", ptz=", pan_zero_deg: 20, tilt_scale_deg: 45"))
    assert [one["moving"] for one in told] == ["stands", "moves", "moves", "stands"]
    assert told[0]["azimuth_deg"] == pytest.approx(335)
    assert told[1]["azimuth_deg"] == pytest.approx(360 + 20 - 180 * 0.23)
    assert told[0]["tilt_deg"] == pytest.approx(-4.5)
    assert told[0]["zoom"] == pytest.approx(0.5)
    assert told[0]["utc"].startswith("20")


def test_the_password_itself_never_goes_out(service):
    service.ask("/ptz", "--count", "2")
    service.ask("/httpdigest")
    requests = service.seen()
    assert len(requests) >= 4
    for request in requests:
        assert SECRET not in request["body"] + request["authorization"]
        assert "s3cret" not in request["body"] + request["authorization"]
    nonces = [request["body"].split("<Nonce")[1].split(">")[1].split("<")[0] for request in requests[:2]]
    assert nonces[0] != nonces[1]


def test_a_scale_in_degrees_that_counts_to_the_left(service):
    told = lines(service.ask("/degrees", "--json", ptz=", pan_zero_deg: 10, pan_scale_deg: -1, tilt_scale_deg: 1"))
    assert told[0]["azimuth_deg"] == pytest.approx(360 + 10 - 123.4)
    assert told[0]["tilt_deg"] == pytest.approx(-4.5)


def test_http_digest_is_tried_where_the_camera_wants_it(service):
    told = lines(service.ask("/httpdigest", "--json"))
    assert told[0]["azimuth_deg"] == pytest.approx(315)


def test_what_is_absent_stays_unknown(service):
    told = lines(service.ask("/absent", "--json"))
    assert told[0]["azimuth_deg"] is None and told[0]["zoom"] is None
    assert told[0]["moving"] == "does not say whether it moves"


@pytest.mark.parametrize("path", ["/ptz", "/httpdigest"])
def test_a_wrong_password_is_said(service, path):
    answer = service.ask(path, password="wrong")
    assert answer.returncode == 1
    assert "refused" in answer.stderr and "clock" in answer.stderr and "wrong" not in answer.stderr


@pytest.mark.parametrize("path, words", [
    ("/fault", "No such profile"), ("/html", "not SOAP"), ("/cut", "not SOAP"), ("/bomb", "not SOAP"),
    ("/endless", "longer than"), ("/redirect", "302"), ("/nan", "no number"), ("/silent", "imeout"),
    ("/nowhere", "404"),
])
def test_what_a_broken_camera_sends_is_refused_in_words(service, path, words):
    answer = service.ask(path)
    assert answer.returncode == 1 and answer.stdout == ""
    assert words in answer.stderr and len(answer.stderr.splitlines()) == 1
    assert service.base in answer.stderr


def test_nobody_there_and_no_address(service):
    answer = service.ask("/ptz", base="http://127.0.0.1:1")
    assert answer.returncode == 1 and "127.0.0.1:1" in answer.stderr
    answer = service.ask("/ptz", base="file:///etc/passwd#")
    assert answer.returncode != 0 and "root:" not in answer.stdout + answer.stderr


def test_a_service_that_others_wrote(ipycam):
    """Its position is right; its MoveStatus and UtcTime are template marks that it forgot to fill in (1.3.0). It
    uses a prefix that it does not declare, and reads XML by patterns, so that a user's name must need no escapes."""
    told = lines(ipycam.ask("/onvif/ptz", "--json"))
    assert told[0]["azimuth_deg"] == pytest.approx(45) and told[0]["tilt_deg"] == pytest.approx(-45)
    assert told[0]["moving"] == "does not say whether it moves" and told[0]["utc"] == "unknown"
    answer = ipycam.ask("/onvif/ptz", password="wrong")
    assert answer.returncode == 1 and "refused" in answer.stderr
