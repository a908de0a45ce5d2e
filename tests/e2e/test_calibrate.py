"""linhuo calibrate: angles from the skyline and from landmarks, against views that linhuo world draws from the same
real terrain, with the pose known."""
import json
import math
import random
import subprocess

import pytest

from conftest import BUILD, DATA, LINHUO

DEM = DATA / "terrain" / "srtm1arc_cevennes_wgs84.tif"
WORLD = BUILD / "linhuo-world"
OFF = {"tower-1": (3.1, 0.8, 0.4), "tower-2": (-5, -1, 0.9)}

pytestmark = [pytest.mark.skipif(not DEM.exists(), reason=f"no real terrain in {DATA} (LINHUO_DATA says where it is)"),
              pytest.mark.skipif(not WORLD.exists(), reason="built without linhuo-world")]


def run(*words, timeout_s=400):
    return subprocess.run([str(word) for word in (LINHUO, *words)], capture_output=True, text=True, timeout=timeout_s)


class Views:
    """Two towers over real mountains: a picture each, and the pose it was drawn with."""

    def __init__(self, folder):
        scene = ["--dem", DEM, "--cameras", "2", "--size", "960x540", "--fires", "1", "--no-nuisances", "--clouds", "0.2"]
        done = run("world", *scene, "--render", folder, "--fps", "1", "--duration", "1")
        assert done.returncode == 0, done.stderr
        done = run("world", *scene, "--render", folder, "--at", "5")
        assert done.returncode == 0, done.stderr
        self.folder = folder
        self.truth = {camera["id"]: camera for camera in json.loads((folder / "truth.json").read_text())["cameras"]}

    def site(self, path, off, terrain=True, **more):
        """A site file whose angles are off by so much."""
        lines = [f"terrain: {{files: ['{DEM}']}}"] if terrain else []
        lines.append("cameras:")
        for name, camera in self.truth.items():
            turn, tilt, roll = off.get(name, (0, 0, 0))
            pose = {key: camera[key] for key in ("latitude_deg", "longitude_deg", "ground_m", "mast_m", "hfov_deg")}
            pose |= {"azimuth_deg": round(camera["azimuth_deg"] + turn, 4), "tilt_deg": round(camera["tilt_deg"] + tilt, 4),
                     "roll_deg": round(camera["roll_deg"] + roll, 4)} | more
            lines += [f"  - id: {name}", f"    url: '{self.folder / name}.mp4'", f"    pose: {json.dumps(pose)}"]
        path.write_text("\n".join(lines) + "\n")
        return path

    def picture(self, name):
        return self.folder / f"{name}.png"

    def expect(self, name, pose, within_deg):
        camera = self.truth[name]
        turn = (pose["azimuth_deg"] - camera["azimuth_deg"] + 180) % 360 - 180
        assert abs(turn) < within_deg and abs(pose["tilt_deg"] - camera["tilt_deg"]) < within_deg, (pose, camera)
        assert abs(pose["roll_deg"] - camera["roll_deg"]) < within_deg


@pytest.fixture(scope="module")
def views(tmp_path_factory):
    return Views(tmp_path_factory.mktemp("views"))


@pytest.mark.parametrize("name", ["tower-1", "tower-2"])
def test_the_skyline_tells_the_angles_to_a_tenth_of_a_degree(views, tmp_path, name):
    site = views.site(tmp_path / "site.yaml", OFF)
    drawn = tmp_path / "seen.png"
    answer = run("calibrate", site, "--camera", name, "--picture", views.picture(name), "--png", drawn, "--json")
    assert answer.returncode == 0, answer.stderr
    told = json.loads(answer.stdout)
    views.expect(name, told["pose"], 0.1)
    assert told["matched_share"] > 0.8 and told["distinct_ratio"] > 1.07
    assert drawn.read_bytes()[:4] == b"\x89PNG"


def test_all_around_and_the_field_of_view_too(views, tmp_path):
    site = views.site(tmp_path / "site.yaml", {"tower-1": (140, 0.5, 0)}, hfov_deg=views.truth["tower-1"]["hfov_deg"] + 1)
    answer = run("calibrate", site, "--camera", "tower-1", "--picture", views.picture("tower-1"), "--search", "180", "--hfov", "--json")
    assert answer.returncode == 0, answer.stderr
    pose = json.loads(answer.stdout)["pose"]
    views.expect("tower-1", pose, 0.1)
    assert pose["hfov_deg"] == pytest.approx(views.truth["tower-1"]["hfov_deg"], abs=0.3)


def test_the_camera_itself_is_asked_where_no_picture_is_given(views, tmp_path):
    site = views.site(tmp_path / "site.yaml", OFF)
    answer = run("calibrate", site, "--camera", "tower-1", "--json")
    assert answer.returncode == 0, answer.stderr
    views.expect("tower-1", json.loads(answer.stdout)["pose"], 0.1)


def test_a_pose_that_drifted_is_said_and_one_that_did_not(views, tmp_path):
    for off, status, words in [((0, 0, 0), 0, "no drift"), ((0.15, 0, 0), 0, "no drift"), ((0.45, 0, 0), 1, "pose drift"),
                               ((0, -0.45, 0), 1, "pose drift")]:
        site = views.site(tmp_path / "site.yaml", {"tower-1": off})
        answer = run("calibrate", site, "--camera", "tower-1", "--picture", views.picture("tower-1"), "--check")
        assert (answer.returncode, answer.stdout.splitlines()[-1]) == (status, words), answer.stdout + answer.stderr


def test_the_settings_it_writes_are_settings(views, tmp_path):
    site = views.site(tmp_path / "site.yaml", OFF)
    answer = run("calibrate", site, "--camera", "tower-1", "--picture", views.picture("tower-1"), "--output",
                 tmp_path / "pose.yaml")
    assert answer.returncode == 0, answer.stderr
    fragment = (tmp_path / "pose.yaml").read_text()
    keys = [line.split(":")[0].strip() for line in fragment.splitlines()[3:]]
    assert keys == ["azimuth_deg", "tilt_deg", "roll_deg", "sigma_azimuth_deg", "sigma_tilt_deg"]
    whole = tmp_path / "whole.yaml"
    camera = views.truth["tower-1"]
    head = "\n".join([*fragment.splitlines()[:2], f"    url: '{views.folder}/tower-1.mp4'", *fragment.splitlines()[2:]])
    whole.write_text(head + "".join(f"\n      {key}: {camera[key]}" for key in
                                    ("latitude_deg", "longitude_deg", "ground_m", "mast_m", "hfov_deg")) +
                     f"\nterrain: {{files: ['{DEM}']}}\n")
    answer = run("calibrate", whole, "--camera", "tower-1", "--picture", views.picture("tower-1"), "--check")
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_another_cameras_picture_fits_nowhere(views, tmp_path):
    site = views.site(tmp_path / "site.yaml", {})
    for name, other in [("tower-1", "tower-2"), ("tower-2", "tower-1")]:
        answer = run("calibrate", site, "--camera", name, "--picture", views.picture(other))
        assert answer.returncode == 1 and answer.stdout == ""
        assert "landmarks" in answer.stderr and len(answer.stderr.splitlines()) == 1


def test_fog_and_things_that_are_no_pictures(views, tmp_path):
    site = views.site(tmp_path / "site.yaml", {})
    fog = tmp_path / "fog.png"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "nullsrc=size=960x540,geq=random(1)*4+150:128:128", "-frames:v", "1",
                    fog], check=True, timeout=60)
    answer = run("calibrate", site, "--camera", "tower-1", "--picture", fog)
    assert answer.returncode == 1 and "landmarks" in answer.stderr
    junk = tmp_path / "junk.png"
    junk.write_bytes(b"\x89PNG\r\n\x1a\n" + random.Random(4).randbytes(500))
    for path in (junk, tmp_path / "missing.png"):
        answer = run("calibrate", site, "--camera", "tower-1", "--picture", path)
        assert answer.returncode == 1 and path.name in answer.stderr


# ---- landmarks ----

RADIUS = 6371000.0


def landmarks(camera, count, width, height, off_px=0.0, seed=1):
    """Points about the camera as a pinhole sees them; written down independently of the engine, for a sphere."""
    dice = random.Random(seed)
    half = math.tan(math.radians(camera["hfov_deg"] / 2))
    lens_m = camera["ground_m"] + camera["mast_m"]
    az, tilt, roll = (math.radians(camera[key]) for key in ("azimuth_deg", "tilt_deg", "roll_deg"))
    right = (math.cos(az), -math.sin(az), 0)
    down = (math.sin(az) * math.sin(tilt), math.cos(az) * math.sin(tilt), -math.cos(tilt))
    ahead = (math.sin(az) * math.cos(tilt), math.cos(az) * math.cos(tilt), math.sin(tilt))
    for i in range(count):
        x, y = (i + 0.5) / count * width, height * dice.uniform(0.2, 0.9)
        u, v = (x / width * 2 - 1) * half, (y / height * 2 - 1) * half * height / width
        cu, cv = u * math.cos(roll) - v * math.sin(roll), u * math.sin(roll) + v * math.cos(roll)
        ray = [cu * right[k] + cv * down[k] + ahead[k] for k in range(3)]
        distance = dice.uniform(2000, 9000)
        level = math.hypot(ray[0], ray[1])
        rise = ray[2] / level * distance + distance ** 2 * 0.87 / (2 * RADIUS)
        latitude = camera["latitude_deg"] + math.degrees(ray[1] / level * distance / RADIUS)
        cosine = math.cos(math.radians((latitude + camera["latitude_deg"]) / 2))
        longitude = camera["longitude_deg"] + math.degrees(ray[0] / level * distance / RADIUS / cosine)
        yield (f"{x + dice.uniform(-off_px, off_px):.2f},{y + dice.uniform(-off_px, off_px):.2f},{latitude:.7f},{longitude:.7f},"
               f"{lens_m + rise:.2f},point {i}")


def test_landmarks_tell_the_angles_whatever_the_pose_said(views, tmp_path):
    camera = views.truth["tower-1"]
    file = tmp_path / "landmarks.txt"
    file.write_text("# peaks\n" + "\n".join(landmarks(camera, 6, 960, 540, off_px=1)) + "\n")
    site = views.site(tmp_path / "site.yaml", {"tower-1": (120, 3, 0)}, terrain=False, hfov_deg=30)
    answer = run("calibrate", site, "--camera", "tower-1", "--size", "960x540", "--landmarks", file, "--json")
    assert answer.returncode == 0, answer.stderr
    told = json.loads(answer.stdout)
    views.expect("tower-1", told["pose"], 0.3)
    assert told["pose"]["hfov_deg"] == pytest.approx(camera["hfov_deg"], abs=0.6)
    assert len(told["landmarks"]) == 6 and told["rms_px"] < 6


def test_the_wrong_landmark_is_named(views, tmp_path):
    words = []
    for i, line in enumerate(landmarks(views.truth["tower-1"], 6, 960, 540)):
        x, rest = line.split(",", 1)
        words += ["--landmark", f"{float(x) + (70 if i == 2 else 0)},{rest}"]
    site = views.site(tmp_path / "site.yaml", {}, terrain=False)
    answer = run("calibrate", site, "--camera", "tower-1", "--size", "960x540", *words)
    assert answer.returncode == 0, answer.stderr
    left_out = [line for line in answer.stdout.splitlines() if "left out" in line]
    assert len(left_out) == 1 and left_out[0].startswith("point 2")


@pytest.mark.parametrize("words, status, said", [
    (["--landmark", "1,2,3"], 2, "X,Y,LATITUDE"),
    (["--landmark", "100,100,44.2,3.8,500"], 1, "between 4"),
    (["--landmark", "100,100,44.2,3.8,500"] * 4, 1, "spread"),
    (["--landmarks", "/nowhere"], 2, "/nowhere"),
    (["--size", "0x10"], 2, "usage"),
    (["--search", "x"], 2, "usage"),
    (["--datum", "wgs72"], 2, "usage"),
])
def test_what_cannot_be_done_is_said(views, tmp_path, words, status, said):
    site = views.site(tmp_path / "site.yaml", {})
    answer = run("calibrate", site, "--camera", "tower-1", "--size", "960x540", *words)
    assert answer.returncode == status and said in answer.stderr, answer.stderr


def test_a_site_without_what_is_needed(views, tmp_path):
    site = views.site(tmp_path / "site.yaml", {}, terrain=False)
    answer = run("calibrate", site, "--camera", "tower-1")
    assert answer.returncode == 2 and "terrain" in answer.stderr
    answer = run("calibrate", site, "--camera", "tower-9")
    assert answer.returncode == 2 and "tower-9" in answer.stderr
    site.write_text("cameras: [{id: a, url: x.mp4}]\n")
    answer = run("calibrate", site, "--camera", "a")
    assert answer.returncode == 2 and "no pose" in answer.stderr
    site = views.site(tmp_path / "site.yaml", {}, ground_m=-100)
    answer = run("calibrate", site, "--camera", "tower-1")
    assert answer.returncode == 1 and "under" in answer.stderr
