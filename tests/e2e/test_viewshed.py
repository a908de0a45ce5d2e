"""linhuo viewshed: figures, map, GeoJSON and GeoTIFF from a made-up elevation model."""
import json
import struct
import subprocess
from array import array

import pytest

from conftest import LINHUO

SIDE = 1201  # three arc-seconds


def write_tile(path, height_of):
    """An HGT tile: rows from the north, big-endian."""
    heights = array("h", (height_of(row, column) for row in range(SIDE) for column in range(SIDE)))
    heights.byteswap()
    path.write_bytes(heights.tobytes())


@pytest.fixture(scope="module")
def dem(tmp_path_factory):
    """A plain at 500 m; in the north-east a wall of 900 m, three kilometres east of the tower at 37.3 N 111.3 E."""
    folder = tmp_path_factory.mktemp("dem")
    write_tile(folder / "N37E111.hgt", lambda row, column: 900 if 400 <= column <= 406 and row < 840 else 500)
    return folder


def viewshed(*arguments):
    return subprocess.run([LINHUO, "viewshed", *map(str, arguments)], capture_output=True, text=True, timeout=300)


def read_json(*arguments):
    done = viewshed(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout)


def test_a_plain_is_seen_whole(dem):
    told = read_json("--dem", dem, "--at", "37.15,111.3,50", "--range", 5000)
    tower, = told["towers"]
    assert tower["planned"] and tower["height_m"] == 550.0
    assert told["area_km2"] == pytest.approx(3.14159 * 25, rel=0.01)
    assert tower["seen_km2"] == pytest.approx(told["area_km2"])
    assert told["by_count_km2"][1] == pytest.approx(told["area_km2"])
    assert told["unknown_km2"] == 0


def test_a_wall_hides_and_a_second_tower_adds(dem):
    one = read_json("--dem", dem, "--at", "37.6,111.3,50", "--range", 6000)
    assert 0.6 < one["seen_km2"] / one["area_km2"] < 0.95
    two = read_json("--dem", dem, "--at", "37.6,111.3,50", "--at", "37.6,111.38,50", "--range", 6000)
    first, second = two["towers"]
    assert first["added_km2"] == first["seen_km2"] == pytest.approx(one["seen_km2"], rel=0.01)
    assert 0 < second["added_km2"] < second["seen_km2"]
    assert two["seen_km2"] == pytest.approx(first["added_km2"] + second["added_km2"])
    assert sum(two["by_count_km2"]) + two["unknown_km2"] == pytest.approx(two["area_km2"])


def test_the_area_counts_where_it_is_given(dem, tmp_path):
    """A square of ten by ten hundredths of a degree with a hole, half of it out of range."""
    outline = tmp_path / "county.geojson"
    ring = [[111.2, 37.1], [111.3, 37.1], [111.3, 37.2], [111.2, 37.2], [111.2, 37.1]]
    hole = [[111.24, 37.14], [111.26, 37.14], [111.26, 37.16], [111.24, 37.16], [111.24, 37.14]]
    outline.write_text(json.dumps({"type": "Polygon", "coordinates": [ring, hole]}))
    told = read_json("--dem", dem, "--at", "37.15,111.3,50", "--range", 5000, "--area", outline)
    square_km2 = 11.1 * 8.86
    assert told["area_km2"] == pytest.approx(square_km2 * 0.96, rel=0.01)
    assert 0.3 < told["seen_km2"] / told["area_km2"] < 0.45


def test_files_for_maps(dem, tmp_path):
    site = tmp_path / "site.yaml"
    site.write_text(f"""
site: {{name: Trial, data_folder: {tmp_path / 'data'}}}
terrain: {{files: [{dem}]}}
cameras:
  - {{id: tower-1, name: West ridge, url: "rtsp://192.0.2.1/1",
      pose: {{latitude_deg: 37.6, longitude_deg: 111.3, mast_m: 30, azimuth_deg: 0, hfov_deg: 60, range_m: 5000,
              pan_from_deg: 0, pan_to_deg: 180}}}}
  - {{id: tower-2, url: "rtsp://192.0.2.2/1"}}
""")
    files = {"--map": tmp_path / "a.png", "--geojson": tmp_path / "a.geojson", "--raster": tmp_path / "a.tif"}
    arguments = [word for pair in files.items() for word in pair]
    done = viewshed(site, *arguments)
    assert done.returncode == 0, done.stderr
    assert "West ridge" in done.stdout and "1 of 2 cameras" in done.stdout
    head = files["--map"].read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", head[16:24])[0] > 1000
    assert files["--raster"].read_bytes()[:2] in (b"II", b"MM")
    features = json.loads(files["--geojson"].read_text())["features"]
    kinds = [feature["properties"]["kind"] for feature in features]
    assert kinds[:2] == ["tower", "tower-sees"] and "seen" in kinds
    sees = features[1]["geometry"]
    west = min(x for polygon in sees["coordinates"] for x, _ in polygon[0])
    assert sees["type"] == "MultiPolygon" and west > 111.298  # it may not look west
    assert [path.name[:9] for path in (tmp_path / "data" / "terrain").iterdir()] == ["viewshed-"]
    again = viewshed(site)
    assert again.stdout == done.stdout


@pytest.mark.parametrize("arguments, status, words", [
    ([], 2, "which site file"),
    (["--dem", "/nowhere"], 2, "which tower"),
    (["--dem", "/nowhere", "--at", "37.1,111.2"], 1, "there is no such elevation model"),
    (["--dem", "DEM", "--at", "37.1;111.2"], 2, "not 37.1;111.2"),
    (["--dem", "DEM", "--at", "97.1,111.2"], 2, "not 97.1,111.2"),
    (["--dem", "DEM", "--at", "37.1,111.2,nan"], 2, "not 37.1,111.2,nan"),
    (["--dem", "DEM", "--at", "36.1,111.2"], 1, "knows no height"),
    (["--dem", "DEM", "--at", "37.1,111.2", "--cell", "1"], 2, "--cell wants"),
    (["--dem", "DEM", "--at", "37.1,111.2", "--range", "100000", "--cell", "5"], 2, "take larger cells"),
    (["--dem", "DEM", "--at", "37.5,111.5", "--range", "1000", "--map", "/nowhere/a.png"], 1, "/nowhere/a.png"),
    (["--dem", "DEM", "--at", "37.5,111.5", "--range", "1000", "--geojson", "/nowhere/a"], 1, "/nowhere/a"),
    (["--dem", "DEM", "--at", "37.5,111.5", "--range", "1000", "--area", "/nowhere/a"], 1, "/nowhere/a"),
])
def test_mistakes_are_told(dem, arguments, status, words):
    done = viewshed(*[dem if word == "DEM" else word for word in arguments])
    assert done.returncode == status, done.stderr
    assert words in done.stderr
    assert done.stdout == ""
