"""Whether a Labels layer holds what was saved last."""

from __future__ import annotations

from typing import Any

from napari.components import ViewerModel
from napari.layers import Labels
from psygnal import Signal

from napari_abdoseg.plugin.paint_events.label_edits import LabelEdits
from napari_abdoseg.plugin.paint_events.paint_history import is_full, last_atom

State = tuple[int, Any]
"""How often a layer changed in ways without undo, and the first piece of its last stroke."""

NEVER: State = (-1, None)
"""The state of what was never saved."""


class SavedState:
    """Follows a Labels layer through strokes, undo and redo.

    Parameters
    ----------
    viewer : ViewerModel
    layer : Labels
    """

    changed = Signal()
    """The layer holds something else."""

    def __init__(self, viewer: ViewerModel, layer: Labels) -> None:
        self._layer = layer
        self._changes = 0
        self._edits = LabelEdits(viewer, layer)
        self._edits.edited.connect(self._follow_stroke)
        self._edits.changed.connect(self._follow_change)
        self.saved = self.now

    @property
    def now(self) -> State:
        """What the layer holds."""
        return self._changes, last_atom(self._layer)

    @property
    def is_saved(self) -> bool:
        """Whether the layer holds what was saved last."""
        (changes, stroke), (saved_changes, saved_stroke) = self.now, self.saved
        return changes == saved_changes and stroke is saved_stroke

    def close(self) -> None:
        """Follow the layer no longer."""
        self._edits.close()

    def _follow_stroke(self, _: object = None) -> None:
        if is_full(self._layer) and self.saved[1] is None:
            self.saved = NEVER  # so many strokes can't all be undone
        self.changed.emit()

    def _follow_change(self) -> None:
        self._changes += 1
        self.changed.emit()
