"""Controls of layers that nobody has chosen: napari makes them as layers come, and shows few.

To make them takes it a third of the time of a layer.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from weakref import ref

from napari import Viewer
from napari.layers import Layer
from qtpy.QtWidgets import QWidget

from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.napari_window import own_controls


def make_controls_when_seen(viewer: Viewer, is_meant: Callable[[Layer], bool]) -> None:
    """Let napari make the controls of some layers when such a layer is chosen first.

    Parameters
    ----------
    viewer : Viewer
    is_meant : callable
        Tells whether a layer is one of those.
    """
    container, events = own_controls(viewer), viewer.layers.events
    made = container.widgets = _MadeWhenAsked(container)
    container_ref = ref(container)

    def add(event: Any) -> None:
        if event.value not in made and not is_meant(event.value):
            sure(container_ref())._add(event)

    def remove(event: Any) -> None:
        if event.value in made:
            sure(container_ref())._remove(event)

    events.inserted.disconnect(container._add)
    events.removed.disconnect(container._remove)
    events.inserted.connect(add)
    events.removed.connect(remove)


class _MadeWhenAsked(dict[Layer, QWidget]):
    """Controls by their layers; what is missing is made when it is asked for."""

    def __init__(self, container: Any) -> None:
        super().__init__(container.widgets)
        self._container = ref(container)

    def __missing__(self, layer: Layer) -> QWidget:
        sure(self._container())._add(SimpleNamespace(value=layer))
        if layer not in self:
            raise KeyError(layer)
        return self[layer]
