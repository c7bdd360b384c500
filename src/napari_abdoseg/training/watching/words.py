"""Numbers and states as tables, panels and pictures show them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from napari_abdoseg.progress import spoken_duration
from napari_abdoseg.training.watching.curves import FoldCurves, Stage
from napari_abdoseg.training.watching.finding import WatchedFold

DASH = "–"
DAY = 24 * 3600


def loss(value: float) -> str:
    """A loss, with a true minus sign."""
    return f"{value:.3f}".replace("-", "−")


def dice(value: float) -> str:
    """A Dice; a dash where there is none."""
    return DASH if math.isnan(value) else f"{value:.3f}"


def epoch_time(seconds: float) -> str:
    """Time of an epoch, short ones with a decimal."""
    return f"{seconds:.1f} s" if seconds < 10 else spoken_duration(seconds)


def silence(seconds: float) -> str:
    """A time in which nothing came, however long."""
    return f"{seconds / DAY:.0f} days" if seconds > 2 * DAY else spoken_duration(seconds)


def model_words(models: Iterable[Path]) -> dict[Path, str]:
    """Models by what tells them apart: data set, trainer, plans or configuration."""
    parts = {model: (model.parent.name, *model.name.split("__")) for model in models}
    same = set.intersection(*map(set, parts.values())) if len(parts) > 1 else set()
    told = {m: " · ".join(part for part in each if part not in same) for m, each in parts.items()}
    return {model: words or str(model) for model, words in told.items()}


def epochs_done(curves: FoldCurves) -> str:
    """How many epochs are finished, and of how many: ``"37 of 100"``."""
    done = str(curves.epochs[-1].number + 1 if curves.epochs else 0)
    return f"{done} of {curves.planned}" if curves.planned else done


def time_left(fold: WatchedFold) -> str:
    """``"12 min"``, or nothing where it can't be told."""
    seconds = None if fold.has_stopped else fold.curves.seconds_left
    return spoken_duration(seconds) if seconds else ""


def state(fold: WatchedFold) -> str:
    """What a fold does, and what is wrong with it: ``"running, overfits"``.

    Of a finished one also the mean Dice of its validation cases, once they are predicted.
    """
    troubles = [str(found.trouble) for found in fold.findings]
    return ", ".join(troubles if fold.has_stopped else [_stage(fold.curves), *troubles])


def _stage(curves: FoldCurves) -> str:
    if curves.stage is Stage.FINISHED and curves.validation_dice is not None:
        return f"finished, Dice {dice(curves.validation_dice)}"
    return "running" if curves.stage is Stage.TRAINING else curves.stage.value
