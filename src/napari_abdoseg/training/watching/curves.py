"""What is known of the training of a fold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.image.organ import Organ

EMA_WEIGHT = 0.1
"""Weight of the newest epoch in nnU-Net's exponential moving average."""
RECENT = 10
"""Epochs that tell how long the next will take."""

Values = NDArray[np.float64]


class Stage(StrEnum):
    """How far a training has come."""

    STARTING = "starting"
    TRAINING = "training"
    VALIDATING = "validating"
    FINISHED = "finished"


@dataclass(frozen=True)
class Epoch:
    """A finished epoch, with numbers as nnU-Net rounds them.

    Parameters
    ----------
    number : int
        The first is 0.
    learning_rate, train_loss, val_loss : float
    dice : tuple of float
        Pseudo Dice of each organ in random patches of the validation cases; nan where
        these show none of it.
    seconds : float
    """

    number: int
    learning_rate: float
    train_loss: float
    val_loss: float
    dice: tuple[float, ...]
    seconds: float


@dataclass(frozen=True)
class FoldCurves:
    """The curves of a fold.

    Parameters
    ----------
    folder : Path
        The fold's own folder, inside that of its model.
    organs : tuple of Organ
        In the order of each epoch's pseudo Dice.
    epochs : tuple of Epoch
        Those that are finished.
    planned : int or None
        Epochs that the training will have; None where nnU-Net did not say.
    stage : Stage
    validation_dice : float or None
        Mean Dice of the whole validation cases, once they are predicted.
    """

    folder: Path
    organs: tuple[Organ, ...]
    epochs: tuple[Epoch, ...]
    planned: int | None
    stage: Stage
    validation_dice: float | None = None

    @property
    def name(self) -> str:
        """``"fold 0"``."""
        return self.folder.name.replace("_", " ")

    @property
    def model(self) -> Path:
        """Folder of the model that the fold belongs to."""
        return self.folder.parent

    @property
    def numbers(self) -> Values:
        """Numbers of the epochs, shape (epochs,)."""
        return self._each("number")

    @property
    def learning_rate(self) -> Values:
        """Shape (epochs,)."""
        return self._each("learning_rate")

    @property
    def train_loss(self) -> Values:
        """Shape (epochs,)."""
        return self._each("train_loss")

    @property
    def val_loss(self) -> Values:
        """Shape (epochs,)."""
        return self._each("val_loss")

    @property
    def seconds(self) -> Values:
        """Time of each epoch, shape (epochs,)."""
        return self._each("seconds")

    @property
    def dice(self) -> Values:
        """Pseudo Dice, shape (epochs, organs)."""
        values = [epoch.dice for epoch in self.epochs]
        return np.array(values, float).reshape(len(self.epochs), len(self.organs))

    @property
    def dice_ema(self) -> Values:
        """Moving average of the pseudo Dice of each organ, shape (epochs, organs)."""
        return moving_average(self.dice)

    @property
    def mean_dice(self) -> Values:
        """Mean pseudo Dice over the organs that were there, shape (epochs,)."""
        there = np.isfinite(self.dice)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.where(there, self.dice, 0).sum(axis=1) / there.sum(axis=1))

    @property
    def mean_dice_ema(self) -> Values:
        """nnU-Net's EMA pseudo Dice, by which it chooses its best checkpoint, shape (epochs,)."""
        return moving_average(self.mean_dice)

    @property
    def pace(self) -> float:
        """Median time of an epoch in seconds; there must be one."""
        return float(np.median(self.seconds))

    @property
    def seconds_left(self) -> float | None:
        """Time to the last epoch at the pace of the latest; None where it can't be told."""
        if self.planned is None or not self.epochs or self.stage is not Stage.TRAINING:
            return None
        epochs = max(0, self.planned - 1 - self.epochs[-1].number)
        return epochs * float(np.median(self.seconds[-RECENT:]))

    def _each(self, name: str) -> Values:
        return np.array([getattr(epoch, name) for epoch in self.epochs], float)


def moving_average(values: Values) -> Values:
    """Exponential moving average along the first axis, as nnU-Net's own; nan changes nothing.

    Parameters
    ----------
    values : ndarray, shape (epochs, ...)
    """
    averages = values.copy()
    for at in range(1, len(values)):
        before, now = averages[at - 1], values[at]
        mixed = (1 - EMA_WEIGHT) * before + EMA_WEIGHT * now
        averages[at] = np.where(np.isnan(now), before, np.where(np.isnan(before), now, mixed))
    return averages
