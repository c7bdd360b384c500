"""Layers that come with a Labels layer, such as the boxes and the surfaces of its organs."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.colors import to_hex
from napari.components import ViewerModel
from napari.layers import Labels, Layer, Shapes
from psygnal import Signal

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.plugin.jobs.idle_queue import TURN_SECONDS, IdleWork
from napari_abdoseg.plugin.layers.conversion import LayerData, add_beside, one_color
from napari_abdoseg.plugin.layers.linked_names import linked_names
from napari_abdoseg.plugin.layers.spare_layers import spare_layers
from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view

Look = tuple[Any, float]
"""RGB from 0 to 1, and opacity."""


class LinkedLayers:
    """A layer for each name, such as ``"liver"``, that is offered, known and to be shown.

    Parameters
    ----------
    viewer : ViewerModel
    neighbour : Labels
        On whose grid they lie.
    kind : str
        Key of what is shown in the layers' metadata: ``"box"`` or ``"surface"``.
    new_layer : callable
        `box_layer` or `surface_layer`.
    look : callable
        Gives colour and opacity of a name.
    """

    changed = Signal()
    """Another layer is shown or hidden, or deleted."""
    added = Signal()
    """A layer was added."""

    def __init__(
        self,
        viewer: ViewerModel,
        neighbour: Labels,
        kind: str,
        new_layer: Callable[[str, Any, Any, Grid], LayerData],
        look: Callable[[str], Look],
    ) -> None:
        self._viewer = viewer
        self._neighbour = neighbour
        self._kind = kind
        self._new_layer = new_layer
        self._look = look
        self._layers: dict[str, Any] = {}
        self._known: dict[str, tuple[Any, Grid]] = {}
        self._offered: tuple[str, ...] = ()
        self._wanted: set[str] = set()
        self._turn = IdleWork(self._add_missing)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Those that are in the viewer."""
        return tuple(self._layers.values())

    @property
    def wanted(self) -> frozenset[str]:
        """Names of all that are to be shown, offered or not."""
        return frozenset(self._wanted)

    def state(self) -> dict[str, bool]:
        """Names that are offered, and whether they are to be shown."""
        return {name: name in self._wanted for name in self._offered}

    def show(self, shown: Mapping[str, bool]) -> None:
        """Show or hide by name; what isn't known yet is shown when it is."""
        for name, on in shown.items():
            (self._wanted.add if on else self._wanted.discard)(name)
            if name in self._layers:
                self._layers[name].visible = on
        self._add_missing()
        self.changed.emit()

    def offer(self, names: Iterable[str]) -> None:
        """Have layers of these names only; what was shown of others is shown when they return."""
        self._offered = tuple(names)
        for name in self._layers.keys() - set(self._offered):
            self._viewer.layers.remove(self._layers.pop(name))
        self._turn.wait()

    def put(self, name: str, content: Any, grid: Grid) -> None:
        """Take a box or surface, and let its layer show it."""
        self._known[name] = content, grid
        layer = self._layers.get(name)
        if layer is not None and layer.metadata[self._kind] != content:
            layer.metadata = {**layer.metadata, self._kind: content}
        self._turn.wait()

    def follow_looks(self) -> None:
        """Give all layers their present colours and opacities."""
        for name, layer in self._layers.items():
            color, opacity = self._look(name)
            if layer.opacity != opacity:
                layer.opacity = opacity
            _recolor(layer, color)

    def forget(self, layer: Layer) -> None:
        """The user has deleted a layer."""
        for name, own in list(self._layers.items()):
            if own is layer:
                del self._layers[name]
                self._wanted.discard(name)
                self.changed.emit()

    def close(self) -> None:
        """Give up all layers: they are deleted, or used for the next case."""
        self._turn.cancel()
        left, self._layers = self._layers, {}
        for layer in left.values():
            layer.events.visible.disconnect(self._follow_eye)
        spare = {self._purpose(name): layer for name, layer in left.items()}
        spare_layers(self._viewer).leave(spare)

    def _add_missing(self) -> None:
        """Add layers as long as that takes a moment, and the others in the next turn."""
        begin = time.perf_counter()
        for name in self._offered:
            if name in self._wanted and name in self._known and name not in self._layers:
                if time.perf_counter() - begin > TURN_SECONDS:
                    self._turn.wait()
                    return
                self._add(name)

    def _add(self, name: str) -> None:
        color, opacity = self._look(name)
        layer_data = self._new_layer(name, color, *self._known[name])
        layer = spare_layers(self._viewer).take(self._purpose(name), self._neighbour)
        if layer is None:
            layer = add_beside(self._viewer, self._neighbour, layer_data)
        else:
            self._use(layer, color, layer_data)
        linked_names(self._viewer).take(layer, layer_data[1]["name"], self._neighbour)
        layer.opacity = opacity
        self._layers[name] = layer
        layer.events.visible.connect(self._follow_eye)
        self.added.emit()

    def _purpose(self, name: str) -> Hashable:
        """What a layer can be used for: to show what is called the same, made the same way."""
        return self._new_layer, name

    def _use(self, layer: Any, color: Any, layer_data: LayerData) -> None:
        """Let a layer of the case before, which is hidden, show what is of this one."""
        layer.metadata = layer_data[1]["metadata"]
        layer.name = layer_data[1]["name"]
        _recolor(layer, color)
        layer.visible = True
        cases_in_view(self._viewer).take_in(layer)

    def _follow_eye(self, event: Any) -> None:
        """A layer was shown or hidden, perhaps in napari's own list."""
        for name, layer in self._layers.items():
            if layer is event.source and layer.visible != (name in self._wanted):
                self._wanted ^= {name}
                self.changed.emit()
                return


def _recolor(layer: Any, color: Any) -> None:
    if isinstance(layer, Shapes):
        if not np.allclose(layer.edge_color[0, :3], color):
            layer.current_edge_color = layer.edge_color = to_hex(color)
    elif not np.allclose(layer.colormap.colors[0, :3], color):
        layer.colormap = one_color(color)
