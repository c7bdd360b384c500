"""Something of a layer's voxels, drawn over the slice that a canvas shows."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from napari.components import ViewerModel
from napari.layers import Layer
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, Qt
from qtpy.QtGui import QBrush, QImage, QPainter, QPaintEvent, QPixmap, QTransform
from qtpy.QtWidgets import QWidget

from napari_abdoseg.image.grid import Shape, Triple
from napari_abdoseg.plugin.four_panel.overlay import canvas_position
from napari_abdoseg.plugin.widgets.overlay import Overlay


class SliceInView(NamedTuple):
    """Which slice a panel shows: across which axis of (z, y, x), and which axes go where."""

    axis: int
    number: int
    down: int
    right: int

    def of(self, data: NDArray[Any]) -> NDArray[Any]:
        """The slice of an array of three axes, shape (down, right)."""
        found: NDArray[Any] = np.moveaxis(data, self.axis, 0)[self.number]
        return found.T if self.down > self.right else found


class SliceOverlay(Overlay):
    """Draws over a canvas what a subclass knows of a slice.

    Parameters
    ----------
    canvas : QWidget
    viewer : ViewerModel
        What the canvas shows.
    layer : Layer
        Whose voxels are meant.
    """

    def __init__(self, canvas: QWidget, viewer: ViewerModel, layer: Layer) -> None:
        dims, camera = viewer.dims.events, viewer.scene.camera.events
        views = camera.orientation, camera.center, camera.zoom
        super().__init__(canvas, (dims.order, dims.ndisplay, dims.point, *views))
        self._viewer = viewer
        self._scale = np.asarray(layer.scale)[-3:]
        self._translate = np.asarray(layer.translate)[-3:]

    def draw(self, painter: QPainter, slice_: SliceInView) -> None:
        """Draw what there is in a slice."""
        raise NotImplementedError

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        if self._viewer.dims.ndisplay == 2:
            painter = QPainter(self)
            self.draw(painter, self._slice_in_view())
            painter.end()

    def to_canvas(self, start: Shape) -> QTransform:
        """From voxels to the right and down, counted from a voxel (z, y, x), to pixels."""
        corner = np.array(start) - 0.5
        origin, unit = (self._pixel(corner + step) for step in (0, 1))
        step = unit - origin
        return QTransform(step.x(), 0, 0, step.y(), origin.x(), origin.y())

    def _slice_in_view(self) -> SliceInView:
        dims = self._viewer.dims
        extra = dims.ndim - 3
        down, right = (axis - extra for axis in dims.displayed)
        (axis,) = {0, 1, 2} - {down, right}
        place = (dims.point[axis + extra] - self._translate[axis]) / self._scale[axis]
        return SliceInView(axis, round(place), down, right)

    def _pixel(self, voxel: NDArray[np.float64]) -> QPointF:
        s, p, left = (self._translate + self._scale * voxel).tolist()
        place: Triple = s, p, left
        return QPointF(*canvas_position(self._viewer, place, self.width(), self.height()))


def mask_image(mask: NDArray[np.bool_]) -> QImage:
    """Opaque where a mask is, transparent elsewhere."""
    alpha = np.ascontiguousarray(mask, np.uint8) * np.uint8(255)
    rows, columns = alpha.shape
    return QImage(alpha.tobytes(), columns, rows, columns, QImage.Format.Format_Alpha8).copy()


def filled(mask: QImage, brush: QBrush, to_canvas: QTransform, size: Any) -> QPixmap:
    """A mask on a canvas, filled with a brush whose pattern is the canvas's own."""
    filled = QPixmap(size)
    filled.fill(Qt.GlobalColor.transparent)
    painter = QPainter(filled)
    painter.setTransform(to_canvas)
    painter.drawImage(0, 0, mask)
    painter.resetTransform()
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(filled.rect(), brush)
    painter.end()
    return filled
