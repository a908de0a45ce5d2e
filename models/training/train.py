#!/usr/bin/python3
"""Trains the network that the folder lookout/ ships.

    python3 -m training.train --images DIR --out DIR [--steps N] [--resume]

The same seed, steps and number of workers show the network the same examples. A checkpoint is written
every few minutes; --resume goes on from it. The log is one line every 50 steps.
"""
import argparse
import copy
import itertools
import json
import math
import os
import time
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, IterableDataset

from . import places, sample
from .network import Lookout
from .picture import Memory, fitted

ROUND = 1200                     # steps between two looks at which pictures are hard
SHARES = {"negative": 0.36, "tower": 0.24, "series": 0.26, "other": 0.14}


class Examples(IterableDataset):
    """Endless examples, each worker with random numbers of its own. `hardness`, a number for each path of a
    picture without fire, says how often it is shown beside the others."""

    def __init__(self, stills, series, seed, held_back=False, hardness=None):
        pick = [s for s in stills if s.held_back == held_back]
        self.pools = {
            "negative": [s for s in pick if s.kind == "negative"],
            "tower": [s for s in pick if s.source in places.TOWERS],
            "series": [s for s in series if s.held_back == held_back],
            "other": [s for s in pick if s.kind != "negative" and s.source not in places.TOWERS],
        }
        weights = np.array([(hardness or {}).get(s.path, 1.0) for s in self.pools["negative"]])
        self.negative_shares = weights / weights.sum()
        self.seed = seed

    def one(self, rng):
        names = [name for name, pool in self.pools.items() if pool]
        shares = np.array([SHARES[name] for name in names])
        name = names[rng.choice(len(names), p=shares / shares.sum())]
        pool = self.pools[name]
        make = sample.from_series if name == "series" else sample.from_still
        index = rng.choice(len(pool), p=self.negative_shares) if name == "negative" else rng.integers(len(pool))
        return make(pool[index], rng)

    def __iter__(self):
        cv2.setNumThreads(1)
        info = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self.seed, info.id if info else 0])
        while True:
            x, target, loose = self.one(rng)
            yield torch.from_numpy(x).to(torch.bfloat16), torch.from_numpy(target), loose


def hardness(model, stills):
    """How sure the network so far is of smoke or flame in each picture that has none, and a little for all."""
    found = {}
    model.eval()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        for still in stills:
            if still.kind == "negative" and not still.held_back:
                shown = Memory().show(fitted(still.load(), 960, 960)[0], 0.0)
                logits = model(torch.from_numpy(shown)[None]).float()
                found[still.path] = 0.25 + float(torch.sigmoid(logits).max())
    model.train()
    return found


def loss_of(logits, target, loose):
    """Focal loss (Lin et al. 2017, doi 10.1109/ICCV.2017.324, gamma 1.5) over the cells that are asked,
    and for pictures that show flame somewhere unknown, over their surest cells."""
    target = target.float()
    asked = target >= 0
    truth = target.clamp(min=0)
    bce = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    wrong = torch.where(truth > 0.5, 1 - torch.sigmoid(logits), torch.sigmoid(logits)).detach()
    focal = bce * wrong ** 1.5 * asked
    positives = (truth * asked).sum()
    total = focal.sum() / (positives + 8.0 * len(logits))
    if loose.any():
        flame = logits[loose, sample.FLAME].flatten(1)
        surest = flame.topk(max(flame.shape[1] // 30, 1), 1).values.mean(1)
        total = total + 0.02 * F.binary_cross_entropy_with_logits(surest, torch.ones_like(surest))
    return total


def average_precision(scores, truths):
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(truths[order])
    precision = hits / np.arange(1, len(order) + 1)
    return float((precision * truths[order]).sum() / max(truths.sum(), 1))


def validate(model, examples):
    """Loss, and average precision over cells, on examples from groups that are never trained on."""
    model.eval()
    losses, scores, truths = [], ([], []), ([], [])
    with torch.no_grad():
        for x, target, loose in examples:
            logits = model(x.float())
            losses.append(float(loss_of(logits, target, loose)))
            for kind in range(2):
                asked = target[:, kind] >= 0
                scores[kind].append(logits[:, kind][asked].numpy())
                truths[kind].append((target[:, kind][asked] == 1).numpy())
    model.train()
    ap = [average_precision(np.concatenate(scores[k]), np.concatenate(truths[k])) for k in range(2)]
    return {"loss": round(float(np.mean(losses)), 4), "smoke_cell_ap": round(ap[0], 4),
            "flame_cell_ap": round(ap[1], 4)}


def learning_rate(step, steps, peak):
    warm = min(1.0, (step + 1) / 150)
    return peak * warm * (0.5 + 0.5 * math.cos(math.pi * min(step / steps, 1.0)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True, help="folder with manifest.csv and train/")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint and log go here")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=max((os.cpu_count() or 2), 1))
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--begin-with", type=Path, help="weights to start from")
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    stills = places.read(args.images)
    print(f"{len(stills)} stills; laying the series one over another ...", flush=True)
    series = places.series(stills)
    print(f"{len(series)} series of {sum(len(s.pictures) for s in series)} pictures", flush=True)

    model = Lookout().to(memory_format=torch.channels_last)
    if args.begin_with:
        model.load_state_dict(torch.load(args.begin_with))
    mean = copy.deepcopy(model)                       # running mean of the weights: what is shipped
    optimiser = torch.optim.AdamW(model.parameters(), lr=args.rate, weight_decay=1e-2)
    checkpoint, step = args.out / "checkpoint.pt", 0
    if args.resume and checkpoint.exists():
        kept = torch.load(checkpoint)
        model.load_state_dict(kept["model"])
        mean.load_state_dict(kept["mean"])
        optimiser.load_state_dict(kept["optimiser"])
        step = kept["step"]

    held = Examples(stills, series, 7, held_back=True)
    rng = np.random.default_rng(99)
    batches = []
    for _ in range(12):
        items = [held.one(rng) for _ in range(16)]
        batches.append((torch.from_numpy(np.stack([i[0] for i in items])),
                        torch.from_numpy(np.stack([i[1] for i in items])),
                        torch.tensor([i[2] for i in items])))

    def rounds(step):
        """Batches for ever; from the second round on hard pictures come more often."""
        while True:
            hard = hardness(mean, stills) if step or args.begin_with else None
            loader = DataLoader(Examples(stills, series, args.seed * 1000 + step, hardness=hard),
                                batch_size=args.batch, num_workers=args.workers, prefetch_factor=4)
            yield from itertools.islice(loader, ROUND)
            step += ROUND

    log = (args.out / "train.log").open("a" if args.resume else "w")
    begun, running = time.monotonic(), []
    for x, target, loose in rounds(step):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, args.steps, args.rate)
        x = x.float().contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(x)
        loss = loss_of(logits.float(), target, loose)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        with torch.no_grad():
            keep = min(0.998, (1 + step) / (10 + step))
            for a, b in zip(mean.state_dict().values(), model.state_dict().values()):
                if a.dtype.is_floating_point:
                    a.mul_(keep).add_(b, alpha=1 - keep)
                else:
                    a.copy_(b)
        running.append(float(loss))
        step += 1
        if step % 50 == 0 or step == args.steps:
            line = {"step": step, "loss": round(float(np.mean(running)), 4),
                    "minutes": round((time.monotonic() - begun) / 60, 1)}
            running = []
            if step % 200 == 0 or step == args.steps:
                line["held_back"] = validate(mean, batches)
                torch.save({"model": model.state_dict(), "mean": mean.state_dict(),
                            "optimiser": optimiser.state_dict(), "step": step}, checkpoint)
                torch.save(mean.state_dict(), args.out / "weights.pt")
            print(json.dumps(line), flush=True)
            print(json.dumps(line), file=log, flush=True)
        if step >= args.steps:
            break


if __name__ == "__main__":
    main()
