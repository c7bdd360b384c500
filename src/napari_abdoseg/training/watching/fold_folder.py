"""The folder that nnU-Net writes a fold to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.image.organ import Organ, number_name
from napari_abdoseg.training.watching.curves import Epoch, FoldCurves
from napari_abdoseg.training.watching.growing_logs import GrowingLogs

LOGS = "training_log_*.txt"
FOLDS = "fold_*"
MODELS = "*__*__*"
"""nnU-Net names a model by trainer, plans and configuration."""
MOST_DIGITS = 10
"""A number of epochs has fewer."""
LEVELS = (FOLDS, f"*/{FOLDS}", *(f"{'*/' * above}{MODELS}/{FOLDS}" for above in (1, 2, 3)))
"""Where folds are below a folder, none of them where images are."""


def log_files(folder: Path) -> list[Path]:
    """Logs of a fold, one for each time it was started, the oldest first."""
    return sorted(filter(Path.is_file, folder.glob(LOGS)), key=_started)


def find_folds(folder: Path) -> list[Path]:
    """Folders of folds: this one, or the nearest below it, as in a model or nnU-Net's results.

    Parameters
    ----------
    folder : Path
        A folder that is not there has none.
    """
    if log_files(folder):
        return [folder]
    levels = (sorted(filter(log_files, folder.glob(level))) for level in LEVELS)
    return next(filter(None, levels), [])


def read_fold(folder: Path, growing: GrowingLogs | None = None) -> FoldCurves:
    """Read the curves of a fold.

    Parameters
    ----------
    folder : Path
        Holds ``training_log_*.txt``; epochs planned are in its ``debug.json``, names of
        organs in ``dataset.json`` beside it.
    growing : GrowingLogs, optional
        What was read of these logs before.

    Raises
    ------
    OSError
        A log vanished or can't be read.
    """
    logs = (growing or GrowingLogs()).read_on(log_files(folder))
    epochs = tuple(logs.epochs.values())
    organs = _organs(_read_json(folder.parent / "dataset.json"), epochs)
    return FoldCurves(
        folder,
        organs,
        tuple(epoch for epoch in epochs if len(epoch.dice) == len(organs)),
        _planned(_read_json(folder / "debug.json")),
        logs.stage,
        logs.validation_dice,
    )


def _started(log: Path) -> list[int]:
    """When a log was begun; nnU-Net does not pad month and day."""
    return [int(number) for number in re.findall(r"[0-9]+", log.stem)]


def _read_json(path: Path) -> dict[str, Any]:
    """What a file beside the logs says; nothing while it is missing or half written."""
    try:
        return read_json(path)
    except (OSError, ValueError):
        return {}


def _planned(debug: dict[str, Any]) -> int | None:
    text = str(debug.get("num_epochs", ""))
    return int(text) if text.isdecimal() and len(text) < MOST_DIGITS else None


def _organs(dataset: dict[str, Any], epochs: tuple[Epoch, ...]) -> tuple[Organ, ...]:
    """Organs that the dice of the epochs are of; without a name where they can't be told."""
    try:
        organs = named_organs(dataset.get("labels", {}))
    except (AttributeError, TypeError, ValueError, IndexError):
        organs = ()
    count = len(epochs[-1].dice) if epochs else len(organs)
    if len(organs) != count:
        return tuple(Organ(value, number_name(value)) for value in range(1, count + 1))
    return organs


def named_organs(labels: dict[str, Any]) -> tuple[Organ, ...]:
    """Organs in the order of nnU-Net's label manager: regions as they stand, labels by value."""
    named = {name: value for name, value in labels.items() if name not in ("background", "ignore")}
    if any(isinstance(value, list) and len(value) > 1 for value in named.values()):
        return tuple(Organ(place, name) for place, name in enumerate(named, start=1))
    values = {name: value[0] if isinstance(value, list) else value for name, value in named.items()}
    return tuple(sorted(Organ(int(value), name) for name, value in values.items()))
