"""Whether layers are edited while something else is under way."""

from __future__ import annotations

from collections.abc import Iterable

from napari.components import ViewerModel
from napari.layers import Labels

from napari_abdoseg.plugin.paint_events.label_edits import LabelEdits


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
