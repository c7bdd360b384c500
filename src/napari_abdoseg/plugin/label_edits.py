"""What changes in a Labels layer, told voxel by voxel where napari knows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from psygnal import Signal

from napari_abdoseg.anatomy.tally import Edit

_showing_strokes: WeakSet[Labels] = WeakSet()


@contextmanager
def showing_stroke(layer: Labels) -> Iterator[None]:
    """Draw a layer anew for a stroke, of which its `paint` event tells besides."""
    _showing_strokes.add(layer)
    try:
        yield
    finally:
        _showing_strokes.discard(layer)


class LabelEdits:
    """Tells of each edit of a Labels layer.

    Parameters
    ----------
    viewer : ViewerModel
    layer : Labels
        Of three axes.
    """

    edited = Signal(list)
    """A stroke, its undo or redo: a list of `Edit`."""
    changed = Signal()
    """Something else has changed, which napari does not say."""

    def __init__(self, viewer: ViewerModel, layer: Labels) -> None:
        self._viewer = viewer
        self._layer = layer
        self._view = self._current_view()
        self._undone = self._count_undone()
        layer.events.paint.connect(self._tell_stroke)
        layer.events.data.connect(self._tell_change)
        layer.events.set_data.connect(self._tell_unless_sliced)

    def close(self) -> None:
        """Tell no more."""
        events = self._layer.events
        events.paint.disconnect(self._tell_stroke)
        events.data.disconnect(self._tell_change)
        events.set_data.disconnect(self._tell_unless_sliced)

    def _tell_stroke(self, event: Any) -> None:
        self._undone = self._count_undone()
        self.edited.emit(edits_of(event.value))

    def _tell_change(self, event: Any) -> None:
        self._undone = self._count_undone()
        self.changed.emit()

    def _tell_unless_sliced(self, event: Any) -> None:
        """Undo, redo and scripts only show up as a new slice, as scrolling does."""
        view, undone = self._current_view(), self._count_undone()
        steps, self._undone = undone - self._undone, undone
        if steps == 1:
            self.edited.emit([edit.reverted for edit in edits_of(self._layer._redo_history[-1])])
        elif steps == -1:
            self.edited.emit(edits_of(self._layer._undo_history[-1]))
        elif view == self._view and self._layer not in _showing_strokes:
            self.changed.emit()
        self._view = view

    def _count_undone(self) -> int:
        return len(self._layer._redo_history)

    def _current_view(self) -> object:
        dims = self._viewer.dims
        return dims.point, dims.order, dims.ndisplay


def was_painted(layer: Labels) -> bool:
    """Whether a layer has strokes, or one under way, that setting its data would lose."""
    return bool(layer._undo_history or layer._staged_history)


def edits_of(item: list[Any]) -> list[Edit]:
    """The edits of an item of napari's history, in its order.

    Parameters
    ----------
    item : list
        Of ``(indices, old values, new values)``, or ``(slices, mask or None, old
        values, new value)`` where the mask is of the slices' shape.
    """
    return [_edit(*atom) if len(atom) == 3 else _masked_edit(*atom) for atom in item]


def _edit(where: Any, before: Any, after: Any) -> Edit:
    before = np.asarray(before)
    return Edit(tuple(np.asarray(axis) for axis in where), before, _like(before, after))


def _masked_edit(place: tuple[slice, ...], mask: Any, before: Any, after: Any) -> Edit:
    if mask is None:
        mask = np.ones([slice_.stop - slice_.start for slice_ in place], bool)
    inside = np.nonzero(mask)
    where = tuple(axis + slice_.start for axis, slice_ in zip(inside, place, strict=True))
    before = np.asarray(before).ravel()
    return Edit(where, before, _like(before, after))


def _like(before: Any, after: Any) -> Any:
    return np.broadcast_to(np.asarray(after, before.dtype), before.shape)
