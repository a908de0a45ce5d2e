#!/usr/bin/python3
"""Writes a trained network as ONNX, with its manifest.

    python3 -m training.export --weights DIR/weights.pt --out lookout
"""
import argparse
import hashlib
import json
from pathlib import Path

import torch

from .network import Lookout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder with the manifest lookout.json")
    args = parser.parse_args()
    model = Lookout()
    model.load_state_dict(torch.load(args.weights, map_location="cpu"))
    model.eval()
    file = args.out / "lookout.onnx"
    axes = {2: "height", 3: "width"}
    torch.onnx.export(model, torch.rand(1, 7, 480, 640), file, opset_version=13, input_names=["frames"],
                      output_names=["heat"], dynamic_axes={"frames": axes, "heat": {2: "rows", 3: "columns"}})
    manifest = args.out / "lookout.json"
    if manifest.exists():
        known = json.loads(manifest.read_text())
        known["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
        manifest.write_text(json.dumps(known, indent=2) + "\n")
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
