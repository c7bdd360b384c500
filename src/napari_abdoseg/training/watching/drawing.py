"""Curves on matplotlib's axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from napari_abdoseg.image.drawn_text import as_drawn
from napari_abdoseg.training.watching.curves import FoldCurves
from napari_abdoseg.training.watching.look import Look

LARGEST_LINEAR_LOSS = 5.0
"""Losses beyond it, of a training that diverges, are drawn on a logarithmic scale."""
TRAINING: dict[str, Any] = {"lw": 1.1, "ls": (0, (3, 1.2))}
VALIDATION: dict[str, Any] = {"lw": 1.3}
SINGLE, AVERAGE = {"lw": 0.8, "alpha": 0.4}, {"lw": 1.8}
"""Lines of single epochs behind their average."""
FONT, SMALL_FONT = 9, 8
LEGEND_ROW, LEGEND_GAP = 12, 4
"""Points."""


def draw_loss(axes: Any, folds: Sequence[FoldCurves], colors: Sequence[str], look: Look) -> None:
    """Training loss dashed, validation loss solid."""
    for fold, color in zip(folds, colors):
        axes.plot(fold.numbers, fold.train_loss, color=color, **TRAINING)
        axes.plot(fold.numbers, fold.val_loss, color=color, **VALIDATION)
    losses = np.concatenate([[*fold.train_loss, *fold.val_loss] for fold in folds])
    finite = losses[np.isfinite(losses)]
    if np.abs(finite).max(initial=0) > LARGEST_LINEAR_LOSS:
        axes.set_yscale("symlog", linthresh=2)
    if len(losses) and not len(finite):
        axes.set_yticks([])
        axes.text(0.5, 0.5, "nan", transform=axes.transAxes, color=look.quiet, ha="center")
    dress(axes, "Loss", look)


def draw_dice(axes: Any, fold: FoldCurves, look: Look) -> None:
    """Pseudo Dice of each organ and its moving average."""
    averages = fold.dice_ema
    for place, organ in enumerate(fold.organs):
        color = look.line(organ.color)
        axes.plot(fold.numbers, fold.dice[:, place], color=color, **SINGLE)
        axes.plot(
            fold.numbers, averages[:, place], color=color, label=as_drawn(organ.name), **AVERAGE
        )
    _dress_dice(axes, "Pseudo Dice", look)


def draw_mean_dice(
    axes: Any, folds: Sequence[FoldCurves], colors: Sequence[str], look: Look
) -> None:
    """nnU-Net's EMA pseudo Dice, the mean of all organs."""
    for fold, color in zip(folds, colors):
        axes.plot(fold.numbers, fold.mean_dice, color=color, **SINGLE)
        axes.plot(fold.numbers, fold.mean_dice_ema, color=color, **AVERAGE)
    _dress_dice(axes, "Pseudo Dice, mean of organs", look)


def draw_learning_rate(
    axes: Any, folds: Sequence[FoldCurves], colors: Sequence[str], look: Look
) -> None:
    """Learning rate of each epoch."""
    for fold, color in zip(folds, colors):
        axes.plot(fold.numbers, fold.learning_rate, color=color, lw=1.5)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda rate, _: f"{rate:g}")
    dress(axes, "Learning rate", look)


def draw_epoch_time(
    axes: Any, folds: Sequence[FoldCurves], colors: Sequence[str], look: Look
) -> None:
    """Seconds of each epoch."""
    for fold, color in zip(folds, colors):
        axes.plot(fold.numbers, fold.seconds, color=color, lw=1.2)
    axes.set_ylim(bottom=0)
    dress(axes, "Epoch time (s)", look)


def explain_lines(axes: Any, look: Look) -> None:
    """A legend of training and validation, which fold's colour they ever have."""
    from matplotlib.lines import Line2D

    lines = [
        Line2D([], [], color=look.quiet, label="training", **TRAINING),
        Line2D([], [], color=look.quiet, label="validation", **VALIDATION),
    ]
    _add_legend(axes, look, handles=lines, loc="upper right")


def add_legend_above(axes: Any, look: Look, columns: int) -> None:
    """A legend of all lines with a name, between the axes and their title."""
    lines, _ = axes.get_legend_handles_labels()
    rows = math.ceil(len(lines) / columns)
    title = axes.get_title(loc="left")
    _name(axes, title, look, pad=LEGEND_GAP + rows * LEGEND_ROW)
    place = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.2, "borderpad": 0}
    _add_legend(axes, look, ncols=columns, handles=lines, **place)


def _add_legend(axes: Any, look: Look, **options: Any) -> None:
    legend = axes.legend(
        frameon=False,
        labelcolor=look.foreground,
        fontsize=SMALL_FONT,
        handlelength=1.3,
        columnspacing=1.0,
        labelspacing=0.3,
        **options,
    )
    legend.set_in_layout(False)


def show_epochs(axes: Any, folds: Sequence[FoldCurves]) -> None:
    """From the first epoch to the last that is planned, or is there."""
    ends = [max(fold.planned or 0, *map(int, fold.numbers), 1) for fold in folds]
    axes.set_xlim(0, max(ends))


def dress(axes: Any, title: str, look: Look) -> None:
    """Axes without a box, their name above."""
    from matplotlib.ticker import MaxNLocator

    _name(axes, title, look)
    axes.set_facecolor(look.background)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(look.grid)
    axes.grid(axis="y", color=look.grid, lw=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(colors=look.quiet, labelsize=SMALL_FONT, length=0)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def _name(axes: Any, title: str, look: Look, **options: Any) -> None:
    axes.set_title(title, loc="left", color=look.foreground, fontsize=FONT, **options)


def _dress_dice(axes: Any, title: str, look: Look) -> None:
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "0.5", "", "1"])
    dress(axes, title, look)
