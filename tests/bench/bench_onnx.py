#!/usr/bin/python3
"""What each network costs a picture on one core, beside the bare ONNX Runtime call (make bench).

    tests/bench/bench_onnx.py [--build DIR] [MANIFEST.json]...

Without manifests: those under models/, and three stand-ins made here (random weights, the shape and about the cost
of real ones), so that there is a figure where no network was trained yet. The column to read is `outside`: the share
of the plugin's time that is not the network, or networks where there is a second look, which ran `again` times a
picture (aim: under 15 %). `convert` is the engine's scaling and colour
conversion, which all detectors that ask for the same share; it is not in `outside`, but in `with convert`.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "plugins"))
from onnx_file import YOLO_CLASSES, manifest, model, node, second_look, value, write  # noqa: E402


def backbone(channels, widths, generator):
    """Convolutions of 3 x 3 with stride 2, each followed by one without; nodes, weights, last name, last width."""
    nodes, weights, name = [], {}, "x"
    for level, width in enumerate(widths):
        for step, stride in enumerate((2, 1)):
            out = f"l{level}{step}"
            weights[f"w{out}"] = generator.normal(0, (2 / 9 / channels) ** .5, (width, channels, 3, 3))
            nodes += [node("Conv", [name, f"w{out}"], [f"c{out}"], strides=[stride, stride], pads=[1, 1, 1, 1],
                           kernel_shape=[3, 3]),
                      node("Relu", [f"c{out}"], [out])]
            name, channels = out, width
    return nodes, weights, name, channels


def stand_ins(folder):
    """A heat map over time at 1280 x 736, the same with a second look, and a YOLO at 640 x 640."""
    generator = numpy.random.default_rng(3)
    nodes, weights, name, width = backbone(7, [12, 24, 48], generator)
    weights["head"] = generator.normal(0, .01, (1, width, 1, 1))
    heat = model([*nodes, node("Conv", [name, "head"], ["y"], kernel_shape=[1, 1])], weights,
                 [value("x", [1, 7, "h", "w"])], [value("y", [1, 1, "r", "c"])])
    described = manifest(heat, {"multiple_of": 32, "max_width": 1280, "max_height": 736},
                         {"form": "heatmap", "stride": 8, "activation": "sigmoid",
                          "classes": [{"name": "s", "as": "smoke"}]},
                         operating_point={"smoke": {"score": 0.9}}, name="stand-in heat map",
                         input__frames=["now", "before:30", "background:300:gray"])
    (folder / "heat").mkdir()
    yield write(folder / "heat", heat, described)
    nodes, weights, name, width = backbone(6, [16, 32, 64, 96], generator)
    weights["head"] = generator.normal(0, .01, (width, 1))
    again = model([*nodes, node("GlobalAveragePool", [name], ["pooled"]), node("Flatten", ["pooled"], ["flat"], axis=1),
                   node("MatMul", ["flat", "head"], ["y"])], weights, [value("x", ["n", 6, 128, 128])],
                  [value("y", ["n", 1])])
    low = 0.505  # what noise gives a good many small finds at
    described = {**described, "name": "stand-in second look",
                 "operating_point": {"smoke": {"score": 0.9, "low": low}},
                 "second_look": {**second_look(again, 128, frames=["now", "before:30"]), "from": low}}
    (folder / "again").mkdir()
    yield write(folder / "again", heat, described, again)
    nodes, weights, name, width = backbone(3, [16, 32, 64, 96], generator)
    weights["head"] = generator.normal(0, .01, (6, width, 1, 1))
    weights["flat"] = numpy.array([1, 6, 1600])
    yolo = model([*nodes, node("Conv", [name, "head"], ["map"], kernel_shape=[1, 1]),
                  node("Sigmoid", ["map"], ["sure"]), node("Reshape", ["sure", "flat"], ["y"])], weights,
                 [value("x", [1, 3, 640, 640])], [value("y", [1, 6, 1600])])
    described = manifest(yolo, {"width": 640, "height": 640}, {"form": "yolo_v8", "classes": YOLO_CLASSES},
                         name="stand-in YOLO")
    (folder / "yolo").mkdir()
    yield write(folder / "yolo", yolo, described)


def shipped():
    for path in sorted((ROOT / "models").rglob("*.json")):
        try:
            found = "linhuo_model" in json.loads(path.read_text())
        except ValueError:
            found = False
        if found:
            yield path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifests", nargs="*", type=Path)
    parser.add_argument("--build", default="build")
    parser.add_argument("--pictures", type=int, default=25)
    parser.add_argument("--size", default="1920x1080", help="of the camera's picture")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    arguments = parser.parse_args()
    build = (ROOT / arguments.build).resolve()
    program = build / "tests" / "onnx_bench"
    if not program.exists():
        print("\nnetworks: not measured, built without ONNX Runtime (make runtime)")
        return
    rows = []
    with tempfile.TemporaryDirectory(prefix="linhuo-bench-") as name:
        print(f"\nnetworks, a {arguments.size} picture on one core, milliseconds of processor time (medians)")
        print(f"{'model':<24} {'shown':>10} {'runs':>4} {'again':>5} {'convert':>8} {'plugin':>8} {'bare':>8} "
              f"{'outside':>8} {'with convert':>13}")
        for path in arguments.manifests or [*shipped(), *stand_ins(Path(name))]:
            done = subprocess.run([program, build / "plugins" / "onnx.so", path, str(arguments.pictures),
                                   *arguments.size.split("x")], capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{path}: {done.stderr}")
            row = {"model": json.loads(path.read_text())["name"], **json.loads(done.stdout)}
            row["outside_share"] = max(0, 1 - row["bare_ms"] / row["detect_ms"])
            row["outside_share_with_convert"] = max(0, 1 - row["bare_ms"] / (row["detect_ms"] + row["convert_ms"]))
            print(f"{row['model']:<24} {'x'.join(map(str, row['shown'])):>10} {row['windows']:>4} "
                  f"{row['looks']:>5} {row['convert_ms']:>8.1f} {row['detect_ms']:>8.1f} {row['bare_ms']:>8.1f} "
                  f"{row['outside_share']:>8.1%} {row['outside_share_with_convert']:>13.1%}")
            rows.append(row)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
