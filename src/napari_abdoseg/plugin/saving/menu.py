"""What Ctrl+S and `File > Save Selected Layers` do with label maps.

napari would propose a TIFF without geometry, and lets the type in its dialog, not the
name that is typed, choose what writes. The test of the same name fails when a version of
napari has its menu otherwise.
"""

from __future__ import annotations

from typing import Any
from weakref import ref

from napari import Viewer
from napari.layers import Labels
from qtpy.QtCore import QEvent, QObject
from qtpy.QtGui import QAction, QKeySequence
from qtpy.QtWidgets import QWidget

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.plugin.saving.label_maps import saving
from napari_abdoseg.plugin.widgets.certain import sure, sure_of
from napari_abdoseg.plugin.widgets.napari_window import replace_save_dialog


def take_over_saving(viewer: Viewer, window: QWidget) -> None:
    """Let Ctrl+S save the one label map that is selected, and the menu ask where to.

    Anything else is left to napari.
    """
    _SaveKey(viewer, window)
    replace_save_dialog(viewer, _save_as)


def _save_as(viewer: Viewer, selected: bool, window: QWidget) -> bool:
    layer = selected_label_map(viewer) if selected else None
    if layer is not None:
        saving(viewer).save_as(layer, window)
    return layer is not None


def selected_label_map(viewer: Viewer) -> Labels | None:
    """The label map of a scan that is selected, if it is selected alone."""
    selection = viewer.layers.selection
    layer = selection.active if len(selection) == 1 else None
    is_label_map = isinstance(layer, Labels) and isinstance(layer.metadata.get("grid"), Grid)
    return layer if is_label_map else None


def save_action(viewer: Viewer) -> QAction:
    """The entry of napari's file menu that Ctrl+S stands for."""
    key = QKeySequence(QKeySequence.StandardKey.Save)
    return next(each for each in viewer.window.file_menu.actions() if each.shortcut() == key)


class _SaveKey(QObject):
    """Catches Ctrl+S on its way to napari's menu, where it is of a label map."""

    def __init__(self, viewer: Viewer, window: QWidget) -> None:
        super().__init__(window)
        self._viewer = ref(viewer)
        save_action(viewer).installEventFilter(self)  # napari's windows share it

    def eventFilter(self, watched: Any, event: QEvent | None) -> bool:  # noqa: N802
        if sure(event).type() != QEvent.Type.Shortcut:
            return False
        window = sure_of(QWidget, self.parent())
        if not window.isActiveWindow():
            return False
        viewer = sure(self._viewer())
        layer = selected_label_map(viewer)
        if layer is not None:
            saving(viewer).save(layer, window)
        return layer is not None
