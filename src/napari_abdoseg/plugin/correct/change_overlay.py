"""Changes of a label map over a slice: filled where an organ gains, hatched where it loses."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from numpy.typing import NDArray
from qtpy.QtCore import QEvent, QObject, QPointF, Qt
from qtpy.QtGui import (
    QBrush,
    QColor,
    QImage,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QTransform,
)
from qtpy.QtWidgets import QWidget

from napari_abdoseg.image.grid import Triple
from napari_abdoseg.plugin.correct.proposal import ADDED, REMOVED, Changes
from napari_abdoseg.plugin.four_panel.overlay import canvas_position
from napari_abdoseg.plugin.widgets.certain import sure

GAIN = QColor("#56b4e9")
LOSS = QColor("#ff8a1f")
"""Sky blue and orange, which all kinds of colour vision tell apart."""
SHADE = QColor(0, 0, 0, 120)
"""Behind the hatching, which is to be told from masks of any colour."""
FILL = 150
"""Opacity of 255 where an organ gains."""
LINE_PIXELS = 1.4
FILLS = (
    (QBrush(QColor(GAIN.red(), GAIN.green(), GAIN.blue(), FILL)),),
    (QBrush(SHADE), QBrush(LOSS, Qt.BrushStyle.BDiagPattern)),
)
"""What is drawn where an organ gains, and where it loses, one over the other."""


class ChangeOverlay(QWidget):
    """Draws the changes that the slice in view cuts, over a canvas.

    Parameters
    ----------
    canvas : QWidget
    viewer : ViewerModel
        What the canvas shows.
    layer : Labels
        Whose voxels would change.
    changes : Changes
    """

    def __init__(
        self, canvas: QWidget, viewer: ViewerModel, layer: Labels, changes: Changes
    ) -> None:
        super().__init__(canvas)
        self._viewer = viewer
        self._changes = changes
        self._scale = np.asarray(layer.scale)
        self._translate = np.asarray(layer.translate)
        self._drawn: tuple[tuple[int, ...], _Picture | None] = (), None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.resize(canvas.size())
        canvas.installEventFilter(self)
        dims, camera = viewer.dims.events, viewer.scene.camera.events
        self._events = (
            *(dims.order, dims.ndisplay, dims.point),
            *(camera.orientation, camera.center, camera.zoom),
        )
        for event in self._events:
            event.connect(self._repaint_soon)
        self.show()

    def end(self) -> None:
        """Take it away."""
        for event in self._events:
            event.disconnect(self._repaint_soon)
        sure(self.parentWidget()).removeEventFilter(self)
        self.hide()
        self.deleteLater()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        if isinstance(event, QResizeEvent):
            self.resize(event.size())
        return False

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        picture = self._picture()
        if picture is None:
            return
        painter = QPainter(self)
        picture.draw(painter, self._to_canvas(), self.size())
        painter.end()

    def _repaint_soon(self, event: Any = None) -> None:
        self.update()

    def _picture(self) -> _Picture | None:
        """What the slice in view cuts, made once for each slice."""
        dims = self._viewer.dims
        if dims.ndisplay == 3:
            return None
        extra = dims.ndim - 3
        down, right = (axis - extra for axis in dims.displayed)
        (hidden,) = {0, 1, 2} - {down, right}
        place = (dims.point[hidden + extra] - self._translate[hidden]) / self._scale[hidden]
        key = down, right, round(place)
        if self._drawn[0] != key:
            kinds = self._changes.slice(hidden, key[2])
            if kinds is not None and down > right:
                kinds = kinds.T
            self._drawn = key, _Picture.of(kinds)
        return self._drawn[1]

    def _to_canvas(self) -> QTransform:
        """From voxels of the box, to the right and down, to pixels."""
        start = np.array(self._changes.box.start) - 0.5
        origin, unit = (self._pixel(start + step) for step in (0, 1))
        step = unit - origin
        return QTransform(step.x(), 0, 0, step.y(), origin.x(), origin.y())

    def _pixel(self, voxel: NDArray[np.float64]) -> QPointF:
        s, p, left = (self._translate + self._scale * voxel).tolist()
        place: Triple = s, p, left
        return QPointF(*canvas_position(self._viewer, place, self.width(), self.height()))


class _Picture:
    """A slice of changes, to be drawn at any zoom.

    Parameters
    ----------
    kinds : ndarray of uint8, shape (down, right)
    """

    def __init__(self, kinds: NDArray[np.uint8]) -> None:
        self._gain, self._loss = (_mask_image(kinds == kind) for kind in (ADDED, REMOVED))
        self._outlines = [_outline(kinds == kind) for kind in (ADDED, REMOVED)]

    @classmethod
    def of(cls, kinds: NDArray[np.uint8] | None) -> _Picture | None:
        """None where nothing changes."""
        return None if kinds is None or not kinds.any() else cls(kinds)

    def draw(self, painter: QPainter, to_canvas: QTransform, size: Any) -> None:
        """Draw it on a canvas of a size."""
        for mask, brushes in zip((self._gain, self._loss), FILLS, strict=True):
            for brush in brushes:
                painter.drawPixmap(0, 0, _filled(mask, brush, to_canvas, size))
        painter.setTransform(to_canvas)
        for lines, color in zip(self._outlines, (GAIN, LOSS), strict=True):
            pen = QPen(color, LINE_PIXELS)
            pen.setCosmetic(True)
            painter.strokePath(lines, pen)


def _mask_image(mask: NDArray[np.bool_]) -> QImage:
    """Opaque where a mask is, transparent elsewhere."""
    alpha = np.ascontiguousarray(mask, np.uint8) * np.uint8(255)
    rows, columns = alpha.shape
    return QImage(alpha.tobytes(), columns, rows, columns, QImage.Format.Format_Alpha8).copy()


def _filled(mask: QImage, brush: QBrush, to_canvas: QTransform, size: Any) -> QPixmap:
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


def _outline(mask: NDArray[np.bool_]) -> QPainterPath:
    """The sides of a mask's voxels that border on others."""
    wide = np.pad(mask, 1).astype(np.int8)
    path = QPainterPath()
    rows, columns = np.nonzero(np.diff(wide, axis=0)[:, 1:-1])
    for y, x in zip(rows.tolist(), columns.tolist()):
        path.moveTo(x, y)
        path.lineTo(x + 1, y)
    rows, columns = np.nonzero(np.diff(wide, axis=1)[1:-1])
    for y, x in zip(rows.tolist(), columns.tolist()):
        path.moveTo(x, y)
        path.lineTo(x, y + 1)
    return path
