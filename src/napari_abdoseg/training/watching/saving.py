"""Curves as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_abdoseg.image.files.saving import make_folder
from napari_abdoseg.training.watching.curves_csv import write_curves
from napari_abdoseg.training.watching.finding import WatchedFold
from napari_abdoseg.training.watching.sheet import write_sheet


def save_curves(folds: Sequence[WatchedFold], output: Path) -> tuple[Path, Path]:
    """Write ``curves.png`` and ``curves.csv`` to a folder, which is made; gives their paths.

    Raises
    ------
    SaveError
        One could not be written.
    """
    picture, table = make_folder(output) / "curves.png", output / "curves.csv"
    write_sheet(picture, folds)
    write_curves(table, [fold.curves for fold in folds])
    return picture, table
