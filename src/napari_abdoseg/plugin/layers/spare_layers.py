"""Boxes and surfaces of a case that goes, which become those of the case that takes its place.

napari takes long to add a layer, and to remove it: its controls, its visual on each canvas, the
lists. A layer that shows another box or surface costs a tenth of that.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from napari.components import ViewerModel
from napari.layers import Layer
from qtpy.QtCore import QTimer

from napari_abdoseg.plugin.layers.linked_names import linked_names
from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view
from napari_abdoseg.plugin.viewing.viewer_state import state_of

WAIT_MS = 3000
"""Since the last of them was left or taken: what is not taken then is deleted."""


def spare_layers(viewer: ViewerModel) -> SpareLayers:
    """The layers of a viewer that wait for the next case."""
    return state_of(viewer, SpareLayers)


class SpareLayers:
    """Keeps layers that nobody has any more, hidden, until others want some for the same purpose.

    Parameters
    ----------
    viewer : ViewerModel
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._layers: dict[Hashable, Any] = {}
        self._keeps = False
        self._rest = QTimer()
        self._rest.setSingleShot(True)
        self._rest.setInterval(WAIT_MS)
        self._rest.timeout.connect(self._delete)
        viewer.layers.events.removed.connect(lambda event: self._forget(event.value))

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Those that wait."""
        return tuple(self._layers.values())

    @contextmanager
    def kept(self) -> Iterator[None]:
        """What is left meanwhile waits for the next case; else it is deleted a moment later."""
        self._keeps = True
        try:
            yield
        finally:
            self._keeps = False

    def leave(self, layers: Mapping[Hashable, Layer]) -> None:
        """Give up layers, each with what it may be used for."""
        if not self._keeps:
            # napari may be removing several layers: these have their turn after that.
            QTimer.singleShot(0, partial(self._remove, list(layers.values())))
            return
        for purpose, layer in layers.items():
            linked_names(self._viewer).forget(layer)
            cases_in_view(self._viewer).forget(layer)
            layer.visible = False
            self._layers.setdefault(purpose, layer)
        doubles = [layer for purpose, layer in layers.items() if self._layers[purpose] != layer]
        QTimer.singleShot(0, partial(self._remove, doubles))
        self._rest.start()

    def take(self, purpose: Hashable, neighbour: Layer) -> Any:
        """A layer for a purpose that can lie beside another one, if there is one.

        Who takes it shows it, and lets it be of a case again.
        """
        layer = self._layers.get(purpose)
        if layer is None or layer.units != neighbour.units:
            return None
        self._rest.start()
        return self._layers.pop(purpose)

    def _delete(self) -> None:
        left = list(self._layers.values())
        self._layers.clear()
        self._remove(left)

    def _remove(self, layers: list[Layer]) -> None:
        left = [layer for layer in layers if layer in self._viewer.layers]
        if left:
            with self._viewer.layers.batched_update():
                for layer in left:
                    self._viewer.layers.remove(layer)

    def _forget(self, layer: Layer) -> None:
        """One that waits was deleted."""
        self._layers = {purpose: own for purpose, own in self._layers.items() if own is not layer}
