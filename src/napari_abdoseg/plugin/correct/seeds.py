"""Slices that a user has painted or changed, which organs are filled in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from napari.layers import Labels

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.plugin.paint_events.paint_history import (
    PaintHistory,
    Stroke,
    bounds_of,
    edits_of,
    last_atom,
)
from napari_abdoseg.plugin.widgets.certain import sure

Slice = tuple[int, int]
"""Its axis of (z, y, x), and its number."""


@dataclass(frozen=True)
class _Painted:
    """A slice that one stroke has changed, and the labels it has changed there."""

    slice: Slice
    values: frozenset[int]


class Seeds:
    """The slices of a label map that are right: those of strokes that could be undone now.

    A stroke in a single slice makes that a seed of the organs that it changes; a hint makes none.
    Slices can be marked, and unmarked, by hand too.

    Parameters
    ----------
    layer : Labels
    """

    def __init__(self, layer: Labels) -> None:
        self._source = ref(layer)
        self._marked: dict[Slice, bool] = {}
        self._read: dict[int, tuple[Any, _Painted | None]] = {}
        self._hints: dict[int, Any] = {}

    @property
    def _layer(self) -> Labels:
        """It lives, as whoever asks has it in hand."""
        return sure(self._source())

    def organs(self, axis: int) -> list[int]:
        """Labels that were changed in any slice across an axis."""
        painted = (each for each in self._painted() if each and each.slice[0] == axis)
        return sorted({value for each in painted for value in each.values})

    def across(self, axis: int, values: Iterable[int]) -> list[int]:
        """Numbers of the slices across an axis that are seeds of any of some organs.

        A script may have cropped the label map: what was painted or marked beyond it is none.
        """
        wanted, size = set(values), self._layer.data.shape[axis]
        found = {
            each.slice[1]
            for each in self._painted()
            if each and each.slice[0] == axis and each.values & wanted
        }
        for (marked_axis, number), is_seed in self._marked.items():
            if marked_axis == axis:
                (found.add if is_seed else found.discard)(number)
        return sorted(number for number in found if number < size)

    def strokes(self, axis: int, numbers: Iterable[int]) -> Callable[[], list[Edit]]:
        """What gives the edits that were painted in some slices across an axis, in their order."""
        wanted, shape = {(axis, number) for number in numbers}, self._layer.data.shape
        strokes = [tuple(stroke) for stroke in PaintHistory.of(self._layer).done if stroke]
        painted = zip(strokes, self._painted(), strict=True)
        atoms = [
            atom for stroke, each in painted if each and each.slice in wanted for atom in stroke
        ]
        return lambda: edits_of(atoms, shape)

    def toggle(self, axis: int, number: int, value: int) -> bool:
        """Let a slice be a seed of an organ, or none any more; tell whether it is one then."""
        is_seed = number not in self.across(axis, [value])
        self._marked[axis, number] = is_seed
        return is_seed

    def leave_out_last(self) -> None:
        """Tell that the last stroke is a hint, which says of no slice that all of it is right."""
        first = last_atom(self._layer)
        if first is not None:
            self._hints[id(first)] = first

    def _painted(self) -> list[_Painted | None]:
        """What each stroke has painted; None for one that is in no single slice."""
        history = PaintHistory.of(self._layer)
        strokes = [stroke for stroke in history.done if stroke]
        alive = {id(stroke[0]) for stroke in (*strokes, *history.undone) if stroke}
        self._hints = {key: first for key, first in self._hints.items() if key in alive}
        known, self._read = self._read, {}
        for stroke in strokes:
            first = stroke[0]
            if id(first) in self._hints:
                self._read[id(first)] = first, None
                continue
            before = known.get(id(first))
            is_known = before is not None and before[0] is first
            read = before[1] if is_known and before else _read(stroke, self._layer.data.shape)
            self._read[id(first)] = first, read
        return [painted for _, painted in self._read.values()]


_seeds: WeakKeyDictionary[Labels, Seeds] = WeakKeyDictionary()


def seeds_of(layer: Labels) -> Seeds:
    """The seeds of a label map."""
    if layer not in _seeds:
        _seeds[layer] = Seeds(layer)
    return _seeds[layer]


def _read(stroke: Stroke, shape: Sequence[int]) -> _Painted | None:
    """The one slice that a stroke lies in; None for none, or for a line that lies in two."""
    if all(low != high for low, high in bounds_of(stroke)):
        return None  # at once, of whole organs
    edits = [edit for edit in edits_of(stroke, tuple(shape)) if edit.before.size]
    if not edits:
        return None
    flat = [axis for axis in range(3) if _number(edits, axis) is not None]
    if len(flat) != 1:
        return None
    (axis,) = flat
    values = {
        int(v) for edit in edits for each in (edit.before, edit.after) for v in np.unique(each)
    }
    number = _number(edits, axis)
    return None if number is None else _Painted((axis, number), frozenset(values - {0}))


def _number(edits: Sequence[Edit], axis: int) -> int | None:
    """The number that all voxels have along an axis, if it is one."""
    lowest = min(int(edit.where[axis].min()) for edit in edits)
    highest = max(int(edit.where[axis].max()) for edit in edits)
    return lowest if lowest == highest else None
