"""Something that Qt draws over a widget, so that what lies below is not drawn again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QWidget

from napari_abdoseg.plugin.widgets.certain import sure


class Overlay(QWidget):
    """Covers a widget, lets the mouse through, and is drawn anew after each of some events.

    Parameters
    ----------
    covered : QWidget
        Such as a canvas.
    events : iterable, optional
        Of napari.
    """

    def __init__(self, covered: QWidget, events: Iterable[Any] = ()) -> None:
        super().__init__(covered)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.resize(covered.size())
        covered.installEventFilter(self)
        self._events = tuple(events)
        for event in self._events:
            event.connect(self.repaint_soon)
        self.show()

    def end(self) -> None:
        """Take it away."""
        for event in self._events:
            event.disconnect(self.repaint_soon)
        sure(self.parentWidget()).removeEventFilter(self)
        self.hide()
        self.deleteLater()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        if isinstance(event, QResizeEvent):
            self.resize(event.size())
        return False

    def repaint_soon(self, event: Any = None) -> None:
        """Draw everything anew."""
        self.update()
