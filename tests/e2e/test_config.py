"""linhuo check and linhuo sample-config, as a person or an editor meets them."""
import copy
import json
import os
import re
import subprocess

import jsonschema
import pytest
import yaml

from conftest import LINHUO, ROOT

pytestmark = pytest.mark.skipif(not LINHUO.exists(), reason=f"{LINHUO} is not built")


def linhuo(*arguments, **more):
    return subprocess.run([str(LINHUO), *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          **more)


@pytest.fixture(scope="module")
def schema():
    return json.loads(linhuo("sample-config", "--schema").stdout)


@pytest.fixture(scope="module")
def sample():
    return yaml.safe_load(linhuo("sample-config").stdout)


def write(path, text):
    path.write_text(text)
    return path


# ---- sample-config ----

@pytest.mark.parametrize("arguments, name", [([], "site.yaml"), (["--reference"], "reference.md"),
                                             (["--schema"], "site.schema.json")])
def test_the_kept_files_are_what_the_program_prints(arguments, name):
    printed = linhuo("sample-config", *arguments)
    assert printed.returncode == 0 and printed.stderr == ""
    assert printed.stdout == (ROOT / "configs" / name).read_text()


def test_the_schema_is_one_and_takes_the_sample(schema, sample):
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(sample)


def every_option(text):
    """The sample with the '#' taken away from every option."""
    lines = []
    for line in text.splitlines():
        option = re.match(r"#(  +)?(- )?[a-z_0-9]+:", line)
        lines.append(line[1:] if option else line)
    return "\n".join(lines)


def test_the_schema_takes_every_option_there_is(schema):
    everything = yaml.safe_load(every_option(linhuo("sample-config").stdout))
    assert everything["tracks"] and everything["groups"] and everything["cameras"][0]["masks"]
    jsonschema.Draft202012Validator(schema).validate(everything)


def put(document, path, value):
    changed = copy.deepcopy(document)
    place = changed
    for key in path[:-1]:
        if isinstance(place, dict) and place.get(key) is None:
            place[key] = {}
        place = place[key]
    if value is None:
        place.pop(path[-1], None)
    else:
        place[path[-1]] = value
    return changed


MISTAKES = [
    (["sites"], {}),
    (["site", "nam"], "x"),
    (["site", "area_code"], "14112"),
    (["log", "level"], "loud"),
    (["detect", "threads"], 1.5),
    (["detect", "threads"], 257),
    (["tracks", "min_overlap"], "ten"),
    (["tracks", "max_gap_s"], 0),
    (["evidence", "enabled"], "true"),
    (["bus", "publish"], "127.0.0.1:5570"),
    (["detectors"], []),
    (["detectors"], [{"name": "x"}]),
    (["detectors"], [{"plugin": "a", "settings": {"k": [1]}}]),
    (["camera_defaults", "watch_intervall_s"], 5),
    (["camera_defaults", "watch_interval_s"], -1),
    (["camera_defaults", "id"], "a"),
    (["groups"], {"a b": {}}),
    (["groups"], {"g": {"url": "x.mp4"}}),
    (["cameras"], {"id": "a", "url": "x.mp4"}),
    (["cameras", 0, "url"], None),
    (["cameras", 0, "id"], "a b"),
    (["cameras", 0, "url"], "ftp://h/x"),
    (["cameras", 0, "url"], "rtsp://user:word@h/x"),
    (["cameras", 0, "detectors"], []),
    (["cameras", 0, "masks"], [{"points": [[0, 0], [1, 1]]}]),
    (["cameras", 0, "masks"], [{"points": [[0, 0], [1, 1], [0, 1.5]]}]),
    (["cameras", 0, "masks"], [{"min_share": 1}]),
]


@pytest.mark.parametrize("path, value", MISTAKES, ids=lambda v: json.dumps(v)[:40])
def test_schema_and_check_refuse_the_same_mistakes(schema, sample, tmp_path, path, value):
    wrong = put(sample, path, value)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(wrong)
    site = write(tmp_path / "site.yaml", yaml.safe_dump(wrong))
    checked = linhuo("check", site)
    assert checked.returncode == 2
    assert checked.stdout.splitlines()[0].startswith(f"{site}:")


@pytest.mark.parametrize("arguments", [["--wrong"], ["file"], ["--schema", "--reference"]])
def test_wrong_usage_of_sample_config(arguments):
    answer = linhuo("sample-config", *arguments)
    assert answer.returncode == 2 and answer.stderr and not answer.stdout


def test_a_full_disk_is_a_failure():
    with open("/dev/full", "w") as full:
        answer = subprocess.run([str(LINHUO), "sample-config"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert answer.returncode == 1 and "No space" in answer.stderr


# ---- check ----

def test_the_sample_is_good(tmp_path):
    site = write(tmp_path / "site.yaml", linhuo("sample-config").stdout)
    checked = linhuo("check", site)
    assert (checked.returncode, checked.stdout) == (0, f"{site}: good: 1 camera, 2 detectors\n")
    assert not (tmp_path / "data").exists(), "check makes nothing"
    answer = json.loads(linhuo("check", site, "--json").stdout)
    assert answer == {"file": str(site), "good": True, "cameras": 1, "detectors": 2, "findings": [], "more": 0}


def test_the_kept_site_files_are_good():
    for site in sorted((ROOT / "configs").glob("*.yaml")):
        checked = linhuo("check", site)
        assert checked.returncode == 0, checked.stdout


def test_everything_wrong_is_said_in_one_run(tmp_path):
    site = write(tmp_path / "site.yaml", """\
site: {data_folder: taken/data}
detectors:
  - plugin: smoke_clasic
  - plugin: flame_classic
    settings: {no_such_setting_here: 1}
cameras:
  - {id: a, url: missing.mp4}
  - {id: b, url: there.mp4, watch_intervall_s: 5}
  - {id: c, url: there.mp4, credentials: secret}
""")
    write(tmp_path / "taken", "a file")
    write(tmp_path / "there.mp4", "")
    write(tmp_path / "secret", "user: u\npassword: s3cret\n").chmod(0o644)
    checked = linhuo("check", site)
    lines = checked.stdout.splitlines()
    places = [line.removeprefix(f"{site}:").split(": ")[0] for line in lines[:-1]]
    assert checked.returncode == 2
    assert places == ["1:21", "3:13", "5:16", "7:18", "8:29", "9:42"], checked.stdout
    for line, words in zip(lines, ["is not a folder", "smoke_classic", "no_such_setting_here", "missing.mp4",
                                   "did you mean 'watch_interval_s'?", "chmod 600"]):
        assert words in line, line
    assert lines[-1] == f"{site}: 6 mistakes"
    assert "s3cret" not in checked.stdout + checked.stderr
    answer = json.loads(linhuo("check", site, "--json").stdout)
    assert not answer["good"]
    assert [f"{f['line']}:{f['column']}" for f in answer["findings"]] == places


def test_binary_noise_is_one_finding(tmp_path):
    site = tmp_path / "site.yaml"
    site.write_bytes(os.urandom(100_000))
    checked = linhuo("check", site)
    assert checked.returncode == 2 and len(checked.stdout.splitlines()) == 2, checked.stdout


def test_more_mistakes_than_can_be_read(tmp_path):
    site = write(tmp_path / "site.yaml", "cameras:\n" + "  - {}\n" * 3000)
    answer = json.loads(linhuo("check", site, "--json").stdout)
    assert len(answer["findings"]) == 1000 and answer["more"] == 5000
    assert linhuo("check", site).stdout.splitlines()[-1].endswith("6000 mistakes, of which the first are shown")


def test_a_folder_nobody_may_write_into(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (tmp_path / "closed").mkdir(mode=0o500)
    site = write(tmp_path / "site.yaml", "site: {data_folder: closed/data}\ncameras: []\n")
    checked = linhuo("check", site)
    assert checked.returncode == 2 and ":1:21: the data folder cannot be made in" in checked.stdout


def test_a_missing_file_and_wrong_usage(tmp_path):
    missing = linhuo("check", tmp_path / "none.yaml")
    assert missing.returncode == 2 and "not found" in missing.stderr
    assert linhuo("check").returncode == 2
    assert linhuo("check", "a", "b").returncode == 2
    assert linhuo("check", "--wrong", "a").returncode == 2
    for command in ("check", "sample-config"):
        teaching = linhuo(command, "--help")
        assert teaching.returncode == 0 and teaching.stdout.startswith(f"usage: linhuo {command}")


def test_ten_thousand_cameras_are_checked_at_once(tmp_path):
    site = write(tmp_path / "site.yaml", "cameras:\n" + "".join(
        f"  - {{id: camera-{i}, url: 'rtsp://192.0.2.1/{i}'}}\n" for i in range(10_000)))
    checked = linhuo("check", site)
    assert checked.stdout.endswith("good: 10000 cameras, 2 detectors\n"), checked.stdout
