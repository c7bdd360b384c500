"""Curves one above the other, to be followed in a narrow place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.training.watching import drawing
from napari_abdoseg.training.watching.curves import FoldCurves
from napari_abdoseg.training.watching.look import Look

HEIGHTS = (1.5, 1.5, 0.8, 0.8)
INCH = 96
"""Pixels of a usual screen."""
LEGEND_PIXELS = 80
"""Width that the name of an organ takes, and its line."""


def draw_strip(
    folds: Sequence[FoldCurves],
    colors: Sequence[str],
    look: Look,
    size: tuple[int, int],
    pixel_ratio: float = 1.0,
) -> NDArray[np.uint8]:
    """Draw loss, pseudo Dice, learning rate and epoch time; for one fold Dice of each organ.

    Parameters
    ----------
    folds : sequence of FoldCurves
        One or more.
    colors : sequence of str
        One for each fold, as ``#rrggbb``.
    look : Look
    size : tuple of int
        Width and height in pixels of a usual screen.
    pixel_ratio : float, optional
        True pixels along one of those.

    Returns
    -------
    ndarray of uint8, shape (height, width, 4)
        RGBA.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    inches = (size[0] / INCH, size[1] / INCH)
    figure = Figure(inches, dpi=INCH * pixel_ratio, facecolor=look.background)
    figure.set_layout_engine("constrained", h_pad=0.03, w_pad=0.02)
    canvas: Any = FigureCanvasAgg(figure)
    loss, dice, rate, time = figure.subplots(len(HEIGHTS), 1, height_ratios=HEIGHTS, sharex=True)
    drawing.draw_loss(loss, folds, colors, look)
    drawing.explain_lines(loss, look)
    if len(folds) == 1:
        drawing.draw_dice(dice, folds[0], look)
        drawing.add_legend_above(dice, look, max(1, size[0] // LEGEND_PIXELS))
    else:
        drawing.draw_mean_dice(dice, folds, colors, look)
    drawing.draw_learning_rate(rate, folds, colors, look)
    drawing.draw_epoch_time(time, folds, colors, look)
    drawing.show_epochs(time, folds)
    time.set_xlabel("epoch", color=look.quiet, fontsize=drawing.SMALL_FONT)
    canvas.draw()
    return np.array(canvas.buffer_rgba())
