"""The parts of napari's window that it has no public way to: its canvas, and its dialog that saves.

The only file that touches napari's QtViewer. A canvas of our own is one too, as in
napari's example of several viewers in a window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import ref

from napari import Viewer
from napari.components import ViewerModel
from napari.qt import QtViewer
from napari.utils.action_manager import action_manager
from qtpy.QtWidgets import QScrollBar, QWidget

from napari_abdoseg.plugin.widgets.certain import sure, sure_of

SLIDER_WIDTH = 60
"""Pixels at least."""


def own_canvas(viewer: Viewer) -> QWidget:
    """The widget in the middle of a viewer's window: its canvas and sliders."""
    return sure_of(QWidget, viewer.window._qt_viewer)


def picture_of(canvas: QWidget) -> QWidget:
    """What a canvas is drawn on."""
    return sure_of(QWidget, sure_of(QtViewer, canvas).canvas.native)


def scene_of(canvas: QWidget) -> Any:
    """The scene in which a canvas draws layers."""
    return sure_of(QtViewer, canvas).canvas.view.scene


def own_controls(viewer: Viewer) -> Any:
    """The widget that has the controls of a viewer's layers, of which those of one are seen."""
    return viewer.window._qt_viewer.controls


@contextmanager
def own_canvas_held(viewer: ViewerModel) -> Iterator[None]:
    """Let a viewer's own canvas look as it does until all is done that is done meanwhile.

    A viewer without a window has none.
    """
    canvas = own_canvas(viewer) if hasattr(viewer, "window") else QWidget()
    canvas.setUpdatesEnabled(False)
    try:
        yield
    finally:
        canvas.setUpdatesEnabled(True)


def sliders(canvas: QWidget) -> list[QScrollBar]:
    """The sliders below a canvas, one an axis, seen or not."""
    rows = sure_of(QtViewer, canvas).dims.slider_widgets
    return [sure_of(QScrollBar, row.slider) for row in rows]


def replace_save_dialog(viewer: Viewer, save: Callable[[Viewer, bool, QWidget], bool]) -> None:
    """Let ``save`` ask where to save layers, and napari where it gives False.

    Parameters
    ----------
    viewer : Viewer
    save : callable
        Called with the viewer, whether only the selected layers are meant, and the window.
    """
    qt_viewer = viewer.window._qt_viewer
    napari_dialog, qt_viewer_ref = type(qt_viewer)._save_layers_dialog, ref(qt_viewer)

    def ask_where(selected: bool = False) -> None:
        qt_viewer = sure(qt_viewer_ref())
        if not save(qt_viewer.viewer, selected, qt_viewer.window()):
            napari_dialog(qt_viewer, selected=selected)

    qt_viewer._save_layers_dialog = ask_where


class PanelCanvas(QtViewer):  # type: ignore[misc]  # napari has no types
    """A canvas and its slider, which may be as narrow as a third of the window."""

    def __init__(self, panel: ViewerModel) -> None:
        super().__init__(panel)
        # It is never seen, and napari writes it anew whenever a key is bound.
        action_manager.events.shortcut_changed.disconnect(self._welcome_widget.refresh)
        panel.dims.events.ndim.connect(self._narrow)
        self._narrow()

    def _narrow(self, event: Any = None) -> None:
        for row in self.dims.slider_widgets:
            row.play_button.hide()
            row.slider.setMinimumWidth(SLIDER_WIDTH)

    def _bind_shortcuts(self) -> None:
        """They are bound already, by the viewer's own canvas and for all of them."""
