#!/usr/bin/python3
"""Figures of the shipped network on the test pictures, counts beside the percentages.

    python3 -m training.evaluate --model lookout/lookout.json --images DIR [--json FILE]

Test pictures are stills: the network has no past to compare with here, which is the harder half of its
work. A find is a component of cells as the plugin makes it, looked at again where the manifest says so; a picture's
score is that of its surest find, or cell where nothing reached the threshold of a find.
"""
import argparse
import json
import os
import time
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from . import places
from .picture import Memory, fitted, square

KINDS = ("smoke", "flame")


def average_precision(scores, truths):
    """Area under precision over recall, as the sum over the positives."""
    order = np.argsort(-np.asarray(scores), kind="stable")
    truths = np.asarray(truths, bool)[order]
    precision = np.cumsum(truths) / np.arange(1, len(truths) + 1)
    return float(precision[truths].mean()) if truths.any() else float("nan")


def components(heat, low):
    """(score, x0, y0, x1, y1 in cells) of each component, surest first."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((heat >= low).astype(np.uint8), connectivity=8)
    found = []
    for i in range(1, count):
        x, y, w, h, _ = stats[i]
        found.append((float(heat[labels == i].max()), x, y, x + w, y + h))
    return sorted(found, reverse=True)


def logit(p):
    return float(np.log(max(p, 1e-7) / max(1 - p, 1e-7)))


class SecondLook:
    """What the manifest's section second_look says, in Python."""

    def __init__(self, folder, section, options):
        self.section = section
        self.session = onnxruntime.InferenceSession(str(folder / section["file"]), options)
        self.name = self.session.get_inputs()[0].name

    def weigh(self, found, picture, kind):
        """The finds with their combined scores; a still is its own background."""
        column = self.section["classes"].index(kind)
        combine = self.section["combine"][kind]
        for first, *box in found[:self.section["most"]]:
            if first < self.section["from"]:
                break
            part = square(picture, box, 8, *(self.section[key] for key in ("margin", "least_px", "most_px", "side")))
            both = np.concatenate([part, part], 2).transpose(2, 0, 1)[None].astype(np.float32)
            answer = self.session.run(None, {self.name: (both - self.section["mean"]) * self.section["scale"]})[0]
            score = combine["first"] * logit(first) + combine["second"] * answer[0, column] + combine["bias"]
            yield 1 / (1 + np.exp(-score)), *box


def meets(find, box):
    """A find is on a labelled box when its centre lies in it, or a fifth of their union is shared."""
    _, x0, y0, x1, y1 = find
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    if box[0] <= cx <= box[2] and box[1] <= cy <= box[3]:
        return True
    shared = max(min(x1, box[2]) - max(x0, box[0]), 0) * max(min(y1, box[3]) - max(y0, box[1]), 0)
    return shared > 0.2 * ((x1 - x0) * (y1 - y0) + (box[2] - box[0]) * (box[3] - box[1]) - shared)


def share(part, whole):
    return f"{part} of {whole}" + (f" ({100 * part / whole:.0f} %)" if whole else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--split", default="test")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    manifest = json.loads(args.model.read_text())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count() or 1
    session = onnxruntime.InferenceSession(str(args.model.parent / manifest["file"]), options)
    name = session.get_inputs()[0].name
    section = manifest.get("second_look")
    again = SecondLook(args.model.parent, section, options) if section else None
    size, point = manifest["input"]["size"], manifest["operating_point"]

    scores = {kind: [] for kind in KINDS}
    hits, wanted, seen, quiet = defaultdict(int), defaultdict(int), defaultdict(int), defaultdict(int)
    alarms = {kind: defaultdict(int) for kind in KINDS}
    stills = places.read(args.images, args.split)
    begun = time.monotonic()
    for number, still in enumerate(stills):
        picture = cv2.imread(str(still.path))[..., ::-1].astype(np.float32) / 255
        height, width = picture.shape[:2]
        shown, scale = fitted(picture, size["max_width"], size["max_height"], size.get("enlarge", 1))
        logits = session.run(None, {name: Memory().show(shown, 0.0)[None]})[0][0]
        heat = 1 / (1 + np.exp(-logits))
        for index, kind in enumerate(KINDS):
            calibration = manifest.get("calibration", {}).get(kind)
            if calibration:
                heat[index] = 1 / (1 + np.exp(-(calibration["a"] * logits[index] + calibration["b"])))
            high = point[kind]["score"]
            found = components(heat[index], point[kind].get("low", high / 2))
            if again and kind in section["classes"]:
                found = list(again.weigh(found, (shown * 255).astype(np.uint8), kind))
                rest = float(heat[index].max()) * 1e-6
            else:
                rest = float(heat[index].max())
            scores[kind].append((max([f[0] for f in found], default=rest), still))
            found = [(s, *(v * 8 / scale for v in box)) for s, *box in found if s >= high]
            boxes = [(x0 * width, y0 * height, x1 * width, y1 * height)
                     for c, x0, y0, x1, y1 in still.boxes if KINDS[c] == kind]
            if still.kind in (kind, "both"):
                wanted[kind] += len(boxes) or 1
                hits[kind] += (sum(any(meets(f, b) for f in found) for b in boxes) if boxes else bool(found))
            elif still.kind == "negative":
                alarms[kind][still.source] += bool(found)
        if still.kind == "negative":
            seen[still.source] += 1
        if number % 100 == 99:
            print(f"  {number + 1} of {len(stills)} pictures", flush=True)
    seconds = time.monotonic() - begun

    result = {"pictures": len(stills), "ms_a_picture": round(1000 * seconds / len(stills))}
    for kind in KINDS:
        asked = [(s, st.kind in (kind, "both")) for s, st in scores[kind] if st.kind in (kind, "both", "negative")]
        result[kind] = {
            "average_precision": round(average_precision(*zip(*asked)), 3),
            "positives": sum(t for _, t in asked), "negatives": sum(not t for _, t in asked),
            "score": point[kind]["score"], "recall": [hits[kind], wanted[kind]],
            "false_pictures": {source: [alarms[kind][source], seen[source]] for source in sorted(seen)}}
        r = result[kind]
        print(f"\n{kind}: average precision {r['average_precision']:.3f} "
              f"({r['positives']} pictures with, {r['negatives']} without)")
        print(f"  at score {r['score']}: found {share(*r['recall'])} of the labelled")
        wrong = sum(a for a, _ in r["false_pictures"].values())
        print(f"  pictures without that raised a find: {share(wrong, sum(seen.values()))}")
        for source, (bad, all_) in r["false_pictures"].items():
            print(f"    {source:22} {share(bad, all_)}")
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
