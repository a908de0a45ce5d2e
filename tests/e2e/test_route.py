"""linhuo route: who would be told, by a grid file, a roster and the rules of a site."""
import json
import subprocess

import pytest

from conftest import DATA, LINHUO

DUTY = """
duty:
  - {area: "141122", role: desk, name: Duty desk, phone: 0358-0000001}
  - {area: "141122104", role: officer, name: 李四, phone: "13900000002", hours: "08:00-18:00"}
"""


def box(west, south, east, north):
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def feature(rings, **properties):
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": rings}}


AREAS = [
    feature(box(111.7, 37.4, 112.1, 37.8), code="141122", name="County"),
    feature(box(111.8, 37.5, 111.9, 37.7), code="141122104", name="西社镇"),
    feature(box(111.9, 37.5, 112.0, 37.7), code="141122105", name="East", officer="Wang 13900000003"),
    feature(box(111.85, 37.55, 111.9, 37.65), code="141122104201001", name="Cell", ranger="Zhang 13900000004",
            cadre="Sun 13900000005"),
]


def write_site(folder, areas=AREAS, duty=DUTY, more="", ground=""):
    (folder / "grid.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": areas}))
    if duty is not None:
        (folder / "duty.yaml").write_text(duty)
    site = folder / "site.yaml"
    site.write_text(f"site: {{name: Test, area_code: \"141122\"}}\n{ground}"
                    f"responsibility:\n  grid: [grid.geojson]\n{'  roster: duty.yaml' if duty else ''}\n{more}")
    return site


def route(site, *arguments):
    return subprocess.run([LINHUO, "route", site, *map(str, arguments)], capture_output=True, text=True, timeout=120)


def read(site, *arguments):
    done = route(site, *arguments, "--json")
    assert done.returncode in (0, 1), done.stderr
    told = json.loads(done.stdout)
    assert (done.returncode == 0) == (not told["gaps"])
    return told


def names(told):
    return {one["who"]: one for one in told["told"]}


def test_help_teaches():
    done = subprocess.run([LINHUO, "route", "--help"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    for word in ("responsibility:", "--priority", "Nothing is sent", "relay"):
        assert word in done.stdout


def test_everyone_whose_ground_the_error_touches_is_told(tmp_path):
    told = read(write_site(tmp_path), "--at", "37.6,111.899", "--error", 200, "--time", "2026-11-24T10:00:00+08:00")
    shares = {area["name"]: area["share"] for area in told["areas"]}
    assert shares["County"] == pytest.approx(1)
    assert shares["西社镇"] + shares["East"] == pytest.approx(1, abs=0.01)
    assert 0.7 < shares["Cell"] < 0.95
    who = names(told)
    assert set(who) == {"Zhang 13900000004", "Sun 13900000005", "李四", "Wang 13900000003", "Duty desk"}
    assert who["李四"]["on_duty"] and who["李四"]["phone"] == "13900000002"
    assert all(one["time"] == "2026-11-24T02:00:00.000Z" for one in told["told"])
    assert told["gaps"] == [] and told["sent"] is False


def test_a_small_error_leaves_the_neighbour_for_later(tmp_path):
    told = read(write_site(tmp_path), "--at", "37.6,111.87", "--error", 50, "--time", "2026-11-24T10:00:00+08:00")
    wang = names(told)["Wang 13900000003"]
    assert wang["neighbour"] and wang["after_min"] == 5 and wang["time"] == "2026-11-24T02:05:00.000Z"


def test_nobody_on_duty_is_said_loudly_with_what_to_do(tmp_path):
    done = route(write_site(tmp_path), "--at", "37.6,111.87", "--time", "2026-11-24T22:00:00+08:00", "--priority", "p3")
    assert done.returncode == 1
    assert "NOBODY ON DUTY as officer of 西社镇 (141122104) at 2026-11-24 22:20 Tue" in done.stdout
    assert 'add a line with area "141122104", role officer' in done.stdout
    assert "sooner, for there is no officer" in done.stdout
    assert "nothing is sent" in done.stdout


def test_a_map_of_another_datum_is_heeded(tmp_path):
    site = write_site(tmp_path)
    # 111.9 E in GCJ-02 lies 500 m farther west in WGS-84
    plain = read(site, "--at", "37.6,111.902", "--error", 50)
    moved = read(site, "--at", "37.6,111.902", "--error", 50, "--datum", "gcj02")
    assert "East" in [area["name"] for area in plain["areas"]]
    assert "East" not in [area["name"] for area in moved["areas"]]
    drawn = read(write_site(tmp_path, more="  datum: gcj02\n"), "--at", "37.6,111.902", "--error", 50, "--datum", "gcj02")
    assert [area["name"] for area in drawn["areas"]] == [area["name"] for area in plain["areas"]]


def test_a_bearing_without_distance(tmp_path):
    told = read(write_site(tmp_path), "--from", "37.6,111.75", "--bearing", "90,1", "--range", "1000,20000")
    assert told["position"]["form"] == "sector"
    assert {"西社镇", "East", "Cell"} <= {area["name"] for area in told["areas"]}


def test_the_sites_rules_quiet_hours_and_bans(tmp_path):
    (tmp_path / "permits.yaml").write_text("bans:\n  - {name: winter, from: 11-01, to: 11-30}\n")
    more = ("  quiet_from_h: 22\n  quiet_to_h: 6\n  rules:\n    - {to: ranger, priority: p3}\n"
            "    - {to: desk, priority: p2, after_min: 7, season: ban}\n    - {to: desk, priority: p2, after_min: 30}\n"
            "    - {to: neighbours, priority: p2, after_min: 9, danger_level: 4}\n")
    site = write_site(tmp_path, more=more, ground="ground: {permits: [permits.yaml]}\n")
    night = ("--at", "37.6,111.87", "--time", "2026-11-24T23:00:00+08:00")
    p2 = names(read(site, *night, "--priority", "P2"))
    assert set(p2) == {"Zhang 13900000004", "Duty desk"}
    assert p2["Zhang 13900000004"]["waits"] and p2["Zhang 13900000004"]["time"] == "2026-11-24T22:00:00.000Z"
    assert p2["Duty desk"]["after_min"] == 7
    assert names(read(site, *night, "--priority", "P2", "--no-ban"))["Duty desk"]["after_min"] == 30
    p1 = names(read(site, *night, "--danger-level", 4))
    assert not p1["Zhang 13900000004"]["waits"] and p1["Wang 13900000003"]["after_min"] == 9


def test_an_odd_grid_is_used_and_its_oddities_are_said(tmp_path):
    areas = [
        feature(box(111.7, 37.4, 111.95, 37.8), name="One", desk="D 1"),
        feature(box(111.9, 37.4, 112.1, 37.8), name="Two", desk="D 2"),
        feature([[[112.2, 37.5], [112.4, 37.7], [112.4, 37.5], [112.2, 37.7], [112.2, 37.5]]], name="Bow", desk="D 3"),
        feature(box(110, 36, 111, 37) + box(110.4, 36.4, 110.6, 36.6), name="Holed", desk="D 4"),
    ]
    site = write_site(tmp_path, areas, duty=None)
    told = read(site, "--at", "37.6,111.92")
    assert {"D 1", "D 2"} == set(names(told))
    notes = "\n".join(told["grid_notes"])
    for words in ("One and Two overlap", "Bow: its outline is wrong", "belong to no cell"):
        assert words in notes
    hole = read(site, "--at", "36.5,110.5")
    assert hole["outside"] and "D 4" in names(hole)
    assert any("NOBODY'S GROUND" in gap for gap in hole["gaps"])


@pytest.mark.parametrize("spoil, words", [
    (lambda folder: (folder / "grid.geojson").unlink(), "grid.geojson cannot be read"),
    (lambda folder: (folder / "grid.geojson").write_text('{"type": "FeatureCollection", "features": []}'), "no polygon"),
    (lambda folder: (folder / "duty.yaml").write_text("duty:\n- {area: 1, role: cook, name: X}\n"), "duty.yaml:2:3"),
    (lambda folder: (folder / "duty.yaml").unlink(), "duty.yaml"),
])
def test_files_that_are_wrong_are_named(tmp_path, spoil, words):
    site = write_site(tmp_path)
    spoil(tmp_path)
    for done in (route(site, "--at", "37.6,111.9"),
                 subprocess.run([LINHUO, "check", site], capture_output=True, text=True, timeout=120)):
        assert done.returncode == 2
        assert words in done.stderr + done.stdout


@pytest.mark.parametrize("arguments", [
    (), ("--at", "37.6"), ("--at", "97,111"), ("--at", "nan,111"), ("--at", "37.6,111.9", "--error", "-1"),
    ("--at", "37.6,111.9", "--time", "noon"), ("--at", "37.6,111.9", "--priority", "P4"),
    ("--at", "37.6,111.9", "--datum", "mars"), ("--from", "37.6,111.9"), ("--at", "37.6,111.9", "--danger-level", "6"),
    ("--from", "37.6,111.9", "--bearing", "90", "--range", "5,1"),
])
def test_wrong_usage_is_answered(tmp_path, arguments):
    done = route(write_site(tmp_path), *arguments)
    assert done.returncode == 2 and "--help" in done.stderr


def test_a_site_without_a_grid_says_what_to_write(tmp_path):
    site = tmp_path / "site.yaml"
    site.write_text("site: {name: Test}\n")
    done = route(site, "--at", "37.6,111.9")
    assert done.returncode == 2 and "responsibility: {grid:" in done.stderr


def test_the_real_outline_of_the_county(tmp_path):
    outline = DATA / "admin" / "jiaocheng_141122_GeoMapData_CN.geojson"
    if not outline.exists():
        pytest.skip(f"no county outline: {outline} is absent (LINHUO_DATA)")
    site = tmp_path / "site.yaml"
    site.write_text(f"site: {{name: Test}}\nresponsibility: {{grid: [\"{outline}\"], datum: gcj02, roster: duty.yaml}}\n")
    (tmp_path / "duty.yaml").write_text("duty:\n- {area: '', role: desk, name: X}\n")
    assert route(site, "--at", "37.6,111.9").returncode == 2
    (tmp_path / "duty.yaml").write_text("duty: []\n")
    assert not read(site, "--at", "37.7,111.8")["outside"]
    assert read(site, "--at", "37.0,111.8")["outside"]
