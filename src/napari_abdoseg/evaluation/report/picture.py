"""One slice of an organ with what is false in it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.evaluation.agreement import COLORS, Agreement
from napari_abdoseg.evaluation.label_schemes import Matched
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import Volume

FALSE_POSITIVE = COLORS[Agreement.FALSE_POSITIVE]
FALSE_NEGATIVE = COLORS[Agreement.FALSE_NEGATIVE]
AGREEMENT = "#ffffff"
ABDOMINAL_WINDOW = (-160, 240)
BACKDROP = "#101214"
BOTH_GRAY, OPACITY = 0.32, 0.65
MARGIN_MM, LEAST_MM, SCALE_BAR_MM = 20.0, 110.0, 20.0
INCHES, DPI = 3.5, 120

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class ErrorSlice:
    """The axial slice of an organ that has most false voxels.

    Parameters
    ----------
    index : int
        Along z, from the feet, the first slice being 0.
    predicted, known : ndarray of bool, shape (y, x)
        The organ in prediction and reference.
    """

    index: int
    predicted: Mask
    known: Mask


def worst_slice(matched: Matched, organ: Organ) -> ErrorSlice:
    """The slice with most false positive and false negative voxels of an organ."""
    slices = [
        (plane == organ.value, truth == organ.value)
        for plane, truth in zip(matched.prediction.data, matched.reference.data)
    ]
    index = int(np.argmax([np.count_nonzero(one != other) for one, other in slices]))
    return ErrorSlice(index, *slices[index])


def draw(error: ErrorSlice, spacing: tuple[float, float], scan: Volume | None) -> bytes:
    """Draw false voxels in colour and the outline of true ones, over the CT if there is one.

    Parameters
    ----------
    error : ErrorSlice
    spacing : tuple of float
        mm along (y, x).
    scan : Volume, optional
        The CT on the same grid.

    Returns
    -------
    bytes
        A square PNG, patient's right on the left, anterior on top.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(INCHES, INCHES), dpi=DPI, facecolor=BACKDROP)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    height, width = error.known.shape
    extent = (-0.5 * spacing[1], (width - 0.5) * spacing[1], (height - 0.5) * spacing[0])
    place: Any = {"extent": (*extent, -0.5 * spacing[0])}
    both = error.predicted & error.known
    if scan is not None:
        low, high = ABDOMINAL_WINDOW
        smooth = {"interpolation": "bilinear", **place}
        axes.imshow(scan.data[error.index], cmap="gray", vmin=low, vmax=high, **smooth)
    else:
        axes.imshow(_tint(both, str(BOTH_GRAY), 1), interpolation="nearest", **place)
    for mask, color in (
        (error.predicted & ~error.known, FALSE_POSITIVE),
        (error.known & ~error.predicted, FALSE_NEGATIVE),
    ):
        axes.imshow(_tint(mask, color, OPACITY), interpolation="nearest", **place)
    if both.any():
        y, x = (np.arange(size) * step for size, step in zip(both.shape, spacing))
        axes.contour(x, y, both, levels=[0.5], colors=AGREEMENT, linewidths=1)
    _zoom(axes, error.predicted | error.known, spacing)
    png = io.BytesIO()
    figure.savefig(png, format="png", facecolor=BACKDROP)
    return png.getvalue()


def _tint(mask: Mask, color: str, opacity: float) -> NDArray[np.float64]:
    from matplotlib.colors import to_rgba

    picture = np.zeros((*mask.shape, 4))
    picture[mask] = to_rgba(color, opacity)
    return picture


def _zoom(axes: Any, mask: Mask, spacing: tuple[float, float]) -> None:
    """Show a square around the organ, with a bar of `SCALE_BAR_MM`."""
    ends = [
        np.flatnonzero(mask.any(axis=other))[[0, -1]] * step
        for other, step in zip((1, 0), spacing, strict=True)
    ]
    (top, bottom), (left, right) = ends
    half = max(bottom - top + 2 * MARGIN_MM, right - left + 2 * MARGIN_MM, LEAST_MM) / 2
    x, y = (left + right) / 2, (top + bottom) / 2
    axes.set_xlim(x - half, x + half)
    axes.set_ylim(y + half, y - half)
    bar_x, bar_y = x - 0.92 * half, y + 0.92 * half
    axes.plot([bar_x, bar_x + SCALE_BAR_MM], [bar_y, bar_y], color="white", lw=2)
    axes.text(
        bar_x,
        bar_y - 0.04 * half,
        f"{SCALE_BAR_MM:.0f} mm",
        color="white",
        fontsize=7,
        va="bottom",
    )
