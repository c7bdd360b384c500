"""One picture of a case: an axial and a coronal slice with its organs outlined."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.evaluation.report.picture import ABDOMINAL_WINDOW, BACKDROP
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.training.checking.intensity import CT

INCHES, DPI, QUALITY = 2.5, 100, 82
AXIAL, CORONAL = 0, 1


def draw_case(
    scan: Volume, labels: LabelMap | None, organs: Iterable[Organ], channel: str
) -> bytes:
    """Draw the slices that show most of the organs, as nnU-Net lays labels on the image.

    Parameters
    ----------
    scan : Volume
    labels : LabelMap, optional
        Laid on by voxels, whatever its affine says; left out where its shape differs.
    organs : iterable of Organ
    channel : str
        A CT is shown in a window for the abdomen.

    Returns
    -------
    bytes
        JPEG, twice as wide as high; patient's right on the left, head up.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    laid_on = lay_on(labels, scan)
    figure = Figure(figsize=(2 * INCHES, INCHES), dpi=DPI, facecolor=BACKDROP)
    FigureCanvasAgg(figure)
    window = ABDOMINAL_WINDOW if channel.casefold() == CT else _window(scan.data)
    for place, axis in enumerate((AXIAL, CORONAL)):
        axes = figure.add_axes((0.5 * place, 0, 0.5, 1))
        at = _telling_slice(laid_on, scan, axis)
        picture: Any = {"cmap": "gray", "vmin": window[0], "vmax": window[1]}
        axes.imshow(scan.data.take(at, axis), interpolation="bilinear", **picture)
        if laid_on is not None:
            _outline(axes, laid_on.take(at, axis), organs)
        rows, columns = (other for other in range(3) if other != axis)
        axes.set_aspect(scan.grid.spacing[rows] / scan.grid.spacing[columns])
        if axis == CORONAL:
            axes.invert_yaxis()
        axes.axis("off")
        for x, side in ((0.03, "R"), (0.93, "L")):
            axes.text(x, 0.92, side, color="white", fontsize=7, transform=axes.transAxes)
    jpeg = io.BytesIO()
    figure.savefig(jpeg, format="jpeg", facecolor=BACKDROP, pil_kwargs={"quality": QUALITY})
    return jpeg.getvalue()


def lay_on(labels: LabelMap | None, scan: Volume) -> NDArray[Any] | None:
    """Label values voxel by voxel over the image, as nnU-Net reads both."""
    if labels is None or labels.grid.stored_shape != scan.grid.stored_shape:
        return None
    return scan.grid.to_screen(labels.grid.to_stored(labels.data))


def _window(data: NDArray[Any]) -> tuple[float, float]:
    low, high = np.percentile(data[::4, ::4, ::4], (1, 99))
    return float(low), float(high)


def _telling_slice(labels: NDArray[Any] | None, scan: Volume, axis: int) -> int:
    """The slice that shows most of all organs, each measured by its own largest slice."""
    if labels is None or not labels.any():
        return scan.grid.shape[axis] // 2
    planes = np.moveaxis(labels, axis, 0)
    most = int(labels.max()) + 1
    areas = np.stack([np.bincount(plane.ravel(), minlength=most)[1:] for plane in planes])
    return int(np.argmax((areas / np.maximum(1, areas.max(axis=0))).sum(axis=1)))


def _outline(axes: Any, labels: NDArray[Any], organs: Iterable[Organ]) -> None:
    named = {organ.value: organ for organ in organs}
    for value in np.unique(labels[labels > 0]):
        organ = named.get(int(value), Organ(int(value), ""))
        mask = labels == value
        axes.contour(mask, levels=[0.5], colors=organ.color, linewidths=1)
