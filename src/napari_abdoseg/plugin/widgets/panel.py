"""Our panels in napari's window: tabs of one dock, whose content scrolls and whose foot stays."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QCoreApplication, QEvent, QObject, QSize, Qt, QTimer, Signal
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QDockWidget,
    QFrame,
    QMainWindow,
    QScrollArea,
    QScrollBar,
    QVBoxLayout,
    QWidget,
)

from napari_abdoseg.plugin.frozen_objects import unfreeze
from napari_abdoseg.plugin.widgets.certain import sure, sure_of
from napari_abdoseg.plugin.widgets.napari_log import keep_napari_log
from napari_abdoseg.plugin.widgets.preferences import PLUGIN

if TYPE_CHECKING:
    from napari import Viewer

TURNED_BY_WHEEL = (QComboBox, QAbstractSlider, QAbstractSpinBox)
LEAST_HEIGHT = 80
MARGIN = 6


class Panel(QWidget):
    """A dock widget that fits low windows, beside or behind our other ones.

    Its first dock joins those of our other panels as a tab, where they are in the same place.
    What napari's menu shows again comes to the front.

    Parameters
    ----------
    tab : str
        What its tab says: of six there is room for a word each.

    Attributes
    ----------
    body : QVBoxLayout
        For what may be scrolled.
    foot : QVBoxLayout
        For what is always in sight, below.
    """

    closed = Signal()
    """Its dock is closed for good."""

    def __init__(self, tab: str) -> None:
        super().__init__()
        keep_napari_log()
        self._tab = tab
        content, below = QWidget(), QWidget()
        self.body, self.foot = QVBoxLayout(content), QVBoxLayout(below)
        self.body.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        self.foot.setContentsMargins(MARGIN, 0, MARGIN, MARGIN)
        self._scrolled = _Scrolled(content)
        self._turned_in_focus = _TurnedInFocus(self._scrolled)
        self._dock: QDockWidget | None = None
        self._is_behind = False
        self._connections: list[tuple[Any, Callable[..., Any]]] = []
        self.destroyed.connect(partial(_disconnect, self._connections))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._scrolled, stretch=1)
        layout.addWidget(below)

    def follow(self, event: Any, hear: Callable[..., Any]) -> None:
        """Connect to something that outlives the panel, until that is closed."""
        event.connect(hear)
        self._connections.append((event, hear))

    def scroll_to_top(self) -> None:
        """Bring the head of the content into sight."""
        self._scrolled.bar.setValue(0)

    def event(self, event: QEvent | None) -> bool:
        is_moved = sure(event).type() == QEvent.Type.ParentChange
        if is_moved and isinstance(self.parent(), QDockWidget):
            QTimer.singleShot(0, self._join_others)  # napari has placed the dock by then
        elif is_moved and self.parent() is None:  # and nobody knows when it will be deleted
            _disconnect(self._connections)
            self.closed.emit()
            unfreeze()  # collections may have passed over it
        return bool(super().event(event))

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        for part in self.findChildren(QWidget):
            if isinstance(part, TURNED_BY_WHEEL) and not isinstance(part, QScrollBar):
                part.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                part.installEventFilter(self._turned_in_focus)
        if not sure(event).spontaneous():
            self._come_soon()
        super().showEvent(event)

    def _join_others(self) -> None:
        dock = self.parent()
        if not isinstance(dock, QDockWidget) or dock is self._dock:
            return
        self._dock = dock
        dock.setWindowTitle(self._tab)
        dock.visibilityChanged.connect(self._follow_visibility)
        window = sure_of(QMainWindow, dock.parent())
        others = [
            other
            for other in window.findChildren(QDockWidget)
            if other is not dock
            and _has_its_place(other)
            and not (other.isHidden() or other.isFloating())
            and window.dockWidgetArea(other) == window.dockWidgetArea(dock)
        ]
        if others and not dock.isFloating():
            window.tabifyDockWidget(others[-1], dock)
            _bring_to_front(dock)

    def _follow_visibility(self, in_sight: bool) -> None:
        """Come to the front when napari's menu takes a tab behind for one to be hidden."""
        was_behind, self._is_behind = self._is_behind, False
        if not in_sight and not sure(self._dock).isHidden():
            self._is_behind = True
        elif not in_sight and was_behind:
            self._come_soon()

    def _come_soon(self) -> None:
        QTimer.singleShot(0, self._come)

    def _come(self) -> None:
        if self._dock is not None and self._dock is self.parent():  # it has a place, and keeps it
            _bring_to_front(self._dock)


def open_panel(viewer: Viewer, name: str) -> Any:
    """Open one of our dock widgets, or bring it to the front.

    Parameters
    ----------
    viewer : Viewer
    name : str
        What the manifest calls it.

    Returns
    -------
    Panel
    """
    dock, panel = viewer.window.add_plugin_dock_widget(PLUGIN, name)
    _bring_to_front(dock)
    return panel


def opening(viewer: Viewer, name: str) -> Generator[None, None, Any]:
    """Open one of our dock widgets as `open_panel` does, in steps between which others may come."""
    dock, _ = viewer.window.add_plugin_dock_widget(PLUGIN, name)
    if not _has_its_place(dock):  # it is new, and is shown in the next step
        dock.hide()
    yield
    return open_panel(viewer, name)


def _has_its_place(dock: QDockWidget) -> bool:
    """Whether it is the dock of a panel of ours, which has joined others if there were any."""
    panel = dock.widget()
    return isinstance(panel, Panel) and panel._dock is dock


def _bring_to_front(dock: QDockWidget) -> None:
    """Show the dock of a panel, and let it be seen of those in its place."""
    dock.show()
    dock.raise_()


def _disconnect(connections: list[tuple[Any, Callable[..., Any]]], _: object = None) -> None:
    """Hear no more: Python may keep for a while what Qt has deleted."""
    for followed, hear in connections:
        followed.disconnect(hear)
    connections.clear()


class _Scrolled(QScrollArea):
    """Scrolls up and down what has no room."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self.bar = sure(self.verticalScrollBar())
        self._content = content
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        if watched is self._content and sure(event).type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()  # the dock is as wide as its content asks for
        return bool(super().eventFilter(watched, event))

    def sizeHint(self) -> QSize:  # noqa: N802
        return self._beside_bar(self._content.sizeHint())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        least = self._beside_bar(self._content.minimumSizeHint())
        return QSize(least.width(), min(least.height(), LEAST_HEIGHT))

    def _beside_bar(self, size: QSize) -> QSize:
        return size + QSize(self.bar.sizeHint().width(), 0)


class _TurnedInFocus(QObject):
    """Lets the wheel scroll over choices and sliders that nobody has clicked into."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        if sure(event).type() == QEvent.Type.Wheel and not sure_of(QWidget, watched).hasFocus():
            QCoreApplication.sendEvent(sure_of(_Scrolled, self.parent()).bar, event)
            return True
        return False
