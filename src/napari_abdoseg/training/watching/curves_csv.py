"""A table with a row a fold and epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from napari_abdoseg.image.files.csv_table import csv_text
from napari_abdoseg.image.files.saving import write_text
from napari_abdoseg.training.watching.curves import FoldCurves

COLUMNS = (
    *("model", "fold", "epoch", "learning_rate", "train_loss", "val_loss", "epoch_seconds"),
    *("pseudo_dice", "pseudo_dice_ema"),
)


def write_curves(path: Path, folds: Sequence[FoldCurves]) -> None:
    """Write all numbers; two columns an organ, its pseudo Dice and that one's moving average.

    A number that is undefined is ``nan``; an organ that a fold does not have is empty.

    Raises
    ------
    SaveError
        It could not be written.
    """
    organs = list(dict.fromkeys(organ.name for fold in folds for organ in fold.organs))
    named = [f"{organ}_pseudo_dice{average}" for organ in organs for average in ("", "_ema")]
    columns = (*COLUMNS, *named)
    rows = ([row.get(column, "") for column in columns] for fold in folds for row in _rows(fold))
    write_text(path, csv_text(columns, rows))


def _rows(fold: FoldCurves) -> Iterator[dict[str, str]]:
    mean, mean_ema, ema = fold.mean_dice, fold.mean_dice_ema, fold.dice_ema
    for place, epoch in enumerate(fold.epochs):
        numbers = {
            "learning_rate": epoch.learning_rate,
            "train_loss": epoch.train_loss,
            "val_loss": epoch.val_loss,
            "epoch_seconds": epoch.seconds,
            "pseudo_dice": mean[place],
            "pseudo_dice_ema": mean_ema[place],
        }
        for at, organ in enumerate(fold.organs):
            numbers[f"{organ.name}_pseudo_dice"] = epoch.dice[at]
            numbers[f"{organ.name}_pseudo_dice_ema"] = ema[place, at]
        words = {"model": fold.model.name, "fold": fold.folder.name.removeprefix("fold_")}
        yield {**words, "epoch": str(epoch.number), **{k: _number(v) for k, v in numbers.items()}}


def _number(value: float) -> str:
    """As many digits as nnU-Net's log has, and one more."""
    return "nan" if math.isnan(value) else f"{value:.6g}"
