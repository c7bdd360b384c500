"""A hand with a mouse, by real events."""

from __future__ import annotations

import time

import numpy as np
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QCursor, QMouseEvent, QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_abdoseg.plugin.four_panel.view import canvases_of

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
THROTTLED_MS = 12
"""A canvas does not hear of moves of the mouse that are closer together."""
NONE = Qt.KeyboardModifier.NoModifier


class Mouse:
    """A hand on the canvas of a panel; it remembers the voxels that it was dragged over."""

    def __init__(self, viewer, layer, panel: int) -> None:
        self.panel, self.canvas = canvases_of(viewer)[panel]
        self.layer = layer
        self.places: list[np.ndarray] = []
        self.panel.mouse_drag_callbacks.append(self._note)

    def _note(self, panel, event):
        """Where napari says that the mouse was pressed and moved to."""
        self.places = [np.array(self.layer.world_to_data(event.position))]
        yield
        while True:
            self.places.append(np.array(self.layer.world_to_data(event.position)))
            yield

    def drag(self, pixels, button=LEFT, keys=NONE, release=True) -> None:
        self._go_to(pixels[0])
        QTest.mousePress(self.canvas, button, keys, pixels[0])
        for pixel in pixels[1:]:
            self.move(pixel, button, keys)
        if release:
            QTest.mouseRelease(self.canvas, button, keys, pixels[-1])

    def move(self, pixel, button=Qt.MouseButton.NoButton, keys=NONE) -> None:
        self._go_to(pixel)
        there = QPointF(self.canvas.mapToGlobal(pixel))
        event = QMouseEvent(
            QEvent.Type.MouseMove, QPointF(pixel), there, Qt.MouseButton.NoButton, button, keys
        )
        QApplication.sendEvent(self.canvas, event)
        QTest.qWait(THROTTLED_MS)

    def _go_to(self, pixel) -> None:
        """Have the screen's own mouse there, of which Qt tells too, and let a moment pass."""
        QCursor.setPos(self.canvas.mapToGlobal(pixel))
        QTest.qWait(THROTTLED_MS)
        time.sleep(THROTTLED_MS / 1000)

    def wheel(self, pixel, steps: int) -> None:
        there = QPointF(self.canvas.mapToGlobal(pixel))
        turn, phase = QPoint(0, 120 * steps), Qt.ScrollPhase.NoScrollPhase
        event = QWheelEvent(
            QPointF(pixel), there, QPoint(), turn, Qt.MouseButton.NoButton, NONE, phase, False
        )
        QApplication.sendEvent(self.canvas, event)
