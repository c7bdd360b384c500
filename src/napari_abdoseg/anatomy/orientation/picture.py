"""Three slices of a scan as its file lies, with what is seen marked."""

from __future__ import annotations

import io
from typing import Any

from napari_abdoseg.anatomy.orientation.cue import FRONT_BACK, HEAD_FOOT, LEFT_RIGHT, Cue
from napari_abdoseg.anatomy.orientation.finding import MOST_TOLD, Orientation
from napari_abdoseg.image.volume import Volume

ENDS = {HEAD_FOOT: "IS", FRONT_BACK: "AP", LEFT_RIGHT: "RL"}
"""Where the axes of (z, y, x) begin and end."""
HU = (-160, 240)
INCHES, DPI = (3.4, 1.4), 200
MARKED = "#ffb000"
LONGEST = 240
"""Voxels of a slice along an axis that are drawn."""


def draw_orientation(volume: Volume, orientation: Orientation) -> bytes:
    """Draw the middle slices: axial, coronal and sagittal.

    Letters at the edges say where the file says the patient's sides are, and behind them,
    with a question mark, where they seem to be. Rings are around what speaks for that.

    Parameters
    ----------
    volume : Volume
    orientation : Orientation
        Of its content.

    Returns
    -------
    bytes
        PNG.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=INCHES, dpi=DPI, facecolor="black")
    FigureCanvasAgg(figure)
    for place, axis in enumerate((HEAD_FOOT, FRONT_BACK, LEFT_RIGHT)):
        axes = figure.add_axes(((place + 0.14) / 3, 0.1, 0.72 / 3, 0.8))
        _draw_slice(axes, volume, axis)
        rows, columns = (other for other in range(3) if other != axis)
        for cue in _worth_marking(orientation, (rows, columns)):
            _mark(axes, cue, rows, columns)
        _write_sides(axes, orientation, rows, columns)
    png = io.BytesIO()
    figure.savefig(png, format="png", facecolor="black")
    return png.getvalue()


def _draw_slice(axes: Any, volume: Volume, axis: int) -> None:
    data, spacing = volume.data, volume.grid.spacing
    plane = data.take(data.shape[axis] // 2, axis)
    steps = [1 + size // LONGEST for size in plane.shape]
    rows, columns = (other for other in range(3) if other != axis)
    height, width = plane.shape
    axes.imshow(
        plane[:: steps[0], :: steps[1]],
        cmap="gray",
        vmin=HU[0],
        vmax=HU[1],
        interpolation="bilinear",
        extent=(-0.5, width - 0.5, height - 0.5, -0.5),
        aspect=spacing[rows] / spacing[columns],
    )
    if rows == HEAD_FOOT:
        axes.invert_yaxis()
    axes.axis("off")


def _worth_marking(orientation: Orientation, axes: tuple[int, int]) -> list[Cue]:
    """What speaks against the header along the axes of a slice, each thing once."""
    cues = [
        cue
        for axis in axes
        if axis in orientation.swapped
        for cue in orientation.against(axis)[:MOST_TOLD]
    ]
    return list({cue.mark: cue for cue in reversed(cues)}.values())


def _mark(axes: Any, cue: Cue, rows: int, columns: int) -> None:
    from matplotlib.patheffects import withStroke

    x, y = cue.place[columns], cue.place[rows]
    axes.plot(x, y, "o", markersize=7, markerfacecolor="none", color=MARKED, clip_on=False)
    axes.annotate(
        cue.mark,
        (x, y),
        xytext=(0, 6),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=6.5,
        color=MARKED,
        path_effects=[withStroke(linewidth=2, foreground="black")],
    )


def _write_sides(axes: Any, orientation: Orientation, rows: int, columns: int) -> None:
    top = 0 if rows == FRONT_BACK else 1
    edges = (
        (rows, top, (0.5, 1.0), "bottom"),
        (rows, 1 - top, (0.5, 0.0), "top"),
        (columns, 0, (0.0, 0.5), "center"),
        (columns, 1, (1.0, 0.5), "center"),
    )
    for axis, end, (x, y), vertical in edges:
        swapped = axis in orientation.swapped
        letters = ENDS[axis][end] + (f"\n{ENDS[axis][1 - end]}?" if swapped else "")
        if axis == rows:
            letters = letters.replace("\n", "  ")
        axes.text(
            x,
            y,
            letters,
            transform=axes.transAxes,
            ha={0.0: "right", 0.5: "center", 1.0: "left"}[x],
            va=vertical,
            fontsize=7,
            fontweight="bold",
            color=MARKED if swapped else "white",
        )
