"""Something that Qt draws over a canvas, so that the picture below is not rendered again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QWidget

from napari_abdoseg.plugin.widgets.certain import sure


class CanvasOverlay(QWidget):
    """Covers a canvas, lets the mouse through, and is drawn anew after each of some events.

    Parameters
    ----------
    canvas : QWidget
    events : iterable
        Of napari.
    """

    def __init__(self, canvas: QWidget, events: Iterable[Any]) -> None:
        super().__init__(canvas)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.resize(canvas.size())
        canvas.installEventFilter(self)
        self._events = tuple(events)
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

    def _repaint_soon(self, event: Any = None) -> None:
        self.update()
