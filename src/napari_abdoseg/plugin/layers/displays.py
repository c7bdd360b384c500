"""What keeps single layers of a viewer right, as long as they are in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from napari.components import ViewerModel
from napari.layers import Layer


class Display(Protocol):
    """Keeps one layer right."""

    def close(self) -> None:
        """Leave the layer as it is."""


Of = TypeVar("Of", bound=Display)


class Displays(Generic[Of]):
    """A display for each layer of a kind that is in a viewer, or comes into it.

    Parameters
    ----------
    viewer : ViewerModel
    layer_type : type of Layer
    kind : str
        Such layers have it in their metadata, such as ``"box"``.
    new_display : callable
        Makes the display of a layer in a viewer.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        layer_type: type[Layer],
        kind: str,
        new_display: Callable[[ViewerModel, Any], Of],
    ) -> None:
        self._viewer = viewer
        self._layer_type = layer_type
        self._kind = kind
        self._new_display = new_display
        self._displays: dict[Layer, Of] = {}
        for layer in viewer.layers:
            self._add(layer)
        viewer.layers.events.inserted.connect(lambda event: self._add(event.value))
        viewer.layers.events.removed.connect(lambda event: self._remove(event.value))

    def __getitem__(self, layer: Layer) -> Of:
        return self._displays[layer]

    def _add(self, layer: Layer) -> None:
        if isinstance(layer, self._layer_type) and self._kind in layer.metadata:
            self._displays[layer] = self._new_display(self._viewer, layer)

    def _remove(self, layer: Layer) -> None:
        if layer in self._displays:
            self._displays.pop(layer).close()
