"""The plugin `onnx` through its interface: networks made here with fixed weights, good manifests and bad ones.

Run by meson, which says in the environment where the plugin and onnx_show are, so that both may be built with
sanitizers."""
import copy
import json
import os
import subprocess

import jsonschema
import numpy
import pytest

from onnx_file import YOLO_CLASSES, heat, manifest, model, node, second, second_look, value, write, yolo

PLUGIN, SHOW, SCHEMA = (os.environ[name] for name in ("ONNX_PLUGIN", "ONNX_SHOW", "ONNX_SCHEMA"))
ROOT = os.getcwd()
V8 = {"form": "yolo_v8", "classes": YOLO_CLASSES}
HEAT = {"form": "heatmap", "stride": 8, "activation": "sigmoid", "classes": [{"name": "s", "as": "smoke"}]}
SMOKE = {"smoke": {"score": 0.5}}
FREE = {"multiple_of": 8, "max_width": 256, "max_height": 128}
BRIGHT = [40 / 3, 40 / 3, 40 / 3]  # heat weights for 40 * (mean - 0.5) with a bias of -20


def ppm(path, picture):
    picture = numpy.asarray(picture, dtype=numpy.uint8)
    path.write_bytes(b"P6\n%d %d\n255\n" % (picture.shape[1], picture.shape[0]) + picture.tobytes())
    return path


def canvas(width, height, level=100, squares=()):
    """A grey picture with squares (x, y, width, height, level)."""
    picture = numpy.full((height, width, 3), level, dtype=numpy.uint8)
    for x, y, w, h, bright in squares:
        picture[y:y + h, x:x + w] = bright
    return picture


def show(path, *words, cameras=1, **settings):
    done = subprocess.run([SHOW, f"-{cameras}", PLUGIN, f"manifest={path}", *[f"{k}={v}" for k, v in settings.items()],
                           *[str(word) for word in words]], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def look(folder, content, described, *pictures, again=None, **settings):
    """Every picture, ten seconds apart; what came of each, after the opening line."""
    path = write(folder, content, described, again)
    words = [f"{10 * i}:{ppm(folder / f'{i}.ppm', picture)}" for i, picture in enumerate(pictures)]
    opened, *seen = show(path, *words, **settings)
    assert "want" in opened, opened
    return seen


def refused(folder, content, described, again=None, **settings):
    (line,) = show(write(folder, content, described, again), **settings)
    assert "refused" in line, line
    return line["refused"]


def boxes(line):
    assert "finds" in line, line
    return [(f["kind"], *[round(side) for side in f["box"]]) for f in line["finds"]]


# ---- what is found ----

@pytest.mark.parametrize("form", ["yolo_v5", "yolo_v8"])
@pytest.mark.parametrize("fractions", [False, True])
def test_a_yolo_finds_a_bright_square_by_manifest_alone(tmp_path, form, fractions):
    content = yolo(form=form, fractions=fractions)
    described = manifest(content, {"width": 640, "height": 640}, {
        "form": form, "classes": YOLO_CLASSES, "boxes": "fractions" if fractions else "pixels"})
    # 1280 x 704 becomes 640 x 352, 144 rows below the top of the square input: cell rows begin at 160
    (seen,) = look(tmp_path, content, described, canvas(1280, 704, 100, [(640, 96, 64, 64, 255)]))
    assert seen["size"] == [640, 352]
    assert boxes(seen) == [("flame", 320, 48, 32, 32)]
    expected = (0.9 if form == "yolo_v5" else 1) / (1 + numpy.exp(-16))
    assert seen["finds"][0]["score"] == pytest.approx(expected, abs=1e-4)


def test_classes_are_mapped_and_ignored_ones_win_in_silence(tmp_path):
    content = yolo()
    classes = [{"name": "dark", "as": "smoke"}, {"name": "bright", "as": "ignored"}]
    described = manifest(content, {"width": 640, "height": 640}, {"form": "yolo_v8", "classes": classes},
                         operating_point=SMOKE)
    picture = canvas(640, 640, 100, [(32, 64, 32, 32, 255), (96, 64, 32, 32, 0)])
    (seen,) = look(tmp_path, content, described, picture)
    assert boxes(seen) == [("smoke", 96, 64, 32, 32)]


def test_boxes_that_overlap_are_one(tmp_path):
    """Two tiles see the same square; each reports it, and one find is left."""
    content = yolo(side=128, cell=32)
    described = manifest(content, {"width": 128, "height": 128}, V8, input__tiles={"overlap_px": 32})
    picture = canvas(224, 128, 100, [(96, 32, 32, 32, 255), (192, 96, 32, 32, 255)])
    (seen,) = look(tmp_path, content, described, picture)
    assert sorted(boxes(seen)) == [("flame", 96, 32, 32, 32), ("flame", 192, 96, 32, 32)]
    (apart,) = look(tmp_path, content, {**described, "operating_point": {
        "flame": {"score": 0.5}, "smoke": {"score": 0.5}, "nms_iou": 1}}, picture)
    assert sorted(boxes(apart)).count(("flame", 96, 32, 32, 32)) == 2
    (small,) = look(tmp_path, content, {**described, "operating_point": {
        "flame": {"score": 0.5}, "smoke": {"score": 0.5}, "min_area_px": 1025}}, picture)
    assert small["finds"] == []


def test_stretch_gives_boxes_in_the_pictures_own_proportions(tmp_path):
    content = yolo(side=128, cell=32)
    described = manifest(content, {"width": 128, "height": 128}, V8, input__fit="stretch")
    (seen,) = look(tmp_path, content, described, canvas(256, 128, 100, [(64, 32, 64, 32, 255)]))
    assert seen["size"] == [256, 128]
    assert boxes(seen) == [("flame", 64, 32, 64, 32)]


def test_a_heat_map_gives_boxes_and_masks_of_any_size(tmp_path):
    content = heat([BRIGHT], -20)
    described = manifest(content, FREE, HEAT, operating_point={"smoke": {"score": 0.9, "low": 0.4}})
    picture = canvas(100, 60, 0, [(16, 8, 8, 16, 255), (24, 24, 8, 8, 128), (64, 8, 8, 8, 128)])
    (seen,) = look(tmp_path, content, described, picture)
    # the cell at (64, 8) is above low only; the one at (24, 24) is, too, but touches by a corner
    assert boxes(seen) == [("smoke", 16, 8, 16, 24)]
    assert seen["finds"][0]["mask"] == ["#.", "#.", ".#"]
    assert seen["finds"][0]["score"] == pytest.approx(1, abs=1e-6)


def test_a_small_picture_is_enlarged_as_far_as_it_fits_and_boxes_are_its_own(tmp_path):
    content = heat([BRIGHT], -20)
    for width, height, enlarge, square, box in (
            (64, 32, 2, (16, 8, 8, 8), (16, 8, 8, 8)),       # shown as 128 x 64: each cell is 4 pixels of it
            (128, 96, 4, (48, 24, 12, 12), (48, 24, 12, 12)),  # 128 rows are the most: enlarged by 4/3 only
            (64, 32, 1, (16, 8, 8, 8), (16, 8, 8, 8))):
        described = manifest(content, {**FREE, "enlarge": enlarge}, HEAT, operating_point=SMOKE)
        (seen,) = look(tmp_path, content, described, canvas(width, height, 0, [(*square, 255)]))
        assert seen["size"] == [width, height]
        (found,) = boxes(seen)
        assert found[1:] == pytest.approx(box, abs=1 / enlarge if enlarge > 1 else 0.01)
    tiny = [(20, 12, 4, 4, 255)]  # half a cell across, a quarter of one in area
    for enlarge, count in ((1, 0), (2, 1)):
        described = manifest(content, {**FREE, "enlarge": enlarge}, HEAT, operating_point=SMOKE)
        (seen,) = look(tmp_path, content, described, canvas(64, 32, 0, tiny))
        assert len(seen["finds"]) == count
    described = manifest(content, {**FREE, "enlarge": 2}, HEAT, operating_point=SMOKE)
    (seen,) = look(tmp_path, content, described, canvas(64, 32, 0, tiny), scale=0.5)
    assert not seen["finds"]


@pytest.mark.parametrize("activation, last", [("none", "Sigmoid"), ("sigmoid", None)])
def test_probabilities_and_logits_are_the_same(tmp_path, activation, last):
    content = heat([BRIGHT], -20, last=last)
    described = manifest(content, FREE, {**HEAT, "activation": activation}, operating_point=SMOKE)
    (seen,) = look(tmp_path, content, described, canvas(64, 64, 0, [(8, 8, 8, 8, 140)]))
    assert boxes(seen) == [("smoke", 8, 8, 8, 8)]
    logit = 40 * (140 / 255 - 0.5)
    assert seen["finds"][0]["score"] == pytest.approx(1 / (1 + numpy.exp(-logit)), abs=1e-4)


def test_softmax_takes_the_classes_against_each_other(tmp_path):
    content = heat([[1, 0, 0], [0, 1, 0]], 0)
    output = {**HEAT, "activation": "softmax",
              "classes": [{"name": "s", "as": "smoke"}, {"name": "n", "as": "ignored"}]}
    described = manifest(content, FREE, output, operating_point={"smoke": {"score": 0.6, "low": 0.6}})
    picture = canvas(64, 64)
    picture[8:16, 16:24] = (255, 0, 0)
    (seen,) = look(tmp_path, content, described, picture)
    assert boxes(seen) == [("smoke", 16, 8, 8, 8)]
    assert seen["finds"][0]["score"] == pytest.approx(numpy.e / (numpy.e + 1), abs=1e-4)


def test_tiles_of_heat_maps_are_one_map(tmp_path):
    """A bar across three tiles is one find, and tiles begin where cells do."""
    content = heat([BRIGHT], -20, shape=(1, 3, 64, 64))
    described = manifest(content, {"width": 64, "height": 64}, HEAT, operating_point=SMOKE,
                         input__tiles={"overlap_px": 16})
    (seen,) = look(tmp_path, content, described, canvas(150, 90, 0, [(16, 72, 128, 8, 255)]))
    assert boxes(seen) == [("smoke", 16, 72, 128, 8)]


def test_calibration_changes_scores_and_what_reaches_the_threshold(tmp_path):
    content = heat([BRIGHT], -20)
    picture = canvas(64, 64, 0, [(8, 8, 8, 8, 140)])
    logit = 40 * (140 / 255 - 0.5)
    for curve, (a, b) in [({"a": 2, "b": -0.5}, (2, -0.5)), ({"temperature": 4}, (0.25, 0))]:
        described = manifest(content, FREE, HEAT, operating_point=SMOKE, calibration={"smoke": curve})
        (seen,) = look(tmp_path, content, described, picture)
        assert seen["finds"][0]["score"] == pytest.approx(1 / (1 + numpy.exp(-a * logit - b)), abs=1e-3)
    described["calibration"] = {"smoke": {"a": 1, "b": -4}}
    (seen,) = look(tmp_path, content, described, picture)
    assert seen["finds"] == []


def test_the_sites_settings_overrule(tmp_path):
    content = heat([BRIGHT], -20)
    described = manifest(content, FREE, HEAT, operating_point={"smoke": {"score": 0.99}})
    picture = canvas(64, 64, 0, [(8, 8, 8, 8, 140)])
    assert look(tmp_path, content, described, picture)[0]["finds"] == []
    assert len(look(tmp_path, content, described, picture, score=0.7)[0]["finds"]) == 1
    assert look(tmp_path, content, described, picture, score=0.7, min_side_px=9)[0]["finds"] == []
    described["operating_point"] = {"smoke": {"score": 0.7}, "min_area_px": 65}
    assert look(tmp_path, content, described, picture)[0]["finds"] == []
    (opened,) = show(write(tmp_path, content, described), scale=0.5)
    assert opened["want"][1:] == [128, 64]
    for optimisation in ("none", "basic", "extended"):
        assert len(look(tmp_path, content, described, picture, score=0.7, optimisation=optimisation,
                        threads=2)[0]) == 2


def test_channel_order_mean_scale_and_gray(tmp_path):
    picture = canvas(64, 64, 0)
    picture[8:16, 8:16] = (200, 0, 0)  # red
    for order, weights in (("rgb", [1, 0, 0]), ("bgr", [0, 0, 1])):
        content = heat([weights], 0)
        described = manifest(content, FREE, HEAT, operating_point=SMOKE, input__channels=order,
                             input__mean=[180, 60, 180], input__scale=[0.1, 1, 0.1])
        (seen,) = look(tmp_path, content, described, picture)
        assert boxes(seen) == [("smoke", 8, 8, 8, 8)]
        assert seen["finds"][0]["score"] == pytest.approx(1 / (1 + numpy.exp(-2)), abs=1e-3)
    content = heat([[1]], 0)
    described = manifest(content, FREE, HEAT, operating_point=SMOKE, input__channels="gray", input__mean=59,
                         input__scale=1)
    (seen,) = look(tmp_path, content, described, picture)  # luma of (200, 0, 0) is 59.8, rounded to 60
    assert seen["finds"][0]["score"] == pytest.approx(1 / (1 + numpy.exp(-1)), abs=1e-3)


@pytest.mark.parametrize("pad, found", [(0, 0), (255, 0), ("edge", 0)])
def test_nothing_is_found_in_the_padding(tmp_path, pad, found):
    content = heat([BRIGHT], -20, shape=(1, 3, 64, 64))
    described = manifest(content, {"width": 64, "height": 64}, HEAT, operating_point=SMOKE, input__pad=pad)
    (seen,) = look(tmp_path, content, described, canvas(64, 16, 0))
    assert len(seen["finds"]) == found


# ---- time ----

def over_time(tmp_path, frames, weights, words, levels, reset_at=None):
    """Pictures of one level each, at the given times; the score of each (0 where nothing is found)."""
    content = heat([weights], 0)
    described = manifest(content, FREE, HEAT, input__scale=1, input__frames=frames,
                         operating_point={"smoke": {"score": 1e-5, "low": 1e-5}})
    path = write(tmp_path, content, described)
    pictures = [f"{word}:{ppm(tmp_path / f'{i}.ppm', canvas(32, 32, level))}"
                for i, (word, level) in enumerate(zip(words, levels))]
    if reset_at is not None:
        pictures.insert(reset_at, "reset")
    _, *seen = show(path, *pictures)
    logits = []
    for line in seen:
        (find,) = line["finds"]
        logits.append(numpy.log(find["score"] / (1 - find["score"])))
    return logits


def test_before_is_the_youngest_picture_that_is_old_enough(tmp_path):
    """The network answers with a hundredth of what the frame of 30 s ago shows."""
    levels = list(range(100, 200, 10))
    shown = over_time(tmp_path, ["now", "before:30:gray"], [0, 0, 0, 0.01], range(0, 100, 10), levels)
    # at first itself, then the oldest, then the youngest of at least 22.5 s: three pictures ago
    assert shown == pytest.approx([1.0, 1.0, 1.0] + [level / 100 for level in levels[:7]], abs=2e-3)


def test_before_at_a_slow_watch_is_the_last_picture_and_never_too_old(tmp_path):
    shown = over_time(tmp_path, ["before:30"], [0.01, 0, 0], [0, 60, 120, 1000], [100, 120, 140, 160])
    assert shown == pytest.approx([1.0, 1.0, 1.2, 1.6], abs=2e-3)


def test_before_is_bounded_however_fast_pictures_come(tmp_path):
    times = [i / 2 for i in range(200)]
    levels = [50 + i for i in range(200)]
    shown = over_time(tmp_path, ["before:30"], [0.01, 0, 0], times, levels)
    for at, level, was in zip(times[100:], levels[100:], shown[100:]):
        age_s = (level / 100 - was) * 50
        assert 22.4 <= age_s <= 31, (at, age_s)


def test_background_is_a_running_mean_of_what_was_before(tmp_path):
    levels = [100, 100, 200, 200, 50, 120]
    shown = over_time(tmp_path, ["background:100"], [0.01, 0, 0], range(0, 60, 10), levels)
    mean, expected = 100.0, [1.0]
    for level in levels[1:]:
        expected.append(mean / 100)
        mean += (1 - numpy.exp(-0.1)) * (level - mean)
    assert shown == pytest.approx(expected, abs=6e-3)  # to a level


def test_bursts_are_not_remembered_and_reset_forgets(tmp_path):
    words = ["0", "30", "burst@31", "60", "90"]
    shown = over_time(tmp_path, ["before:30"], [0.01, 0, 0], words, [100, 110, 250, 120, 130])
    assert shown == pytest.approx([1.0, 1.0, 1.0, 1.1, 1.2], abs=2e-3)
    shown = over_time(tmp_path, ["before:30"], [0.01, 0, 0], [0, 30, 60, 90], [100, 110, 120, 130], reset_at=2)
    assert shown == pytest.approx([1.0, 1.0, 1.2, 1.2], abs=2e-3)
    shown = over_time(tmp_path, ["background:30"], [0.01, 0, 0], [0, 30, 60], [100, 110, 120], reset_at=2)
    assert shown == pytest.approx([1.0, 1.0, 1.2], abs=6e-3)


# ---- the second look ----

def logit(p):
    return numpy.log(p / (1 - p))


def sigmoid(x):
    return 1 / (1 + numpy.exp(-x))


def even(side, planes=3, classes=1):
    """Weights of a second network that answers with the mean of all it is shown."""
    return numpy.full((classes, planes, side, side), 1 / (planes * side * side))


def stretched(picture, left, top, length, side, height=None):
    """A square of a picture at another size, edges repeated: bilinear with half-pixel centres, in floats."""
    height = height or side
    def places(start, length, side, count):
        place = numpy.clip((numpy.arange(side) + .5) * length / side - .5, 0, length - 1)
        lower = numpy.floor(place).astype(int)
        upper = numpy.minimum(lower + 1, length - 1)
        return (numpy.clip(start + lower, 0, count - 1), numpy.clip(start + upper, 0, count - 1), place - lower)
    vertical = length if height == side else length * height // side
    y0, y1, v = places(top, vertical, height, picture.shape[0])
    x0, x1, h = places(left, length, side, picture.shape[1])
    v, h, picture = v[:, None, None], h[None, :, None], picture.astype(float)
    upper = picture[y0][:, x0] * (1 - h) + picture[y0][:, x1] * h
    lower = picture[y1][:, x0] * (1 - h) + picture[y1][:, x1] * h
    return upper * (1 - v) + lower * v


def test_the_second_look_keeps_one_bright_square_and_drops_another(tmp_path):
    """The first network sees the same in both; the second does not like what is around the one on grey."""
    content, again = heat([BRIGHT], -20), second(-40 * even(16), 10)
    picture = canvas(128, 96, 0, [(64, 32, 48, 48, 60), (16, 16, 8, 8, 255), (80, 48, 8, 8, 255)])
    described = manifest(content, FREE, HEAT, operating_point=SMOKE)
    (alone,) = look(tmp_path, content, described, picture)
    assert sorted(boxes(alone)) == [("smoke", 16, 16, 8, 8), ("smoke", 80, 48, 8, 8)]
    combine = {"first": 0.05, "second": 1, "bias": 0.25}
    described["second_look"] = second_look(again, 16, combine={"smoke": combine})
    (seen,) = look(tmp_path, content, described, picture, again=again)
    assert boxes(seen) == [("smoke", 16, 16, 8, 8)]
    assert seen["finds"][0]["mask"] == ["#"]
    (opened,) = show(tmp_path / "m.json")
    assert opened["log"].endswith("and a second look")


def test_the_scores_of_both_looks_are_combined_as_written(tmp_path):
    content, again = heat([BRIGHT], -20), second(3 * even(16), -1)
    picture = canvas(64, 64, 134)  # one large find, and a crop of one colour
    p, z = sigmoid(40 * (134 / 255 - .5)), 3 * (134 - 14) * .02 - 1
    for a, (first, weight, bias) in [(1, (1, 1, 0)), (1, (0.7, 0.2, -0.4)), (1, (0, 1, -5)), (2, (1, 0.1, 0.3))]:
        described = manifest(content, FREE, HEAT, operating_point={"smoke": {"score": 1e-3, "low": 0.2}})
        described["calibration"] = {"smoke": {"a": a, "b": 0.5 * (a - 1)}}
        described["second_look"] = second_look(again, 16, mean=14, scale=0.02, combine={
            "smoke": {"first": first, "second": weight, "bias": bias}})
        (seen,) = look(tmp_path, content, described, picture, again=again)
        (find,) = seen["finds"]
        expected = sigmoid(first * (a * logit(p) + 0.5 * (a - 1)) + weight * z + bias)
        assert find["score"] == pytest.approx(expected, abs=1e-4)


def test_from_and_score_are_asked_of_the_first_score_and_of_both(tmp_path):
    """Three squares with first scores of 0.2, 0.4 and 0.98; the site's `score` is of both, too."""
    content, again = heat([BRIGHT], -20), second(0 * even(16), 1)
    picture = canvas(128, 64, 0, [(16, 16, 8, 8, 119), (48, 16, 8, 8, 125), (80, 16, 8, 8, 152)])
    first = [sigmoid(40 * (level / 255 - .5)) for level in (125, 152)]
    described = manifest(content, FREE, HEAT, operating_point={"smoke": {"score": 0.6, "low": 0.3}})
    described["second_look"] = second_look(again, 16, combine={"smoke": {"first": 1, "second": 1, "bias": 0}})
    (seen,) = look(tmp_path, content, described, picture, again=again)
    assert boxes(seen) == [("smoke", 80, 16, 8, 8), ("smoke", 48, 16, 8, 8)]
    assert [find["score"] for find in seen["finds"]] == pytest.approx(
        [sigmoid(logit(p) + 1) for p in reversed(first)], abs=1e-4)
    (seen,) = look(tmp_path, content, described, picture, again=again, score=0.7)
    assert boxes(seen) == [("smoke", 80, 16, 8, 8)]
    described["second_look"]["from"] = 0.5
    (seen,) = look(tmp_path, content, described, picture, again=again)
    assert boxes(seen) == [("smoke", 80, 16, 8, 8)]
    described["operating_point"]["smoke"] = {"score": 0.01}  # below what low is, half of from, and that is right
    (seen,) = look(tmp_path, content, described, picture, again=again)
    assert boxes(seen) == [("smoke", 80, 16, 8, 8)]


@pytest.mark.parametrize("most", [1, 3])
def test_only_the_surest_are_looked_at_again_and_the_others_dropped(tmp_path, most):
    content = heat([BRIGHT], -20)
    again = second(-4 * even(16), 2)  # turns the order round
    squares = [(16 + 40 * (i % 5), 16, 8, 8, 140 + 5 * i) for i in range(5)]
    described = manifest(content, FREE, HEAT, operating_point={"smoke": {"score": 0.01, "low": 0.3}})
    described["second_look"] = second_look(again, 16, most=most)
    (seen,) = look(tmp_path, content, described, canvas(224, 64, 0, squares), again=again)
    assert boxes(seen) == [("smoke", *squares[i][:4]) for i in range(5 - most, 5)]


WHERE = {  # the picture's size, where its bright square is, and what the manifest says of the size
    "middle": (96, 64, (40, 24), FREE), "top left": (96, 64, (0, 0), FREE), "bottom right": (96, 64, (88, 56), FREE),
    "padded": (93, 61, (80, 48), FREE), "enlarged": (64, 48, (40, 24), {**FREE, "enlarge": 2}),
    "tiles": (96, 64, (80, 48), {"width": 64, "height": 64})}


@pytest.mark.parametrize("side, margin", [(16, 3.75), (32, 1.5)])
@pytest.mark.parametrize("where", WHERE)
def test_the_second_look_sees_a_square_around_the_find(tmp_path, where, side, margin):
    """Among noise, for a network of random weights, so that every pixel counts; shrunk and enlarged."""
    width, height, (x, y), size = WHERE[where]
    scale = 2 if where == "enlarged" else 1
    generator = numpy.random.default_rng(5)
    weights = generator.normal(0, 2, (1, 3, side, side)) / side
    again = second(weights)
    content = heat([BRIGHT], -20, shape=(1, 3, 64, 64) if where == "tiles" else (1, "c", "h", "w"))
    described = manifest(content, size, HEAT, operating_point={"smoke": {"score": 1e-6, "low": 0.3}},
                         second_look=second_look(again, side, margin=margin))
    if where == "tiles":
        described["input"]["tiles"] = {"overlap_px": 16}
    length = int(max(16, margin * 8 * scale))
    left, top = (round((at + 4) * scale - length / 2) for at in (x, y))
    pictures = [generator.integers(0, 100, (height, width, 3), dtype=numpy.uint8) for _ in range(4)]
    expected, aside, below = [], [], []
    for picture in pictures:
        picture[y:y + 8, x:x + 8] = 255
        view = stretched(picture, 0, 0, width, 2 * width, 2 * height) if scale == 2 else picture
        for logits, at in ((expected, (left, top)), (aside, (left + 1, top)), (below, (left, top + 1))):
            crop = stretched(view, *at, length, side).transpose(2, 0, 1)
            logits.append(numpy.sum(crop / 255 * weights[0]))
    seen = look(tmp_path, content, described, *pictures, again=again)
    for line, z in zip(seen, expected):
        (find,) = line["finds"]
        assert find["box"] == pytest.approx([x, y, 8, 8], abs=.6)
        assert logit(find["score"]) == pytest.approx(z, abs=.05)
    for wrong in (aside, below):  # one pixel would show
        assert numpy.abs(numpy.subtract(wrong, expected)).max() > .1


def test_a_crop_is_held_between_its_least_and_its_most(tmp_path):
    """What a grey frame of given width around a square adds says how far the crop reaches."""
    content, again = heat([BRIGHT], -20), second(even(16), 0)
    for square, margin, held in [(8, 2.5, 32), (16, 3, 48), (40, 3, 64)]:
        picture = canvas(240, 120, 0, [(96, 40, square, square, 255)])
        described = manifest(content, FREE, HEAT, operating_point={"smoke": {"score": 1e-3, "low": 0.3}})
        described["second_look"] = second_look(again, 16, margin=margin, least_px=32, most_px=64)
        (seen,) = look(tmp_path, content, described, picture, again=again)
        (find,) = seen["finds"]
        left = round(96 + square / 2 - held / 2)
        top = round(40 + square / 2 - held / 2)
        expected = stretched(picture, left, top, held, 16).mean() / 255
        assert logit(find["score"]) == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize("pad", [0, "edge"])
def test_a_second_look_at_boxes_judges_its_own_kinds_only(tmp_path, pad):
    """A YOLO on a letterbox: smoke is what is dark and is looked at again, flame keeps its first score. The view
    lies 32 rows down the canvas."""
    content, again = yolo(side=128, cell=32), second(even(16), -0.5)
    described = manifest(content, {"width": 128, "height": 128}, V8, input__pad=pad)
    described["operating_point"] = {"smoke": {"score": 0.2}, "flame": {"score": 0.5}}
    described["second_look"] = second_look(again, 16, margin=1)
    picture = canvas(128, 64, 100, [(0, 32, 32, 32, 0), (64, 0, 32, 32, 255)])
    (seen,) = look(tmp_path, content, described, picture, again=again)
    (alone,) = look(tmp_path, content, {k: v for k, v in described.items() if k != "second_look"}, picture)
    assert boxes(seen) == boxes(alone) == [("flame", 64, 0, 32, 32), ("smoke", 0, 32, 32, 32)]
    assert seen["finds"][0] == alone["finds"][0]
    assert seen["finds"][1]["score"] == pytest.approx(sigmoid(-.5), abs=1e-4)
    both = second(numpy.concatenate([0 * even(16), even(16)]), -0.5)
    described["second_look"] = second_look(both, 16, margin=1, classes=["flame", "smoke"], combine={
        "smoke": {"first": 0, "second": 1, "bias": 1}, "flame": {"first": 0, "second": 1, "bias": 2}})
    (seen,) = look(tmp_path, content, described, picture, again=both)
    assert [(find["kind"], find["score"]) for find in seen["finds"]] == [
        ("flame", pytest.approx(sigmoid(1.5), abs=1e-4)), ("smoke", pytest.approx(sigmoid(.5), abs=1e-4))]


def test_the_second_look_is_shown_the_frames_it_names_in_their_order(tmp_path):
    """A square that was not there before, shown to a network that weighs each plane in another way."""
    content = heat([[40 / 3] * 3 + [0] * 4], -20)
    frames = ["now", "before:30:gray", "background:900"]
    before, now = canvas(64, 64, 40), canvas(64, 64, 40, [(16, 16, 32, 32, 255)])
    before[16:48, 16:48] = (90, 60, 30)
    gray = (77 * 90 + 150 * 60 + 29 * 30 + 128) >> 8
    shown = {"now": [255] * 3, "before:30:gray": [gray], "background:900": [90, 60, 30]}
    for named in (["now"], ["background:900"], ["background:900", "now"], ["now", "before:30:gray"], frames[::-1]):
        levels = sum((shown[frame] for frame in named), [])
        weigh = numpy.arange(1, len(levels) + 1) / 10
        again = second(weigh[None, :, None, None] * even(16, 1), -1)
        described = manifest(content, FREE, HEAT, input__frames=frames,
                             operating_point={"smoke": {"score": 1e-3, "low": 0.3}})
        described["second_look"] = second_look(again, 16, margin=0.5, frames=named)
        path = write(tmp_path, content, described, again)
        words = [f"{at}:{ppm(tmp_path / f'{at}.ppm', picture)}" for at, picture in ((0, before), (30, now))]
        for last in (words[1], words[1].replace("30:", "burst@30:", 1)):
            _, _, seen = show(path, words[0], last)
            (find,) = seen["finds"]
            assert logit(find["score"]) == pytest.approx(numpy.dot(weigh, levels) / 255 - 1, abs=1e-3)
    first, = show(path, words[1])[1:]  # nothing is remembered yet: all frames are the picture itself
    assert logit(first["finds"][0]["score"]) == pytest.approx(weigh.sum() - 1, abs=1e-3)


def test_mean_and_scale_of_the_second_look_are_its_own(tmp_path):
    content = heat([[0, 0, 4]], -600)
    again = second(numpy.array([1, 2, 3])[None, :, None, None] * even(16, 1), 0)
    picture = canvas(64, 64, 0)
    picture[8:56, 8:56] = (200, 120, 80)
    described = manifest(content, FREE, HEAT, operating_point={"smoke": {"score": 1e-3, "low": 0.3}},
                         input__channels="bgr", input__scale=1)
    described["second_look"] = second_look(again, 16, margin=0.5, mean=[70, 130, 190], scale=[.1, .05, .01])
    (seen,) = look(tmp_path, content, described, picture, again=again)
    assert logit(seen["finds"][0]["score"]) == pytest.approx(1 * 1 + 2 * -.5 + 3 * .1, abs=1e-4)


def test_a_second_look_that_is_wrong_is_refused(tmp_path):
    content, again = heat([BRIGHT], -20), second(even(16), 0)
    described = manifest(content, FREE, HEAT, operating_point=SMOKE, second_look=second_look(again, 16))
    said = refused(tmp_path, content, described)
    assert "second_look: " in said and "s.onnx: the network cannot be read: No such file" in said
    other = second(even(16), 1)
    said = refused(tmp_path, content, described, other)
    assert "second_look: " in said and "another sha256" in said and second_look(other, 16)["sha256"] in said
    for wrong, words in [
            (second(even(32)), "its input is [-1, 3, 32, 32] (-1: any), the manifest says 1, 3 channels, height 16, "
                               "width 16; correct second_look.frames or side"),
            (second(even(16, 6)), "correct second_look.frames or side"),
            (second(even(16), shape=(2, 3, 16, 16)), "correct second_look.frames or side"),
            (second(even(16, classes=2)), "answers [1, 2] with 2 axes, the manifest says [1, 1] with 2; correct "
                                          "second_look.classes"),
            (heat([BRIGHT], 0), "with 4 axes"), (second(-even(16), -1, last="Log"), "NaN"), (b"no network", "s.onnx")]:
        described["second_look"] = second_look(wrong, 16)
        said = refused(tmp_path, content, described, wrong)
        assert "second_look: " in said and words in said, said


def test_nan_of_the_second_look_fails_the_picture(tmp_path):
    content, again = heat([BRIGHT], -20), second(-even(16), .55, last="Log")  # for what is brighter than 0.55
    described = manifest(content, FREE, HEAT, operating_point={"smoke": {"score": 0.01, "low": 0.01}},
                         second_look=second_look(again, 16))
    good_one, bad, none = canvas(64, 64, 130), canvas(64, 64, 200), canvas(64, 64, 0)
    seen = look(tmp_path, content, described, good_one, bad, none, good_one, again=again)
    assert "second_look: " in seen[1]["failed"] and "NaN" in seen[1]["failed"]
    assert seen[2]["finds"] == [] and len(seen[0]["finds"]) == 1 and seen[3] == seen[0]


# ---- many cameras at once ----

def test_cameras_share_the_second_network_on_their_own_threads(tmp_path):
    content, again = heat([BRIGHT + [0, 0, 0]], -20), second(2 * even(16, 6), -1)
    described = manifest(content, FREE, HEAT, input__frames=["now", "background:30"], operating_point={
        "smoke": {"score": 0.01, "low": 0.3}}, second_look=second_look(again, 16, frames=["now", "background:30"]))
    path = write(tmp_path, content, described, again)
    words = [f"{10 * i}:{ppm(tmp_path / f'{i}.ppm', canvas(160, 96, 60, [(8 * i, 8, 16, 16, 250)]))}" for i in range(6)]
    alone = show(path, *words)
    assert show(path, *words, cameras=6) == alone
    assert [len(line["finds"]) for line in alone[1:]] == [1] * 6


def test_cameras_share_a_network_on_their_own_threads(tmp_path):
    """Loaded by one, run by all at once, unloaded by the last; each with a memory of its own."""
    content = heat([[40 / 3] * 3 + [-40 / 3] * 3], -10)
    described = manifest(content, FREE, HEAT, operating_point=SMOKE, input__frames=["now", "background:30"])
    path = write(tmp_path, content, described)
    pictures = [ppm(tmp_path / f"{i}.ppm", canvas(160, 96, 60, [(8 * i, 8, 16, 16, 250)])) for i in range(6)]
    words = [f"{10 * i}:{picture}" for i, picture in enumerate(pictures)]
    alone = show(path, *words)
    assert show(path, *words, cameras=6) == alone
    assert [len(line["finds"]) for line in alone[1:]] == [0, 1, 1, 1, 1, 1]
    path.write_text("{}")
    assert "refused" in show(path, *words, cameras=6)[0]


# ---- pictures of every shape ----

@pytest.mark.parametrize("width, height", [(7680, 4320), (4320, 7680), (20, 30), (1, 1), (7, 900), (640, 640)])
@pytest.mark.parametrize("how", ["tiles", "letterbox", "stretch", "free"])
def test_a_picture_of_any_size_is_looked_at(tmp_path, width, height, how):
    if how == "free":
        content = heat([BRIGHT], -20)
        described = manifest(content, FREE, HEAT, operating_point=SMOKE)
    else:
        content = yolo(side=128, cell=32)
        described = manifest(content, {"width": 128, "height": 128}, V8)
        if how == "tiles":
            described["input"]["tiles"] = {"overlap_px": 32}
        else:
            described["input"]["fit"] = how
    for level in (110, 255) if width * height > 1 << 20 else (0, 110, 255):  # one colour
        (seen,) = look(tmp_path, content, described, canvas(width, height, level))
        assert "finds" in seen, seen
        for find in seen["finds"]:
            x, y, w, h = find["box"]
            assert x < seen["size"][0] and y < seen["size"][1] and x + w > 0 and y + h > 0
        if level == 110:
            assert seen["finds"] == []


def test_a_picture_smaller_than_a_tile_is_padded_at_its_end(tmp_path):
    content = yolo(side=128, cell=32)
    described = manifest(content, {"width": 128, "height": 128}, V8, input__tiles={"overlap_px": 32})
    (seen,) = look(tmp_path, content, described, canvas(64, 96, 100, [(32, 64, 32, 32, 255)]))
    assert boxes(seen) == [("flame", 32, 64, 32, 32)]


def test_portrait_keeps_its_proportions(tmp_path):
    content = yolo(side=128, cell=32)
    described = manifest(content, {"width": 128, "height": 128}, V8)
    (seen,) = look(tmp_path, content, described, canvas(128, 256, 100, [(64, 64, 64, 64, 255)]))
    assert seen["size"] == [64, 128] and boxes(seen) == [("flame", 32, 32, 32, 32)]


# ---- models that are wrong ----

def good():
    content = heat([BRIGHT], -20)
    return content, manifest(content, FREE, HEAT, operating_point=SMOKE)


def test_a_missing_model_is_refused(tmp_path):
    content, described = good()
    path = write(tmp_path, content, described)
    (tmp_path / "m.onnx").unlink()
    (line,) = show(path)
    assert "m.onnx: the network cannot be read: No such file" in line["refused"]
    (line,) = show(tmp_path / "nowhere.json")
    assert "nowhere.json: the manifest cannot be read" in line["refused"]


def test_a_model_cut_short_is_refused(tmp_path):
    content, described = good()
    said = refused(tmp_path, content[:-7], described)
    assert "another sha256" in said and "cut short" in said
    cut = content[:-7]  # even where the manifest was made for what is left
    assert "m.onnx" in refused(tmp_path, cut, manifest(cut, FREE, HEAT, operating_point=SMOKE))
    assert "is no network" in refused(tmp_path, b"", described)


def test_a_model_of_another_sum_is_refused_and_told_its_own(tmp_path):
    content, described = good()
    other = heat([BRIGHT], -21)
    said = refused(tmp_path, other, described)
    assert manifest(other, FREE, HEAT)["sha256"] in said


@pytest.mark.parametrize("where", ["weights.bin", "{}/weights.bin", "../{}/weights.bin"])
def test_weights_that_the_sum_does_not_cover_are_refused(tmp_path, monkeypatch, where):
    weights = numpy.full((1, 3, 8, 8), 0.01, dtype="<f4")
    (tmp_path / "weights.bin").write_bytes(weights.tobytes())
    where = where.format(tmp_path.name if ".." in where else tmp_path)
    content = model([node("Conv", ["x", "w"], ["y"], strides=[8, 8], kernel_shape=[8, 8])], {"w": (weights, where)},
                    [value("x", [1, 3, "h", "w"])], [value("y", [1, 1, "r", "c"])])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("onnx_test.PLUGIN", os.path.join(ROOT, PLUGIN))
    monkeypatch.setattr("onnx_test.SHOW", os.path.join(ROOT, SHOW))
    assert "External data" in refused(tmp_path, content, manifest(content, FREE, HEAT, operating_point=SMOKE))


@pytest.mark.parametrize("shape, size", [((1, 3, 64, 64), FREE), ((1, 4, "h", "w"), FREE), ((2, 3, "h", "w"), FREE),
                                         ((1, 3, 64, 64), {"width": 64, "height": 32}),
                                         ((1, 3, 64, 64), {"width": 128, "height": 64})])
def test_another_input_shape_than_the_manifest_is_refused(tmp_path, shape, size):
    content = heat([[1] * shape[1]], -20, shape=shape)
    said = refused(tmp_path, content, manifest(content, size, HEAT, operating_point=SMOKE))
    assert "its input is [" in said and "correct input.channels, frames or size" in said


@pytest.mark.parametrize("size", [FREE, {"width": 64, "height": 64}])
def test_open_axes_take_the_manifests_size(tmp_path, size):
    content = heat([BRIGHT], -20, shape=("n", "c", "h", "w"))
    described = manifest(content, size, HEAT, operating_point=SMOKE)
    (seen,) = look(tmp_path, content, described, canvas(64, 64, 0, [(8, 8, 8, 8, 255)]))
    assert boxes(seen) == [("smoke", 8, 8, 8, 8)]


def test_an_operator_the_runtime_lacks_is_refused_by_name(tmp_path):
    content = model([node("Frobnicate", ["x"], ["y"])], {}, [value("x", [1, 3, 64, 64])],
                    [value("y", [1, 1, 8, 8])])
    said = refused(tmp_path, content, manifest(content, {"width": 64, "height": 64}, HEAT, operating_point=SMOKE))
    assert "Frobnicate" in said
    content = heat([BRIGHT], 0)
    newer = content.replace(b"\x10\x11", b"\x10\x7f", 1)  # operator set 127
    assert newer != content
    assert "m.onnx" in refused(tmp_path, newer, manifest(newer, FREE, HEAT, operating_point=SMOKE))


def test_nan_is_refused_at_once_or_fails_the_picture(tmp_path):
    content = heat([[-1, -1, -1]], -1, last="Log")
    output = {**HEAT, "activation": "sigmoid"}
    said = refused(tmp_path, content, manifest(content, FREE, output, operating_point=SMOKE))
    assert "NaN" in said
    content = heat([[-1 / 3, -1 / 3, -1 / 3]], 0.9, last="Log")  # NaN for what is brighter than 0.9 only
    dark, light = canvas(64, 64, 0), canvas(64, 64, 255)
    seen = look(tmp_path, content, manifest(content, FREE, output, operating_point=SMOKE), dark, light, dark)
    assert "NaN" in seen[1]["failed"] and "finds" in seen[0] and seen[2] == seen[0]
    content = yolo(side=128).replace(numpy.float32(-24).tobytes(), numpy.float32("nan").tobytes())
    assert "NaN" in refused(tmp_path, content, manifest(content, {"width": 128, "height": 128}, V8))


@pytest.mark.parametrize("output, words", [
    ({**HEAT, "stride": 16}, "correct output.form, classes or stride"),
    ({**HEAT, "classes": HEAT["classes"] * 2}, "correct output.form, classes or stride"),
    ({"form": "yolo_v8", "classes": HEAT["classes"]}, "correct output.form or classes"),
    ({**HEAT, "activation": "none"}, "set output.activation to sigmoid"),
    ({**HEAT, "name": "z"}, "has no output 'z' as output.name says, but 'y'")])
def test_another_answer_than_the_manifest_says_is_refused(tmp_path, output, words):
    content = heat([BRIGHT], 0)
    assert words in refused(tmp_path, content, manifest(content, FREE, output, operating_point=SMOKE))


def test_models_with_several_inputs_or_other_types_are_refused(tmp_path):
    size = {"width": 64, "height": 64}
    content = model([node("Add", ["x", "z"], ["y"])], {}, [value("x", [1, 3, 64, 64]), value("z", [1, 3, 64, 64])],
                    [value("y", [1, 3, 64, 64])])
    assert "has 2 inputs" in refused(tmp_path, content, manifest(content, size, HEAT, operating_point=SMOKE))
    content = model([node("Identity", ["x"], ["y"])], {}, [value("x", [1, 3, 64, 64], kind=2)],
                    [value("y", [1, 3, 64, 64], kind=2)])
    assert "32-bit floats" in refused(tmp_path, content, manifest(content, size, HEAT, operating_point=SMOKE))


def test_what_the_runtime_cannot_do_is_said(tmp_path):
    content, described = good()
    assert "has only CPUExecutionProvider" in refused(tmp_path, content, described, provider="openvino")
    assert "no such variant" in refused(tmp_path, content, described, precision="int8")
    described["variants"] = {"int8": {"file": "m.onnx", "sha256": described["sha256"]}}
    (opened,) = show(write(tmp_path, content, described), precision="int8")
    assert "model test 1 (CC0-1.0)" in opened["log"]


# ---- manifests with every mistake ----

def mistakes():
    """(what to change, words of the refusal, whether the schema can see it)."""
    def at(path, given):
        def change(described):
            *steps, last = path.split(".")
            for step in steps:
                described = described[int(step) if step.isdigit() else step]
            if given is None:
                del described[last]
            else:
                described[last] = given
        return change

    yield at("linhuo_modle", 1), "unknown key 'linhuo_modle'; did you mean 'linhuo_model'?", True
    yield at("linhuo_model", 2), "linhuo_model: must be a whole number from 1 to 1", True
    for key in ("linhuo_model", "name", "version", "licence", "file", "sha256", "input", "output",
                "operating_point", "input.channels", "input.size", "output.form", "output.stride",
                "operating_point.smoke", "operating_point.smoke.score", "input.size.max_width"):
        words = f"{key}: must be given"
        yield at(key, None), words, key not in ("output.stride", "operating_point.smoke")
    yield at("name", ""), "name: must be a text", True
    yield at("name", 7), "name: must be a text", True
    yield at("file", "/etc/passwd"), "no absolute path and no '..'", True
    yield at("file", "../m.onnx"), "no absolute path and no '..'", True
    yield at("file", "a/../../m.onnx"), "no absolute path and no '..'", True
    yield at("sha256", "12"), "must be 64 digits", True
    yield at("sha256", "X" * 64), "must be 64 digits", True
    yield at("variants", {"int4": {}}), "variants: unknown key 'int4'; did you mean 'int8'?", True
    yield at("variants", {"int8": {"file": "m.onnx"}}), "variants.int8.sha256: must be given", True
    yield at("variants", {"int8": {"file": "../x", "sha256": "0" * 64}}), "no absolute path", True
    yield at("input", []), "input: must be an object", True
    yield at("input.layout", "nhwc"), "'nhwc' is none of its words; did you mean 'nchw'?", True
    yield at("input.channels", "rbg"), "input.channels: 'rbg' is none of its words", True
    yield at("input.scael", 1), "input: unknown key 'scael'; did you mean 'scale'?", True
    yield at("input.size", {"width": 64}), "input.size.height: must be given", True
    yield at("input.size", {"width": 4, "height": 64}), "input.size.width: must be a whole number from 8", True
    yield at("input.size", {"width": 64, "height": 9000}), "must be a whole number from 8 to 8192", True
    yield at("input.size.width", 64), "input.size: unknown key 'width'", True
    yield at("input.size.max_width", 252), "must be multiples of 8", False
    yield at("input.size.multiple_of", 0), "must be a whole number from 1 to 256", True
    yield at("input.size.multiple_of", 8.5), "must be a whole number", True
    yield at("input.fit", "crop"), "input.fit: 'crop' is none of its words", True
    yield at("input.fit", "stretch"), "stretch needs a fixed size", False
    yield at("input.tiles", {"overlap_px": 8}), "input.tiles: needs a fixed size", False
    yield at("input.tiles", {}), "input.tiles", True
    yield at("input.pad", 300), "input.pad: must be a number from 0 to 255", True
    yield at("input.pad", "black"), "input.pad: must be \"edge\" or a number", True
    yield at("input.mean", [1, 2]), "input.mean: must be a number, or a list of 3", False
    yield at("input.mean", [1, 2, "3"]), "input.mean: must hold numbers only", True
    yield at("input.scale", "big"), "input.scale: must be a number, or a list of 3", True
    yield at("input.frames", []), "input.frames: must be a list", True
    yield at("input.frames", ["now"] * 9), "input.frames: must be a list of 1 to 8", True
    for frame in ("later", "before", "before:0", "before:4000", "before:30:rgb", "now:5", "background:-3", ""):
        yield at("input.frames", [frame]), f"'{frame}' is none of now", frame != "before:4000"
    yield at("input.frames", [3]), "input.frames", True
    yield at("output.form", "yolo"), "output.form: 'yolo' is none of its words; there are yolo_v5, yolo_v8", True
    yield at("output.form", "yolo_v9"), "'yolo_v9' is none of its words; did you mean 'yolo_v5'?", True
    yield at("output.activation", "relu"), "output.activation: 'relu' is none of its words", True
    yield at("output.boxes", "pixels"), "output.boxes: is not for this form", False
    yield at("output.stride", 0), "output.stride: must be a whole number from 1", True
    yield at("output.classes", []), "output.classes: must be a list of 1 to 64", True
    yield at("output.classes", ["smoke"]), "output.classes[0]: must be an object", True
    yield at("output.classes", [{"name": "a", "as": "smoek"}]), "did you mean 'smoke'?", True
    yield at("output.classes", [{"as": "smoke"}]), "output.classes[0].name: must be given", True
    yield at("output.classes", [{"name": "a", "as": "smoke", "id": 1}]), "unknown key 'id'", True
    yield at("output.classes", [{"name": "a", "as": "ignored"}]), "no class is 'smoke'", False
    yield at("operating_point.flame", {"score": 0.5}), "operating_point.flame: no class is 'flame'", False
    yield at("operating_point.smoke.score", 0), "operating_point.smoke.score: must be a number", True
    yield at("operating_point.smoke.score", 1), "operating_point.smoke.score: must be a number", True
    yield at("operating_point.smoke.score", "0.5"), "operating_point.smoke.score: must be a number", True
    yield at("operating_point.smoke.low", 0.6), "low: must not be above score", False
    yield at("operating_point.nms_iou", 2), "operating_point.nms_iou: must be a number from 0 to 1", True
    yield at("operating_point.min_area_px", -1), "operating_point.min_area_px: must be a number", True
    yield at("operating_point.nms", 0.5), "operating_point: unknown key 'nms'", True
    yield at("calibration", {"smoke": {"a": 0, "b": 0}}), "calibration.smoke.a: must be a number", True
    yield at("calibration", {"smoke": {"a": 1}}), "calibration.smoke.b: must be given", True
    yield at("calibration", {"smoke": {"temperature": 0}}), "temperature: must be a number", True
    yield at("calibration", {"smoke": {"temperature": 2, "a": 1}}), "unknown key 'a'", True
    yield at("calibration", {"smok": {}}), "did you mean 'smoke'?", True


def second_mistakes():
    """The same for a second look; the paths lie in it."""
    for key in ("file", "sha256", "side", "margin", "least_px", "most_px", "from", "classes", "combine"):
        yield {key: None}, f"second_look.{key}: must be " + ("a list" if key == "classes" else "given"), True
    yield {"sid": 16}, "second_look: unknown key 'sid'; did you mean 'side'?", True
    yield {"file": "../s.onnx"}, "second_look.file: must lie beside", True
    yield {"sha256": "12"}, "second_look.sha256: must be 64 digits", True
    yield {"side": 15}, "second_look.side: must be a whole number from 16 to 512", True
    yield {"margin": 0}, "second_look.margin: must be a number from 0.5 to 20", True
    yield {"most_px": 65}, "second_look.most_px: must be a whole number from 8 to 64", False
    yield {"least_px": 50, "most_px": 49}, "second_look.least_px: must be a whole number from 8 to 49", False
    yield {"frames": ["now", "before:90"]}, "second_look.frames: 'before:90' is none of input.frames", False
    yield {"frames": ["now:gray"]}, "second_look.frames: 'now:gray' is none of input.frames", False
    yield {"frames": ["later"]}, "second_look.frames: 'later' is none of now", True
    yield {"frames": []}, "second_look.frames: must be a list", True
    yield {"mean": [1]}, "second_look.mean: must be a number, or a list of 3", False
    yield {"scale": "x"}, "second_look.scale: must be a number", True
    yield {"from": 0}, "second_look.from: must be a number", True
    yield {"most": 0}, "second_look.most: must be a whole number from 1 to 64", True
    yield {"classes": []}, "second_look.classes: must be a list of 1 to 2", True
    yield {"classes": ["smoek"]}, "second_look.classes: 'smoek' is not smoke or flame", True
    yield {"classes": [1]}, "second_look.classes: '(no text)' is not smoke or flame", True
    yield {"classes": ["flame"]}, "second_look.classes: 'flame' is not smoke or flame, or no class", False
    yield {"classes": ["smoke", "smoke"]}, "or it is there twice", True
    yield {"combine": {}}, "second_look.combine.smoke: must be given", False
    one = {"first": 1, "second": 1, "bias": 0}
    yield {"combine": {"smoke": one, "flame": one}}, "combine.flame: is not among second_look.classes", False
    yield {"combine": {"smoke": {"first": 1, "second": 1}}}, "second_look.combine.smoke.bias: must be given", True
    yield {"combine": {"smoke": {**one, "first": -1}}}, "combine.smoke.first: must be a number from 0 to 100", True
    yield {"combine": {"smoke": {**one, "third": 1}}}, "combine.smoke: unknown key 'third'", True


def test_every_mistake_of_a_second_look_is_named_at_its_key(tmp_path):
    content, again = heat([BRIGHT], -20), second(even(16), 0)
    described = manifest(content, FREE, HEAT, operating_point=SMOKE, second_look=second_look(again, 16))
    SCHEMA_CHECK.validate(described)
    for change, words, in_schema in second_mistakes():
        wrong = copy.deepcopy(described)
        for key, given in change.items():
            wrong["second_look"][key] = given
            if given is None:
                del wrong["second_look"][key]
        said = refused(tmp_path, content, wrong, again)
        assert words in said and "m.json: " in said, (said, words)
        assert SCHEMA_CHECK.is_valid(wrong) != in_schema, (words, "the schema says otherwise")
    described["operating_point"] = {"smoke": {"score": 0.5, "low": 0.4}}
    assert "low: must not be above second_look.from" in refused(tmp_path, content, described, again)


SCHEMA_CHECK = jsonschema.Draft202012Validator(json.load(open(SCHEMA)))


def test_the_schema_agrees_with_what_is_good():
    for described in (good()[1], manifest(b"", {"width": 64, "height": 64}, V8, input__tiles={"overlap_px": 8}),
                      {**good()[1], "calibration": {"smoke": {"temperature": 2}}, "about": "x"}):
        SCHEMA_CHECK.validate(described)


def test_every_mistake_is_named_at_its_key(tmp_path):
    content, described = good()
    for change, words, in_schema in mistakes():
        wrong = copy.deepcopy(described)
        change(wrong)
        said = refused(tmp_path, content, wrong)
        assert words in said and "m.json: " in said, (said, words)
        assert SCHEMA_CHECK.is_valid(wrong) != in_schema, (words, "the schema says otherwise")


@pytest.mark.parametrize("text, words", [
    (b"", "no JSON"), (b"{", "no JSON"), (b"[]", "must be a JSON object"), (b"\xff\xfe{}", "no JSON"),
    (b'{"name": "a", "name": "b"}', "duplicate"), (b'{"name": "\\u0000"}', "no JSON"),
    (b"[" * 100000, "no JSON"), (b" " * (1 << 20) + b"{}", "at most 1 MiB"), (b'{"x": 1e999}', "no JSON")],
    ids=["empty", "open", "list", "utf16", "twice", "nul", "deep", "long", "overflow"])
def test_what_is_no_json_is_refused(tmp_path, text, words):
    path = tmp_path / "m.json"
    path.write_bytes(text)
    (line,) = show(path)
    assert words in line["refused"], line
    (line,) = show(tmp_path)  # a folder
    assert "is no manifest" in line["refused"]
