"""Make a trained model the demo that comes with the package.

Its weights are kept in half precision, which halves the size; networks are loaded in
single precision all the same.

    python scripts/ship_demo.py MODEL_FOLDER
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import torch

DEMO = Path(__file__).parent.parent / "src" / "napari_abdoseg" / "models" / "demo"


def main() -> None:
    model = Path(sys.argv[1])
    shutil.rmtree(DEMO, ignore_errors=True)
    for name in ("dataset.json", "plans.json"):
        DEMO.mkdir(parents=True, exist_ok=True)
        shutil.copy(model / name, DEMO / name)
    for path in sorted(model.glob("fold_*/checkpoint_final.pth")):
        content = torch.load(path, "cpu", weights_only=True)
        weights = content["network_weights"]
        halves = {tensor.data_ptr(): tensor.half() for tensor in weights.values()}
        content["network_weights"] = {
            name: halves[tensor.data_ptr()] for name, tensor in weights.items()
        }
        (DEMO / path.parent.name).mkdir()
        torch.save(content, DEMO / path.parent.name / path.name)


if __name__ == "__main__":
    main()
