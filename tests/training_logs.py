"""Logs of real nnU-Net trainings on phantoms, and curves made up."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.training.watching.curves import Epoch, FoldCurves, Stage

DATASET = Path(__file__).parent / "training" / "data" / "Dataset001_Phantoms"
EPOCH_SECONDS = 40.0


def model_name(training: str) -> str:
    """Folder that nnU-Net gave a training.

    ``tiny`` has three folds: one finished, one killed and continued, and one that is being
    written. In ``hot`` and ``lost`` the learning rate was far too high, from the start and
    later; ``over`` learns one case by heart whose liver and spleen have each other's label.
    """
    return f"nnUNetTrainer_{training}__nnUNetPlans__3d_fullres"


def copied_model(training: str, target: Path) -> Path:
    """A copy of a training's folder."""
    folder = target / DATASET.name / model_name(training)
    shutil.copytree(DATASET / folder.name, folder)
    return folder


def log_of(fold: Path) -> Path:
    """The last log of a fold."""
    return max(fold.glob("training_log_*.txt"))


def made_curves(
    train: Sequence[float],
    val: Sequence[float] | None = None,
    dice: Sequence[float] | None = None,
    planned: int | None = None,
    stage: Stage = Stage.TRAINING,
    epoch_seconds: float = EPOCH_SECONDS,
) -> FoldCurves:
    """Curves of one organ with numbers of our own."""
    values = zip(
        train, train if val is None else val, np.ones(len(train)) if dice is None else dice
    )
    epochs = [
        Epoch(number, 0.01, float(loss), float(other), (float(score),), epoch_seconds)
        for number, (loss, other, score) in enumerate(values)
    ]
    return FoldCurves(Path("model", "fold_0"), ABDOMINAL_ORGANS[:1], tuple(epochs), planned, stage)
