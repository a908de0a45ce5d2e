"""Pictures to train on, by group: stills with labels, and series of one view.

Only the train/ split is read here. A place is one picture or one series of pictures of one fixed
camera; every tenth group is kept back for validation and never trained on.
"""
import csv
import hashlib
import warnings
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

TOWERS = {"hpwren-aimankind", "nemo-alertwildfire"}
PARTIAL_SMOKE = {"metu-lt"}          # smoke outside the boxes may be smoke all the same
NO_BOXES = {"welia-forest"}          # "flame" is said of the picture, not of a place
LONG_SIDE = 960                      # larger pictures are brought down to about this


@dataclass
class Still:
    path: Path
    source: str
    group: str
    kind: str                                    # smoke, flame, both, negative
    boxes: list = field(default_factory=list)    # (class, x0, y0, x1, y1), shares of the picture
    held_back: bool = False

    def load(self):
        """RGB, float32 0..1."""
        picture = cv2.imread(str(self.path), cv2.IMREAD_COLOR)
        if picture is None:
            raise OSError(f"{self.path}: not a picture")
        long = max(picture.shape[:2])
        if long > LONG_SIDE * 1.15:
            scale = LONG_SIDE / long
            picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(picture[..., ::-1], np.float32) / 255

    def wrong_labels(self):
        return self.source in NO_BOXES and self.kind == "flame"


def parse_boxes(text):
    for part in filter(None, text.split(";")):
        name, cx, cy, w, h = part.split()
        cx, cy, w, h = map(float, (cx, cy, w, h))
        yield int(name), max(cx - w / 2, 0), max(cy - h / 2, 0), min(cx + w / 2, 1), min(cy + h / 2, 1)


def is_held_back(source, group):
    return hashlib.sha256(f"{source}/{group}".encode()).digest()[0] < 26


def read(images, split="train"):
    """All stills of a split of the data's images/manifest.csv."""
    stills = []
    with open(images / "manifest.csv", newline="") as file:
        for row in csv.DictReader(file):
            if not row["path"].startswith(split + "/"):
                continue
            group = row["group"] or row["path"]
            # Sources of one group only (a whole set under one name) are split by picture.
            key = row["path"] if row["source"] in ("fasdd-subset", "welia-forest", "dfire-aof") else group
            stills.append(Still(images / row["path"], row["source"], group, row["class"],
                                list(parse_boxes(row["boxes"])), is_held_back(row["source"], key)))
    return stills


def series(stills):
    """Groups of the tower sets in which one fixed camera saw one fire several times, with the empty
    view that they share: {group: Series}."""
    groups = defaultdict(list)
    for still in stills:
        if still.source in TOWERS and still.boxes:
            groups[still.group].append(still)
    found = []
    for group, members in sorted(groups.items()):
        if len(members) >= 4:
            one = Series(group, members)
            if one.usable():
                found.append(one)
    return found


class Series:
    """Pictures of one view with smoke, and the view without it: at each pixel the median of those
    pictures whose box is elsewhere. Where the smoke always was, nothing is known (`known` is 0)."""

    def __init__(self, group, members):
        self.group = group
        self.held_back = members[0].held_back
        self.members = [m for m in members if len(m.boxes) == 1]
        self.pictures = [m.load() for m in self.members]
        if len({p.shape for p in self.pictures}) != 1:
            self.pictures = []
            return
        self._keep_aligned()
        self._make_empty()

    def usable(self):
        return len(self.pictures) >= 4 and self.known.mean() > 0.9

    def box_px(self, index, margin=0.0):
        height, width = self.pictures[index].shape[:2]
        _, x0, y0, x1, y1 = self.members[index].boxes[0]
        mx, my = (x1 - x0) * margin, (y1 - y0) * margin
        return (max(int((y0 - my) * height), 0), max(int((x0 - mx) * width), 0),
                min(int(np.ceil((y1 + my) * height)), height), min(int(np.ceil((x1 + mx) * width)), width))

    def _keep_aligned(self):
        """Drops pictures of another pose: their edges do not lie on those of the others."""
        def edges(picture):
            grey = cv2.GaussianBlur(picture.mean(2), (0, 0), 1.5)
            return np.abs(cv2.Laplacian(grey, cv2.CV_32F))
        stack = [edges(p) for p in self.pictures]
        middle = np.median(stack, 0)
        keep = [i for i, e in enumerate(stack) if np.corrcoef(e.ravel(), middle.ravel())[0, 1] > 0.55]
        self.members = [self.members[i] for i in keep]
        self.pictures = [self.pictures[i] for i in keep]

    def _make_empty(self):
        if not self.pictures:
            return
        stack = np.stack(self.pictures).astype(np.float32)
        covered = np.zeros(stack.shape[:3], bool)
        for i in range(len(self.pictures)):
            r0, c0, r1, c1 = self.box_px(i, 0.15)
            covered[i, r0:r1, c0:c1] = True
        stack[covered] = np.nan
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)     # a pixel that was always covered has no median
            empty = np.nanmedian(stack, 0)
        self.known = ~np.isnan(empty[..., 0])
        hole = (~self.known).astype(np.uint8)
        picture = (np.nan_to_num(empty, nan=0.5) * 255).astype(np.uint8)
        self.empty = cv2.inpaint(picture, hole, 5, cv2.INPAINT_TELEA).astype(np.float32) / 255
