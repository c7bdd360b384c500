"""A dot in napari's layer list before each label map that is not saved.

The test of the same name fails when a version of napari draws its list otherwise.
"""

from __future__ import annotations

from typing import Any

from napari import Viewer
from napari._qt.containers import QtLayerList
from napari._qt.containers._base_item_model import ItemRole
from napari._qt.containers._layer_delegate import LayerDelegate
from qtpy.QtWidgets import QWidget

from napari_abdoseg.plugin.saving.unsaved import Unsaved, unsaved_labels

MARK = "•"


def mark_layers(viewer: Viewer, window: QWidget) -> None:
    """Mark the label maps of a viewer that are not saved, in its window's list of layers."""
    view = window.findChild(QtLayerList)
    view.setItemDelegate(MarkingDelegate(view, unsaved_labels(viewer)))


class MarkingDelegate(LayerDelegate):  # type: ignore[misc]
    """Draws layers as napari does, with a mark before the names of those that are not saved."""

    def __init__(self, view: QtLayerList, unsaved: Unsaved) -> None:
        super().__init__(view)
        self._unsaved = unsaved
        self.loading_frame_changed.connect(self._draw)
        unsaved.changed.connect(self._draw)

    def _draw(self) -> None:
        self.parent().viewport().update()

    def initStyleOption(self, option: Any, index: Any) -> None:  # noqa: N802
        super().initStyleOption(option, index)
        if index.data(ItemRole) in self._unsaved.layers:
            option.text = f"{MARK} {option.text}"
