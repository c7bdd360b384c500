"""The bile duct pulled straight, with what there is to see of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import (
    QColor,
    QFont,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_abdoseg.anatomy.bile_duct import CurvedPlane
from napari_abdoseg.image.grid import Triple
from napari_abdoseg.plugin.viewing.orientation import letters_of
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.tables import RIGHT_HAND

LEFT, RIGHT, ENDS = 44, 8, 22
"""Pixels beside the picture for the scale, and above and below it for what the ends are."""
SMALLEST, LIKED = QSize(220, 240), QSize(340, 460)
HILUM, PAPILLA = "towards the hilum", "towards the papilla"
TICK_MM = 10
SEEN_PIXELS = 4
FONT_PIXELS = 12
LINE_PIXELS, SHADOW_PIXELS = 1.6, 3.4
GAP_PIXELS = 8
"""Around the place itself that the cross leaves free."""
SHADOW = QColor(0, 0, 0, 170)
PLATE = QColor(0, 0, 0, 190)
CROSS = QColor(255, 217, 77, 190)
SEEN = QColor("#57b894")
NOTE = QColor("#ffb454")
"""Of marks at the widest place and at breaks."""
EXPECTED = QColor(255, 255, 255, 120)
POINTER_PIXELS = 7
WHEEL_STEP = 120
"""What Qt calls a notch of a mouse's wheel."""

Align = Qt.AlignmentFlag
LEFT_HAND = Align.AlignLeft | Align.AlignVCenter


@dataclass(frozen=True)
class Note:
    """Something at a place of the course.

    Parameters
    ----------
    row : int
    words : str
    half_rows : float, optional
        So far up and down of the row it reaches.
    on_left : bool, optional
        Its words stand on the left.
    """

    row: int
    words: str
    half_rows: float = 0.0
    on_left: bool = False


@dataclass(frozen=True, eq=False)
class Sight:
    """All that the picture shows of a plane.

    Parameters
    ----------
    plane : CurvedPlane
    colors : ndarray of uint8, shape (n, m, 4)
        RGBA of the plane's pixels.
    is_smooth : bool
        Whether colours between pixels are those in between.
    outline : str
        Colour of the duct, or of the search region.
    spacing : tuple of float
        mm between voxels along (z, y, x).
    notes : tuple of Note
    """

    plane: CurvedPlane
    colors: NDArray[np.uint8]
    is_smooth: bool
    outline: str
    spacing: Triple
    notes: tuple[Note, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.colors.shape[:2]
        return rows, columns


class CurvedPicture(QWidget):
    """Shows a plane along the duct, the hilum above; a click goes there, the wheel turns it."""

    picked = Signal(tuple)
    """(z, y, x) coordinates of a voxel that the user wants to go to."""
    wheeled = Signal(int)
    """Notches by which the wheel was turned."""

    def __init__(self) -> None:
        super().__init__()
        self._sight: Sight | None = None
        self._place: tuple[int, int] | None = None
        self._seen: NDArray[np.bool_] = np.zeros(0, bool)
        self._drawn: QPixmap | None = None
        self._rest = 0
        self.setMinimumSize(SMALLEST)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)

    def sizeHint(self) -> QSize:  # noqa: N802
        return LIKED

    def show_sight(self, sight: Sight | None) -> None:
        """Show a plane."""
        self._sight, self._drawn = sight, None
        self.update()

    def show_seen(self, seen: NDArray[np.bool_]) -> None:
        """Show which rows were seen."""
        self._seen = seen
        self.update()

    def point_at(self, place: tuple[int, int] | None) -> None:
        """Draw the cross at a row and a column, or none."""
        if place != self._place:
            self._place = place
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        if self._sight is None:
            return
        if self._drawn is None:
            self._drawn = self._draw(self._sight)
        painter = QPainter(self)
        painter.setFont(_font())
        painter.drawPixmap(0, 0, self._drawn)
        self._draw_seen(painter)
        self._draw_cross(painter)
        self._letter_sides(painter, self._sight)
        painter.end()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        self._drawn = None
        super().resizeEvent(event)

    def changeEvent(self, event: Any) -> None:  # noqa: N802
        self._drawn = None  # another theme
        super().changeEvent(event)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        self._pick(sure(event))

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        self._pick(sure(event))

    def wheelEvent(self, event: QWheelEvent | None) -> None:  # noqa: N802
        event = sure(event)
        event.accept()
        self._rest += event.angleDelta().y()
        notches = int(self._rest / WHEEL_STEP)
        self._rest -= notches * WHEEL_STEP
        if notches:
            self.wheeled.emit(notches)

    def to_pixel(self, row: float, column: float) -> QPointF:
        """Where the middle of a pixel of the plane lies in the widget."""
        area, (rows, columns) = self._area(), sure(self._sight).shape
        x = area.left() + (column + 0.5) / columns * area.width()
        return QPointF(x, area.top() + (row + 0.5) / rows * area.height())

    def _pick(self, event: QMouseEvent) -> None:
        if self._sight is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        area, (rows, columns) = self._area(), self._sight.shape
        place = event.position()
        row = (place.y() - area.top()) / area.height() * rows - 0.5
        column = (place.x() - area.left()) / area.width() * columns - 0.5
        self.picked.emit(self._sight.plane.picture.voxel_at(row, column))

    def _area(self) -> QRectF:
        """Where the picture is, with as many pixels a mm down as to the right."""
        sight = sure(self._sight)
        rows, columns = sight.shape
        down, right = sight.plane.picture.pixel_mm
        height, width = rows * down, columns * right
        room = QRectF(self.rect()).adjusted(LEFT, ENDS, -RIGHT, -ENDS)
        zoom = max(min(room.height() / height, room.width() / width), 0.1)
        area = QRectF(0, 0, width * zoom, height * zoom)
        area.moveCenter(room.center())
        area.moveTop(room.top())
        return area

    def _draw(self, sight: Sight) -> QPixmap:
        """All that stays as it is while panels move."""
        ratio = self.devicePixelRatioF()
        drawn = QPixmap(self.size() * ratio)
        drawn.setDevicePixelRatio(ratio)
        drawn.fill(Qt.GlobalColor.transparent)
        painter = QPainter(drawn)
        painter.setFont(_font())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, sight.is_smooth)
        area = self._area()
        painter.fillRect(area, Qt.GlobalColor.black)
        painter.drawImage(area, _image(sight.colors))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(area)
        self._draw_outlines(painter, sight)
        for note in sight.notes:
            self._draw_note(painter, note)
        painter.setClipping(False)
        self._draw_scale(painter, sight)
        painter.end()
        return drawn

    def _draw_outlines(self, painter: QPainter, sight: Sight) -> None:
        path = QPainterPath()
        for outline in sight.plane.outlines:
            first, *others = (self.to_pixel(row, column) for row, column in outline)
            path.moveTo(first)
            for point in others:
                path.lineTo(point)
        for color, width in ((SHADOW, SHADOW_PIXELS), (QColor(sight.outline), LINE_PIXELS)):
            painter.strokePath(path, QPen(color, width))
        if not sight.notes:  # no duct: its expected course
            rows, columns = sight.shape
            painter.setPen(QPen(EXPECTED, 1, Qt.PenStyle.DashLine))
            middle = columns // 2
            painter.drawLine(self.to_pixel(0, middle), self.to_pixel(rows - 1, middle))

    def _draw_note(self, painter: QPainter, note: Note) -> None:
        """A pointer at an edge, words beside it, and a line as far as it reaches."""
        area, columns = self._area(), sure(self._sight).shape[1]
        y = self.to_pixel(note.row, 0).y()
        ends = [self.to_pixel(note.row + sign * note.half_rows, columns // 2) for sign in (-1, 1)]
        painter.setPen(QPen(NOTE, 2, Qt.PenStyle.DotLine))
        if note.half_rows:
            painter.drawLine(*ends)
        edge, inwards = (area.left(), 1) if note.on_left else (area.right(), -1)
        words_at = edge if note.on_left else edge - 2 * area.width()
        words = QRectF(words_at, y + 2, 2 * area.width(), 1.5 * FONT_PIXELS)  # below the cross
        words.translate(inwards * (POINTER_PIXELS + 8), 0)
        side = LEFT_HAND if note.on_left else RIGHT_HAND
        painter.fillRect(painter.boundingRect(words, side, note.words).adjusted(-3, 0, 3, 0), PLATE)
        painter.setPen(NOTE)
        painter.drawText(words, side, note.words)
        path = QPainterPath(QPointF(edge + inwards * (POINTER_PIXELS + 3), y))
        path.lineTo(edge, y - POINTER_PIXELS)
        path.lineTo(edge, y + POINTER_PIXELS)
        path.closeSubpath()
        painter.fillPath(path, NOTE)

    def _draw_scale(self, painter: QPainter, sight: Sight) -> None:
        """mm along the course on the left, and what its ends are."""
        area, rows = self._area(), sight.shape[0]
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        for mm in range(0, rows, TICK_MM):
            y = self.to_pixel(mm, 0).y()
            edge = area.left() - SEEN_PIXELS - 4
            painter.drawLine(QPointF(edge - 4, y), QPointF(edge, y))
            words = QRectF(edge - 6 - LEFT, y - FONT_PIXELS, LEFT, 2 * FONT_PIXELS)
            painter.drawText(words, RIGHT_HAND, str(mm))
        unit = QRectF(area.left() - LEFT, area.top() - ENDS, LEFT - SEEN_PIXELS - 4, ENDS)
        painter.drawText(unit, RIGHT_HAND, "mm")
        beside = QRectF(area.center().x() - self.width(), 0, 2 * self.width(), ENDS)
        for end, top in ((f"↑ {HILUM}", area.top() - ENDS), (f"↓ {PAPILLA}", area.bottom())):
            beside.moveTop(top)
            painter.drawText(beside, Align.AlignCenter, end)

    def _draw_seen(self, painter: QPainter) -> None:
        area = self._area()
        edges = np.flatnonzero(np.diff(np.concatenate([[0], self._seen.astype(np.int8), [0]])))
        step = area.height() / max(1, len(self._seen))
        for start, stop in edges.reshape(-1, 2):
            left = area.left() - SEEN_PIXELS - 1
            bar = QRectF(left, area.top() + start * step, SEEN_PIXELS, (stop - start) * step)
            painter.fillRect(bar, SEEN)

    def _draw_cross(self, painter: QPainter) -> None:
        """A line where panels are."""
        if self._place is None:
            return
        area, place = self._area(), self.to_pixel(*self._place)
        x, y = round(place.x()), round(place.y())
        left, right = round(area.left()), round(area.right())
        painter.fillRect(left, y, max(0, x - GAP_PIXELS - left), 1, CROSS)
        painter.fillRect(x + GAP_PIXELS, y, max(0, right - x - GAP_PIXELS), 1, CROSS)

    def _letter_sides(self, painter: QPainter, sight: Sight) -> None:
        """Which sides of the patient are on the left and on the right where panels are."""
        row = sight.shape[0] // 2 if self._place is None else self._place[0]
        across = sight.plane.picture.voxels[row]
        direction = (across[-1] - across[0]) * sight.spacing
        direction /= np.linalg.norm(direction)
        area = self._area()
        above = QRectF(area.left(), area.top() - ENDS, area.width(), ENDS)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(above, LEFT_HAND, letters_of(-direction))
        painter.drawText(above, RIGHT_HAND, letters_of(direction))


def _image(colors: NDArray[np.uint8]) -> QImage:
    rows, columns = colors.shape[:2]
    pixels = np.ascontiguousarray(colors).tobytes()
    return QImage(pixels, columns, rows, 4 * columns, QImage.Format.Format_RGBA8888).copy()


def _font() -> QFont:
    font = QFont()
    font.setPixelSize(FONT_PIXELS)
    return font
