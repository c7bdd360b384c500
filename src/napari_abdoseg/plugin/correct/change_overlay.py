"""Two kinds of voxels over a slice: what an organ gains and loses, or strokes for and against."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtGui import (
    QBrush,
    QColor,
    QPainter,
    QPainterPath,
    QPen,
    QTransform,
)
from qtpy.QtWidgets import QWidget

from napari_abdoseg.plugin.correct.proposal import ADDED, REMOVED, Changes
from napari_abdoseg.plugin.correct.slice_overlay import (
    SliceInView,
    SliceOverlay,
    filled,
    mask_image,
)

Fills = tuple[tuple[QBrush, ...], tuple[QBrush, ...]]
Colors = tuple[QColor, QColor]
GAIN = QColor("#56b4e9")
LOSS = QColor("#ff8a1f")
"""Sky blue and orange, which all kinds of colour vision tell apart."""
SHADE = QColor(0, 0, 0, 120)
"""Behind hatching and outlines, which are to be told from masks of any colour."""
FILL = 150
"""Opacity of 255 where an organ gains."""
LINE_PIXELS, SHADE_PIXELS = 1.4, 4.0
FILLS: Fills = (
    (QBrush(QColor(GAIN.red(), GAIN.green(), GAIN.blue(), FILL)),),
    (QBrush(SHADE), QBrush(LOSS, Qt.BrushStyle.BDiagPattern)),
)
"""What is drawn where an organ gains, and where it loses, one over the other."""
FOR, AGAINST = QColor("#f0e442"), QColor("#cc79a7")
"""Yellow and reddish purple, which differ in lightness, too."""
STROKE_FILLS: Fills = (
    (QBrush(SHADE), QBrush(FOR, Qt.BrushStyle.Dense4Pattern)),
    (QBrush(SHADE), QBrush(AGAINST, Qt.BrushStyle.DiagCrossPattern)),
)


class ChangeOverlay(SliceOverlay):
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

    fills: Fills = FILLS
    colors: Colors = GAIN, LOSS

    def __init__(
        self, canvas: QWidget, viewer: ViewerModel, layer: Labels, changes: Changes
    ) -> None:
        super().__init__(canvas, viewer, layer)
        self._changes = changes
        self._drawn: tuple[SliceInView | None, _Picture | None] = None, None

    def draw(self, painter: QPainter, slice_: SliceInView) -> None:
        """Draw the changes, whose picture is made once for each slice."""
        if self._drawn[0] != slice_:
            self._drawn = slice_, self._picture(slice_)
        picture = self._drawn[1]
        if picture is not None:
            to_canvas = self.to_canvas(self._changes.box.start)
            picture.draw(painter, to_canvas, self.size(), self.fills, self.colors)

    def _picture(self, slice_: SliceInView) -> _Picture | None:
        kinds = self._changes.slice(slice_.axis, slice_.number)
        if kinds is not None and slice_.down > slice_.right:
            kinds = kinds.T
        return _Picture.of(kinds)


class StrokeOverlay(ChangeOverlay):
    """Draws strokes for an organ, which gains them, and against it."""

    fills = STROKE_FILLS
    colors = FOR, AGAINST


class _Picture:
    """A slice of changes, to be drawn at any zoom.

    Parameters
    ----------
    kinds : ndarray of uint8, shape (down, right)
    """

    def __init__(self, kinds: NDArray[np.uint8]) -> None:
        self._gain, self._loss = (mask_image(kinds == kind) for kind in (ADDED, REMOVED))
        self._outlines = [_outline(kinds == kind) for kind in (ADDED, REMOVED)]

    @classmethod
    def of(cls, kinds: NDArray[np.uint8] | None) -> _Picture | None:
        """None where nothing changes."""
        return None if kinds is None or not kinds.any() else cls(kinds)

    def draw(
        self, painter: QPainter, to_canvas: QTransform, size: Any, fills: Fills, colors: Colors
    ) -> None:
        """Draw it on a canvas of a size."""
        for mask, brushes in zip((self._gain, self._loss), fills, strict=True):
            for brush in brushes:
                painter.drawPixmap(0, 0, filled(mask, brush, to_canvas, size))
        painter.setTransform(to_canvas)
        for lines, color in zip(self._outlines, colors, strict=True):
            for each, width in ((SHADE, SHADE_PIXELS), (color, LINE_PIXELS)):
                pen = QPen(each, width)
                pen.setCosmetic(True)
                painter.strokePath(lines, pen)


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
