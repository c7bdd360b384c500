"""One picture of a result: three slices with masks and boxes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box, bounding_boxes
from napari_abdoseg.image.drawn_text import as_drawn
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap, Volume

VIEWS = (("axial", 0), ("coronal", 1), ("sagittal", 2))
ABDOMINAL_WINDOW = (-160, 240)
MASK_OPACITY = 0.45


def draw_overview(path: Path, volume: Volume, labels: LabelMap, title: str) -> None:
    """Write a PNG of the axial, coronal and sagittal slice that show most of the organs."""
    boxes = bounding_boxes(labels)
    figure = Figure(figsize=(15, 6), facecolor="black", layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, color="white", fontsize=13)
    for axes, (name, axis) in zip(figure.subplots(1, 3), VIEWS, strict=True):
        _draw_slice(axes, volume, labels, boxes, axis, _telling_slice(labels, axis))
        axes.set_title(name, color="white", fontsize=11)
    figure.legend(
        handles=[Patch(color=organ.color, label=as_drawn(organ.name)) for organ in boxes],
        loc="outside lower center",
        ncols=max(1, len(boxes)),
        frameon=False,
        labelcolor="white",
    )
    figure.savefig(path, dpi=100, facecolor="black")


def _telling_slice(labels: LabelMap, axis: int) -> int:
    """The slice that shows most of all organs, each measured by its own largest slice."""
    others = tuple(other for other in range(3) if other != axis)
    shown = np.zeros(labels.data.shape[axis])
    for organ in labels.organs:
        areas = np.count_nonzero(labels.data == organ.value, axis=others)
        shown += areas / max(1, areas.max())
    return int(shown.argmax()) if shown.any() else len(shown) // 2


def _draw_slice(
    axes: Any, volume: Volume, labels: LabelMap, boxes: dict[Organ, Box], axis: int, at: int
) -> None:
    rows, columns = (shown for shown in range(3) if shown != axis)
    low, high = ABDOMINAL_WINDOW
    axes.imshow(volume.data.take(at, axis), cmap="gray", vmin=low, vmax=high)
    masks = np.take(labels.data, at, axis)
    axes.imshow(_colored(masks, labels.organs), interpolation="nearest")
    for organ, box in boxes.items():
        if box.start[axis] <= at < box.stop[axis]:
            corner = (box.start[columns] - 0.5, box.start[rows] - 0.5)
            width = box.stop[columns] - box.start[columns]
            height = box.stop[rows] - box.start[rows]
            axes.add_patch(Rectangle(corner, width, height, fill=False, color=organ.color, lw=1.5))
    axes.set_aspect(volume.grid.spacing[rows] / volume.grid.spacing[columns])
    if axis != 0:
        axes.invert_yaxis()
    axes.axis("off")


def _colored(labels: NDArray[Any], organs: tuple[Organ, ...]) -> NDArray[np.float64]:
    picture = np.zeros((*labels.shape, 4))
    for organ in organs:
        picture[labels == organ.value] = to_rgba(organ.color, MASK_OPACITY)
    return picture
