"""An outline that a user draws on a panel: by hand, or corner by corner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from napari.components import ViewerModel
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QWidget

from napari_abdoseg.plugin.correct.pointer import LEFT_BUTTON, RIGHT_BUTTON, Drag, IdleHand, Spot
from napari_abdoseg.plugin.four_panel.overlay import canvas_position
from napari_abdoseg.plugin.four_panel.view import canvases_of
from napari_abdoseg.plugin.widgets.overlay import Overlay

STILL_PIXELS = 3
NEAR_PIXELS = 8
"""A click so near the first corner closes an outline."""
FEWEST = 3
LINE, SHADOW = QColor("#ffe680"), QColor(0, 0, 0, 170)
LINE_PIXELS, SHADOW_PIXELS, CORNER_PIXELS = 1.6, 3.6, 3.0


@dataclass(frozen=True, eq=False)
class Drawn:
    """An outline that is closed.

    Parameters
    ----------
    spots : tuple of Spot
        Its corners, all in one panel, and there in one slice.
    button : int
        Of the mouse, that it was drawn with.
    """

    spots: tuple[Spot, ...]
    button: int

    @property
    def axis(self) -> int | None:
        """Of (z, y, x), across the slice; None in 3D."""
        return self.spots[0].axis

    @property
    def places(self) -> NDArray[np.float64]:
        """Its corners in voxels (z, y, x), shape (n, 3)."""
        return np.stack([spot.place for spot in self.spots])

    @property
    def pixels(self) -> NDArray[np.float64]:
        """Its corners in pixels down and to the right, shape (n, 2)."""
        return np.array([spot.pixel[::-1] for spot in self.spots])


class DrawingHand(IdleHand):
    """Draws an outline by a drag, which its release closes, or by clicks on its corners.

    A double click closes it then, or a click on the first corner; the right button takes the
    last corner back.

    Parameters
    ----------
    viewer : ViewerModel
    finish : callable
        Called with each outline that is closed.
    """

    def __init__(self, viewer: ViewerModel, finish: Callable[[Drawn], None]) -> None:
        self._viewer = viewer
        self._finish = finish
        self._spots: list[Spot] = []
        self._button = LEFT_BUTTON
        self._line: DrawnLine | None = None

    def drag(self, spot: Spot, event: Any) -> Drag:
        if event.button not in (LEFT_BUTTON, RIGHT_BUTTON):
            return
        if self._spots and not _is_beside(self._spots[0], spot):
            self.drop()
        if self._spots and event.button == RIGHT_BUTTON:
            self._take_back()
            return
        is_first = not self._spots
        if is_first:
            self._button = event.button
            self._line = line_in(self._viewer, spot.panel)
        corner = len(self._spots)
        self._add(spot)
        yield
        while event.type == "mouse_move":
            self._go_to(spot, event, corner)
            yield
        self._go_to(spot, event, corner)
        is_dragged = len(self._spots) > corner + 1
        if is_first and is_dragged:
            self._close()
        elif corner >= FEWEST and _apart(spot, self._spots[0]) <= NEAR_PIXELS:
            self._spots.pop()
            self._close()
        elif is_first and event.button == RIGHT_BUTTON:
            self.drop()

    def hover(self, spot: Spot) -> None:
        """Show where the next corner would be."""
        if self._spots and self._line is not None and _is_beside(self._spots[0], spot):
            self._line.draw([*self._spots, spot])

    def double_click(self, spot: Spot, event: Any) -> None:
        """Close the outline; with the right button, take another corner back."""
        if self._spots and event.button == RIGHT_BUTTON:
            self._take_back()
        elif self._spots:
            self._close()

    def drop(self) -> None:
        """Forget what is drawn."""
        self._spots = []
        if self._line is not None:
            self._line.end()
            self._line = None

    def _go_to(self, spot: Spot, event: Any, corner: int) -> None:
        """Draw on to where the mouse is, unless it has hardly moved since a corner."""
        here = Spot.of(spot.panel, spot.layer, event)
        if len(self._spots) > corner + 1 or _apart(here, spot) > STILL_PIXELS:
            self._add(here)

    def _add(self, spot: Spot) -> None:
        self._spots.append(spot)
        if self._line is not None:
            self._line.draw(self._spots)

    def _take_back(self) -> None:
        self._spots.pop()
        if not self._spots:
            self.drop()
        elif self._line is not None:
            self._line.draw(self._spots)

    def _close(self) -> None:
        spots = tuple(self._spots)
        self.drop()
        if len(spots) >= FEWEST:
            self._finish(Drawn(spots, self._button))


class DrawnLine(Overlay):
    """A line over a canvas; it stays on its slice's voxels as the camera moves.

    Parameters
    ----------
    canvas : QWidget
    viewer : ViewerModel
        What the canvas shows.
    closes : bool, optional
        Whether a broken line tells how it would be closed.
    color : QColor, optional
    """

    def __init__(
        self, canvas: QWidget, viewer: ViewerModel, closes: bool = True, color: QColor = LINE
    ) -> None:
        camera = viewer.scene.camera.events
        super().__init__(canvas, (camera.center, camera.zoom))
        self._viewer = viewer
        self._fewest = FEWEST if closes else inf
        self._color = color
        self._spots: list[Spot] = []

    def draw(self, spots: list[Spot]) -> None:
        """Draw it through some corners."""
        self._spots = list(spots)
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        corners = [self._pixel(spot) for spot in self._spots]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for color, width in ((SHADOW, SHADOW_PIXELS), (self._color, LINE_PIXELS)):
            painter.setPen(QPen(color, width))
            painter.drawPolyline(QPolygonF(corners))
            if len(corners) >= self._fewest:
                closing = QPen(color, width, Qt.PenStyle.DashLine)
                painter.setPen(closing)
                painter.drawLine(corners[-1], corners[0])
        painter.setPen(QPen(SHADOW, 1))
        painter.setBrush(self._color)
        for corner in corners[:1]:
            painter.drawEllipse(corner, CORNER_PIXELS, CORNER_PIXELS)
        painter.end()

    def _pixel(self, spot: Spot) -> QPointF:
        if spot.axis is None:
            return QPointF(*spot.pixel)
        s, p, left = (float(each) for each in spot.layer.data_to_world(spot.place))
        return QPointF(*canvas_position(self._viewer, (s, p, left), self.width(), self.height()))


def canvas_size(viewer: ViewerModel, panel: ViewerModel) -> tuple[int, int]:
    """Width and height in pixels of the canvas that a panel of a viewer is drawn on."""
    canvas = _canvas_of(viewer, panel)
    return (1, 1) if canvas is None else (canvas.width(), canvas.height())


def _canvas_of(viewer: ViewerModel, panel: ViewerModel) -> QWidget | None:
    return next((canvas for shown, canvas in canvases_of(viewer) if shown is panel), None)


def line_in(
    viewer: ViewerModel, panel: ViewerModel, closes: bool = True, color: QColor = LINE
) -> DrawnLine | None:
    """A line over the canvas that a panel of a viewer is drawn on; see `DrawnLine`."""
    canvas = _canvas_of(viewer, panel)
    return None if canvas is None else DrawnLine(canvas, panel, closes, color)


def _is_beside(spot: Spot, other: Spot) -> bool:
    """Whether two spots are in one panel, and there in one slice."""
    if spot.panel is not other.panel or spot.axis != other.axis:
        return False
    return spot.axis is None or round(spot.place[spot.axis]) == round(other.place[spot.axis])


def _apart(spot: Spot, other: Spot) -> float:
    """Pixels between two spots."""
    return float(np.hypot(*np.subtract(spot.pixel, other.pixel)))
