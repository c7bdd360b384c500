"""What changes in a Labels layer, told voxel by voxel where that is certain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from napari.components import ViewerModel
from napari.layers import Labels
from psygnal import Signal

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.plugin.paint_events.shared_labels import shared_labels


class LabelEdits:
    """Tells of each edit of a Labels layer, in whichever panel, while it is in its viewer.

    Parameters
    ----------
    viewer : ViewerModel
    layer : Labels
        Of three axes.
    """

    edited = Signal(list[Edit], str)
    """See `SharedLabels.edited`."""
    changed = Signal()
    """Something else has changed, which napari does not say."""

    def __init__(self, viewer: ViewerModel, layer: Labels) -> None:
        self._viewer = viewer
        self._layer = layer
        self._labels = shared_labels(layer)
        self._labels.open()
        self._labels.edited.connect(self.edited.emit)
        self._labels.changed.connect(self.changed.emit)
        viewer.layers.events.removed.connect(self._close_with_layer)
        self._is_open = True

    @property
    def tool(self) -> str:
        """What a stroke is painted with just now."""
        return self._labels.tool

    @property
    def is_in_stroke(self) -> bool:
        """Whether part of a stroke is in the voxels that was not told yet."""
        return self._labels.is_in_stroke

    def bring_back(
        self, edit: Edit | None, done: Sequence[Sequence[Edit]], undone: Sequence[Sequence[Edit]]
    ) -> None:
        """See `SharedLabels.bring_back`."""
        self._labels.bring_back(edit, done, undone)

    def close(self) -> None:
        """Tell no more."""
        if self._is_open:
            self._is_open = False
            self._viewer.layers.events.removed.disconnect(self._close_with_layer)
            self._labels.edited.disconnect(self.edited.emit)
            self._labels.changed.disconnect(self.changed.emit)
            self._labels.close()

    def _close_with_layer(self, event: Any) -> None:
        if event.value is self._layer:
            self.close()


class EditWatch:
    """Notes whether any of some Labels layers is edited, until `close`.

    Parameters
    ----------
    viewer : ViewerModel
    layers : iterable of Labels
    """

    def __init__(self, viewer: ViewerModel, layers: Iterable[Labels]) -> None:
        self.edited = False
        self._edits = [LabelEdits(viewer, layer) for layer in layers]
        for edits in self._edits:
            edits.edited.connect(self._note)
            edits.changed.connect(self._note)

    def close(self) -> None:
        """Watch no longer."""
        for edits in self._edits:
            edits.close()

    def _note(self) -> None:
        self.edited = True
