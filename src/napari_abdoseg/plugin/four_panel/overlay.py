"""What is written and drawn over a panel's picture.

Qt paints it, so that the picture below need not be rendered again when only the
cross hair moves.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from napari.components import ViewerModel
from qtpy.QtCore import QPointF, QRect, QRectF, Qt
from qtpy.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QWidget

from napari_abdoseg.image.grid import Triple
from napari_abdoseg.plugin.four_panel.box_outlines import LINE_PIXELS, Outline
from napari_abdoseg.plugin.four_panel.scale_bar import scale_bar
from napari_abdoseg.plugin.viewing.orientation import letters_of, picture_directions
from napari_abdoseg.plugin.widgets.overlay import Overlay

WORDS = QColor("#c3ced9")
PLATE = QColor(0, 0, 0, 190)
"""Behind words, so that they can be read on any picture."""
PLATE_MARGIN = 3
CROSSHAIR = QColor(255, 217, 77, 150)
GAP = 8
"""Pixels around the place itself that the cross hair leaves free."""
MARGIN = 6
FONT_PIXELS = 15
BAR, TICK = 2, 8
"""Pixels that the line of the scale bar is thick, and its ends are high."""

Align = Qt.AlignmentFlag


class PanelOverlay(Overlay):
    """Name, sides of the patient, scale bar and cross hair over a canvas.

    Parameters
    ----------
    canvas : QWidget
    viewer : ViewerModel
        What the canvas shows.
    name : str
    outlines : iterable of Outline, optional
        Boxes to draw where the slice cuts them.
    """

    def __init__(
        self, canvas: QWidget, viewer: ViewerModel, name: str, outlines: Iterable[Outline] = ()
    ) -> None:
        dims, camera = viewer.dims.events, viewer.scene.camera.events
        looks = camera.orientation, camera.angles, camera.center, camera.zoom
        super().__init__(canvas, (dims.order, dims.ndisplay, dims.range, *looks))
        self._outlines = outlines
        self._viewer = viewer
        self._name = name
        self._place: Triple | None = None
        self._drawn: list[Outline] = []
        dims.point.connect(self._follow_slice)

    def point_at(self, place: Triple) -> None:
        """Draw the cross hair through ``place``, in mm along (S, P, L)."""
        before = self._crosshair()
        self._place = place
        after = self._crosshair()
        for line in {*before} ^ {*after}:
            self.update(QRect(*line))

    def end(self) -> None:
        """Take it away."""
        self._viewer.dims.events.point.disconnect(self._follow_slice)
        super().end()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setFont(_font())
        self._write(painter, self._name, Align.AlignLeft | Align.AlignTop)
        if self._viewer.layers:
            self._draw_boxes(painter)
            self._draw_crosshair(painter)
            self._letter_sides(painter)
            self._draw_scale_bar(painter)
        painter.end()

    def _follow_slice(self, event: Any) -> None:
        if self._cut_boxes() != self._drawn:
            self.repaint_soon()

    def _letter_sides(self, painter: QPainter) -> None:
        right, down = picture_directions(self._viewer)
        for direction, side in (
            (right, Align.AlignRight | Align.AlignVCenter),
            (-right, Align.AlignLeft | Align.AlignVCenter),
            (down, Align.AlignHCenter | Align.AlignBottom),
            (-down, Align.AlignHCenter | Align.AlignTop),
        ):
            self._write(painter, letters_of(direction), side)

    def _write(self, painter: QPainter, words: str, side: Qt.AlignmentFlag) -> None:
        area = QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        if not words:
            return
        plate = painter.boundingRect(area, side, words)
        painter.fillRect(plate.adjusted(-PLATE_MARGIN, 0, PLATE_MARGIN, 0), PLATE)
        painter.setPen(WORDS)
        painter.drawText(area, side, words)

    def _draw_scale_bar(self, painter: QPainter) -> None:
        """A line with ticks in the lower right corner, its length above it."""
        bar = scale_bar(self._viewer, self.width())
        right, bottom = self.width() - MARGIN - PLATE_MARGIN, self.height() - MARGIN
        words = painter.boundingRect(QRectF(), Align.AlignCenter, bar.words)
        size = max(bar.pixels, words.width()), words.height() + TICK
        plate = QRectF(right - size[0], bottom - size[1], *size)
        painter.fillRect(plate.adjusted(-PLATE_MARGIN, 0, PLATE_MARGIN, PLATE_MARGIN), PLATE)
        painter.setPen(WORDS)
        painter.drawText(plate, Align.AlignHCenter | Align.AlignTop, bar.words)
        middle, left = bottom - TICK / 2, plate.center().x() - bar.pixels / 2
        painter.fillRect(QRectF(left, middle - BAR / 2, bar.pixels, BAR), WORDS)
        for end in (left, left + bar.pixels - BAR):
            painter.fillRect(QRectF(end, bottom - TICK, BAR, TICK), WORDS)

    def _cut_boxes(self) -> list[Outline]:
        """The boxes that the slice cuts."""
        dims = self._viewer.dims
        if dims.ndisplay == 3 or not self._viewer.layers:
            return []
        (hidden,) = (axis for axis in dims.not_displayed if axis >= dims.ndim - 3)
        axis, place = hidden - (dims.ndim - 3), dims.point[hidden]
        return [each for each in self._outlines if each.low[axis] <= place < each.high[axis]]

    def _draw_boxes(self, painter: QPainter) -> None:
        self._drawn = self._cut_boxes()
        for outline in self._drawn:
            painter.setPen(QPen(QColor.fromRgbF(*outline.color), LINE_PIXELS))
            corners = (
                QPointF(*canvas_position(self._viewer, end, self.width(), self.height()))
                for end in (outline.low, outline.high)
            )
            painter.drawRect(QRectF(*corners).normalized())

    def _draw_crosshair(self, painter: QPainter) -> None:
        for line in self._crosshair():
            painter.fillRect(QRect(*line), CROSSHAIR)  # several times as fast as a line

    def _crosshair(self) -> list[tuple[int, int, int, int]]:
        """Its four lines: left, top, width and height in pixels."""
        if self._place is None or self._viewer.dims.ndisplay == 3:
            return []
        width, height = self.width(), self.height()
        x, y = map(round, canvas_position(self._viewer, self._place, width, height))
        lines = (
            *((0, y, x - GAP, 1), (x + GAP, y, width - x - GAP, 1)),
            *((x, 0, 1, y - GAP), (x, y + GAP, 1, height - y - GAP)),
        )
        return [line for line in lines if line[2] > 0 and line[3] > 0]


def canvas_position(
    viewer: ViewerModel, place: Triple, width: float, height: float
) -> tuple[float, float]:
    """Where a place lies in a canvas that shows slices.

    Parameters
    ----------
    viewer : ViewerModel
    place : tuple of float
        mm along (S, P, L).
    width, height : float
        Of the canvas, in pixels.

    Returns
    -------
    tuple of float
        Pixels from the left and from the top.
    """
    camera = viewer.scene.camera
    _, vertical, horizontal = camera.orientation
    extra = viewer.dims.ndim - 3
    down, right = (
        camera.zoom * (place[axis - extra] - centre)
        for axis, centre in zip(viewer.dims.displayed, camera.center[-2:])
    )
    x = width / 2 + (right if str(horizontal) == "right" else -right)
    y = height / 2 + (down if str(vertical) == "down" else -down)
    return x, y


def _font() -> QFont:
    font = QFont()
    font.setPixelSize(FONT_PIXELS)
    return font
