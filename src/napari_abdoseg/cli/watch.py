"""`abdoseg watch`: what nnU-Net trainings are doing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.live import Live

from napari_abdoseg.cli.console import console
from napari_abdoseg.errors import AbdosegError

if TYPE_CHECKING:
    from napari_abdoseg.training.watching.finding import WatchedFold
    from napari_abdoseg.training.watching.watch import Watch

SECONDS = 3.0
"""Rest between two looks."""


def watch(
    folder: Annotated[
        Path,
        typer.Argument(help="A training's folder: a fold, a model, nnU-Net's results, or above."),
    ],
    once: Annotated[bool, typer.Option("--once", help="Look once instead of following.")] = False,
    output: Annotated[
        Path | None, typer.Option(help="Folder for curves.png and curves.csv.")
    ] = None,
) -> None:
    """Follow nnU-Net trainings by their logs: loss, pseudo Dice, learning rate, time.

    It says when a fold diverges, overfits or has stopped writing, and ends when all folds
    are finished, or with Ctrl-C.
    """
    from napari_abdoseg.training.watching.saving import save_curves
    from napari_abdoseg.training.watching.terminal import folds_view
    from napari_abdoseg.training.watching.watch import Watch

    watching = Watch(folder)
    folds: Sequence[WatchedFold] = watching.look()
    if not folds:
        raise AbdosegError(
            f"There is no training in {folder}: choose a folder in which nnU-Net has begun to "
            "write fold_0/training_log_….txt, or one above it."
        )
    if once:
        console.print(folds_view(folds))
    else:
        folds = follow(watching, folds)
    if output is not None:
        for path in save_curves(folds, output):
            console.print(f"  {path}")


def follow(watching: Watch, folds: Sequence[WatchedFold]) -> Sequence[WatchedFold]:
    """Show folds until all are finished or Ctrl-C is pressed; gives them as they were last."""
    from napari_abdoseg.training.watching.terminal import folds_view

    with suppress(KeyboardInterrupt), Live(folds_view(folds), console=console) as live:
        while not all(fold.is_finished for fold in folds):
            time.sleep(SECONDS)
            folds = watching.look() or folds
            live.update(folds_view(folds))
    return folds
