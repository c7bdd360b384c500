"""A layer and its copy in another viewer: one data array, one look."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer, Shapes
from napari.utils.transforms import Affine

from napari_abdoseg.plugin.paint_events.paint_history import end_stroke
from napari_abdoseg.plugin.paint_events.shared_labels import shared_labels
from napari_abdoseg.plugin.viewing.painting_overlays import make_overlays_when_used

FOLLOWS_BY_ITSELF = frozenset(
    {
        *("auto_contrast", "current_properties", "cursor", "cursor_size", "help"),
        *("locked_data_level", "mouse_pan", "mouse_zoom", "normals", "plane", "properties"),
        *("scale_factor", "texcoords", "texture", "thumbnail"),
    }
)
"""Attributes that a layer has of its own, or gets from another attribute."""

OF_EACH_ITEM = ("size", "symbol", "face_color", "edge_color", "edge_width", "border_color")
"""Attributes with a value for each point or shape."""


class LayerCopy:
    """A copy of a layer for another viewer; what changes in one changes in the other.

    Parameters
    ----------
    source : Layer
    apart : frozenset of str, optional
        Attributes that each keeps for itself.
    used : Layer, optional
        One that was the copy of another layer, and is to be that of this one.
    """

    def __init__(
        self,
        source: Layer,
        apart: frozenset[str] = frozenset(),
        used: Layer | None = None,
    ) -> None:
        self.source = source
        self.layer: Any = Layer.create(*source.as_layer_data_tuple()) if used is None else used
        if used is None:
            make_overlays_when_used(self.layer)
        else:
            make_like(used, source, apart)
        self._passing: set[str] = set()
        self._connections: list[tuple[Any, Any]] = []
        self.layer.editable = source.editable
        self.layer._keymap = source.keymap  # the same, so that keys bound later work here too
        for name in shared_attributes(source) - apart:
            self._follow(source, self.layer, name)
            self._follow(self.layer, source, name)

    def connect(self, emitter: Any, callback: Any, position: str = "last") -> None:
        """Connect until `close`."""
        emitter.connect(callback, position=position)
        self._connections.append((emitter, callback))

    def layer_fits(self, source: Layer) -> bool:
        """Whether the copy can become that of another layer: one of voxels of the same type."""
        data, other = self.layer.data, source.data
        return (
            isinstance(source, Image | Labels)
            and type(source) is type(self.layer)
            and not (source.multiscale or self.layer.multiscale)
            and (data.dtype, data.ndim) == (other.dtype, other.ndim)
            and getattr(source, "rgb", False) == getattr(self.layer, "rgb", False)
        )

    def close(self) -> None:
        """Follow each other no longer."""
        for emitter, callback in self._connections:
            emitter.disconnect(callback)
        self._connections.clear()

    def _follow(self, leader: Layer, follower: Layer, name: str) -> None:
        def pass_on(event: Any) -> None:
            if name in self._passing:
                return
            self._passing.add(name)
            try:
                _pass(name, leader, follower)
            finally:
                self._passing.discard(name)

        self.connect(getattr(leader.events, name), pass_on)


class LabelsCopy(LayerCopy):
    """A copy of a Labels layer that shares its array and its undo history.

    One label map, painted on in either.

    Parameters
    ----------
    source : Labels
    apart : frozenset of str, optional
        Attributes that each keeps for itself.
    """

    def __init__(
        self,
        source: Labels,
        apart: frozenset[str] = frozenset(),
        used: Layer | None = None,
    ) -> None:
        super().__init__(source, apart, used)
        with self.layer.events.contour.blocker():  # the source is not to be drawn anew
            self.layer.contour = source.contour
        self._labels = shared_labels(source)
        self._labels.add(self.layer)
        self.layer.mode = source.mode

    def close(self) -> None:
        end_stroke(self.layer)  # a brush that is still moving
        super().close()
        self._labels.remove(self.layer)


def make_like(layer: Layer, source: Layer, apart: frozenset[str]) -> None:
    """Give a layer the voxels and the look of another one of its kind, but what is ``apart``.

    Hidden meanwhile, it is drawn once; it stays so where it is to be shown or not by itself.
    """
    data, state, _ = source.as_layer_data_tuple()
    layer.visible = False
    layer.data = data
    names = {*state, *shared_attributes(source)} - {"visible", "data"} - FOLLOWS_BY_ITSELF - apart
    for name in sorted(names):
        if _can_be_set(layer, name) and not _is_same(getattr(layer, name), getattr(source, name)):
            setattr(layer, name, getattr(source, name))
    if "visible" not in apart:
        layer.visible = source.visible
    if not layer.visible:
        layer.set_view_slice()  # what it had in its slice held all voxels before


def _is_same(one: Any, other: Any) -> bool:
    """Whether two values are the same, as far as that can be told in a moment."""
    if isinstance(one, Affine) and isinstance(other, Affine):
        return bool(np.array_equal(one.affine_matrix, other.affine_matrix))
    simple = isinstance(one, np.ndarray | tuple | list | str | int | float | Enum)
    return one is other or (simple and bool(np.array_equal(one, other)))


def shared_attributes(layer: Layer) -> frozenset[str]:
    """Names of the attributes that a layer and its copy have in common."""
    names = {name for name in layer.events if _can_be_set(layer, name)}
    return frozenset(names - FOLLOWS_BY_ITSELF)


def _can_be_set(layer: Layer, name: str) -> bool:
    attribute = getattr(type(layer), name, None)
    return isinstance(attribute, property) and attribute.fset is not None


def _pass(name: str, leader: Any, follower: Any) -> None:
    if name != "data":
        setattr(follower, name, getattr(leader, name))
    elif isinstance(leader, Shapes):
        follower.data = list(zip(leader.data, leader.shape_type))
    else:
        follower.data = leader.data
    if name == "data":
        for each in OF_EACH_ITEM:
            if _can_be_set(leader, each):
                setattr(follower, each, getattr(leader, each))
