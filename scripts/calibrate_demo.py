"""Learn what is to be expected of the demo's label maps, as `abdoseg train` does for its models.

The phantoms that it was trained on are drawn anew, with nnU-Net's folds of them. What was looked
at is kept in a folder, so that the script goes on where it was stopped.

    python scripts/calibrate_demo.py FOLDER
"""

from __future__ import annotations

import argparse
from pathlib import Path

from nnunetv2.utilities.crossval_split import generate_crossval_split

from napari_abdoseg.inference.model.known_models import PACKAGED
from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.inference.model.quality_calibration import write_quality
from napari_abdoseg.progress import drain
from napari_abdoseg.training.calibrating.calibrating import calibrating
from napari_abdoseg.training.calibrating.observing import HeldOut
from napari_abdoseg.training.conversion.phantoms import DrawPhantom, phantom_for_training
from napari_abdoseg.training.finished_steps import FinishedSteps

DEMO = PACKAGED / "demo"
TRAINED_ON, FOLDS, SEED = 60, 5, 12345
"""Phantoms, and nnU-Net's number of folds and its seed for them."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="for the phantoms, and what was seen of them")
    parser.add_argument("--every", type=int, default=1, help="take each so-many-th phantom alone")
    parser.add_argument("--device", default="auto")
    chosen = parser.parse_args()
    phantoms = dict(phantom_for_training(each, chosen.folder) for each in range(TRAINED_ON))
    splits = generate_crossval_split(sorted(phantoms), SEED, FOLDS)
    folds = {name: str(number) for number, split in enumerate(splits) for name in split["val"]}
    taken = list(phantoms)[:: chosen.every]
    cases = [held_out(name, phantoms[name], folds[name]) for name in taken]
    notes = FinishedSteps(chosen.folder / "observations.json")
    calibration = drain(calibrating(read_model(DEMO), cases, chosen.device, notes))
    assert calibration is not None
    write_quality(DEMO, calibration)


def held_out(name: str, phantom: DrawPhantom, fold: str) -> HeldOut:
    """Draw a phantom that one fold has not seen."""
    for target in phantom.targets:
        target.parent.mkdir(parents=True, exist_ok=True)
    if not all(target.exists() for target in phantom.targets):
        phantom.run()
    return HeldOut(name, phantom.image, phantom.labels, fold)


if __name__ == "__main__":
    main()
