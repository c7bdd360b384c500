"""Controls of layers that nobody has chosen: napari makes them as layers come, and shows few.

To make them takes it a third of the time of a layer.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from weakref import ref

from napari.components import ViewerModel
from napari.layers import Layer
from qtpy.QtWidgets import QWidget

from napari_abdoseg.plugin.jobs.idle_queue import IdleWork
from napari_abdoseg.plugin.viewing.viewer_state import state_of
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.napari_window import own_controls


def make_controls_when_chosen(viewer: ViewerModel) -> None:
    """Let napari make the controls of scans, organs, boxes and surfaces when one is chosen first.

    They are made in the next turn; until then those of the layer before are seen.

    Parameters
    ----------
    viewer : ViewerModel
        One without a window has no controls.
    """
    if hasattr(viewer, "window"):
        state_of(viewer, _follow_choice)


def _follow_choice(viewer: Any) -> None:
    container, layers = own_controls(viewer), viewer.layers
    made = container.widgets = _MadeWhenAsked(container)
    container_ref = ref(container)

    def add(event: Any) -> None:
        if event.value not in made and not _is_of_a_case(event.value):
            sure(container_ref())._add(event)

    def remove(event: Any) -> None:
        if event.value in made:
            sure(container_ref())._remove(event)

    def choose() -> None:
        show_controls.wait_first()
        if layers.selection.active in made:
            show_controls.hurry()

    show_controls = IdleWork(lambda: sure(container_ref())._populate())
    container.destroyed.connect(show_controls.cancel)
    layers.events.inserted.disconnect(container._add)
    layers.events.removed.disconnect(container._remove)
    layers.selection.events.changed.disconnect(container._populate)
    layers.events.inserted.connect(add)
    layers.events.removed.connect(remove)
    layers.selection.events.changed.connect(choose)


def _is_of_a_case(layer: Layer) -> bool:
    """Whether this is a scan, its organs, or a box or surface; there may be hundreds of them."""
    return "grid" in layer.metadata


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
