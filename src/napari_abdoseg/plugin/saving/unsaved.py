"""Which label maps of a viewer hold what no file holds."""

from __future__ import annotations

from typing import Any
from weakref import ref

from napari.components import ViewerModel
from napari.layers import Labels
from qtpy.QtCore import QObject, Signal

from napari_abdoseg.plugin.saving.saved_state import NEVER, SavedState, State
from napari_abdoseg.plugin.viewing.viewer_state import state_of
from napari_abdoseg.plugin.widgets.certain import sure


def unsaved_labels(viewer: ViewerModel) -> Unsaved:
    """The label maps of a viewer that are not saved; they are followed from the first call on."""
    return state_of(viewer, Unsaved)


class Unsaved(QObject):
    """Follows the label maps of a viewer.

    One that comes into the viewer counts as saved, until it is edited or `add` tells
    that it was made here.

    Parameters
    ----------
    viewer : ViewerModel
    """

    changed = Signal()
    """Other label maps are not saved, or the layers are others."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = ref(viewer)
        self._states: dict[Labels, SavedState] = {}
        viewer.layers.events.inserted.connect(self._follow_layers)
        viewer.layers.events.removed.connect(self._follow_layers)
        self._follow_layers()

    @property
    def layers(self) -> list[Labels]:
        """Label maps that are not saved."""
        return [layer for layer, state in self._states.items() if not state.is_saved]

    def add(self, layer: Labels) -> None:
        """A label map was made here: no file holds it."""
        self.settle(layer, NEVER)

    def give_up(self, layer: Labels) -> None:
        """What a label map holds need not be saved."""
        self.settle(layer, self.state(layer))

    def state(self, layer: Labels) -> State:
        """What a label map holds, to be told to `settle` once that is saved."""
        return self._states[layer].now if layer in self._states else NEVER

    def settle(self, layer: Labels, state: State) -> None:
        """What a label map held is in its file now."""
        if layer in self._states:
            self._states[layer].saved = state
            self._tell()

    def _follow_layers(self, event: Any = None) -> None:
        viewer = sure(self._viewer())
        layers = [layer for layer in viewer.layers if _holds_labels(layer)]
        for layer in self._states.keys() - set(layers):
            self._states.pop(layer).close()
        for layer in layers:
            if layer not in self._states:
                state = self._states[layer] = SavedState(viewer, layer)
                state.changed.connect(self._tell)
        self._tell()

    def _tell(self) -> None:
        self.changed.emit()


def _holds_labels(layer: Any) -> bool:
    return isinstance(layer, Labels) and "overlay" not in layer.metadata and layer.ndim == 3
