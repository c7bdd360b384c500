"""All curves of trainings on one sheet, to keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from napari_abdoseg.image.drawn_text import as_drawn
from napari_abdoseg.image.files.saving import replaced_file
from napari_abdoseg.training.watching import drawing
from napari_abdoseg.training.watching.finding import WatchedFold
from napari_abdoseg.training.watching.look import PAPER
from napari_abdoseg.training.watching.words import epochs_done, state

FOLD_INCHES, LEAST_INCHES, MODEL_INCHES, ROWS = 2.8, 7.0, 6.6, (1.2, 1.2, 0.8)
DPI, ORGANS_ABREAST, ROOM = 120, 4, " "


def write_sheet(path: Path, folds: Sequence[WatchedFold]) -> None:
    """Write a PNG: loss and pseudo Dice of each fold, learning rates and epoch times of all.

    Raises
    ------
    SaveError
        It could not be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    models = [tuple(group) for _, group in groupby(folds, key=lambda fold: fold.curves.model)]
    width = max(LEAST_INCHES, FOLD_INCHES * max(map(len, models)))
    figure = Figure((width, MODEL_INCHES * len(models)), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    parts = figure.subfigures(len(models), 1, squeeze=False)[:, 0]
    for part, model in zip(parts, models):
        _Model(part, model).draw()
    with replaced_file(path) as temporary:
        figure.savefig(temporary, format="png", facecolor=PAPER.background)


class _Model:
    """A part of the sheet: a column a fold, and what all folds share below."""

    def __init__(self, figure: Any, folds: tuple[WatchedFold, ...]) -> None:
        self._figure = figure
        self._folds = folds
        self._curves = [fold.curves for fold in folds]
        self._colors = [PAPER.fold(place) for place in range(len(folds))]
        self._grid = figure.add_gridspec(len(ROWS), 2 * len(folds), height_ratios=ROWS)

    def draw(self) -> None:
        model = self._curves[0].model
        title = as_drawn(f"{model.parent.name}\n{model.name}")
        look = {"color": PAPER.foreground, "fontsize": drawing.FONT}
        self._figure.suptitle(title, x=0.01, ha="left", **look)
        losses = self._draw_row(0, "Loss", self._draw_loss)
        drawing.explain_lines(losses, PAPER)
        dice = self._draw_row(1, "Pseudo Dice", self._draw_dice)
        drawing.add_legend_above(dice, PAPER, ORGANS_ABREAST)
        self._draw_schedule(slice(len(self._folds)), drawing.draw_learning_rate)
        self._draw_schedule(slice(len(self._folds), None), drawing.draw_epoch_time)

    def _draw_row(self, row: int, name: str, draw: Callable[[Any, int], None]) -> Any:
        """Draw each fold with the same scale; gives the axes of the first."""
        first: Any = None
        for place in range(len(self._folds)):
            cell = self._grid[row, 2 * place : 2 * place + 2]
            axes = self._figure.add_subplot(cell, sharey=first)
            first = first or axes
            draw(axes, place)
            axes.tick_params(labelleft=axes is first)
            drawing.show_epochs(axes, self._curves)
        first.set_ylabel(name, color=PAPER.foreground, fontsize=drawing.FONT)
        return first

    def _draw_loss(self, axes: Any, place: int) -> None:
        fold, color = self._folds[place], self._colors[place]
        drawing.draw_loss(axes, [fold.curves], [color], PAPER)
        title = f"{fold.curves.name}: {epochs_done(fold.curves)}\n{state(fold)}"
        axes.set_title(as_drawn(title), loc="left", color=color, fontsize=drawing.FONT)

    def _draw_dice(self, axes: Any, place: int) -> None:
        drawing.draw_dice(axes, self._curves[place], PAPER)
        axes.set_title(ROOM, loc="left")

    def _draw_schedule(self, half: slice, draw: Callable[..., None]) -> None:
        axes = self._figure.add_subplot(self._grid[len(ROWS) - 1, half])
        draw(axes, self._curves, self._colors, PAPER)
        drawing.show_epochs(axes, self._curves)
        axes.set_xlabel("epoch", color=PAPER.quiet, fontsize=drawing.SMALL_FONT)
