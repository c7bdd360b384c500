"""Edits one after the other: what can be undone, and what they have changed since the last save."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.tally import Edit, Indices, NamesEdit, names_of
from napari_abdoseg.image.grid import Shape

STEPS = 100
"""Steps that can be undone."""
VOXELS_AT_ONCE = 1 << 22
"""Of a label map that are looked at together when edits become one."""
MOST_VOXELS = 1 << 25
"""Of edits that are kept one by one before they become one."""
Stroke = tuple[Edit, ...]
"""What is undone at once, in the order in which it was done."""


@dataclass(frozen=True, eq=False)
class EditHistory:
    """What was done to a label map since it was opened.

    Parameters
    ----------
    shape : tuple of int
        Of the label map, (z, y, x).
    done, undone : tuple of Stroke
        The last of each is what undo, or redo, takes next; those of `STEPS` ago are dropped.
    changes : tuple of Edit
        All that was changed since the label map was saved, or opened, one after the other.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.anatomy.tally import Edit
    >>> from napari_abdoseg.correction.journal.edit_history import EditHistory
    >>> where = tuple(np.array([1]) for _ in range(3))
    >>> stroke = (Edit(where, np.array([0]), np.array([4])),)
    >>> history = EditHistory((9, 9, 9)).do(stroke)
    >>> history.unsaved.after.tolist(), history.undo().unsaved
    ([4], None)
    """

    shape: Shape
    done: tuple[Stroke, ...] = ()
    undone: tuple[Stroke, ...] = ()
    changes: tuple[Edit, ...] = ()

    @cached_property
    def unsaved(self) -> Edit | None:
        """All voxels that differ from those saved, or opened; None for none."""
        return combined(self.changes, self.shape)

    @property
    def unsaved_names(self) -> NamesEdit | None:
        """What organs are called that is not so where they were saved, or opened."""
        return names_of(self.changes)

    def do(self, stroke: Stroke) -> EditHistory:
        """After another stroke, with which what was undone can't be done again."""
        return self._changed((*self.done, stroke)[-STEPS:], (), stroke)

    def undo(self) -> EditHistory:
        """After the last stroke was taken back; there must be one."""
        *done, stroke = self.done
        return self._changed(tuple(done), (*self.undone, stroke), reverted(stroke))

    def redo(self) -> EditHistory:
        """After the stroke that was undone last was done again; there must be one."""
        *undone, stroke = self.undone
        return self._changed((*self.done, stroke), tuple(undone), stroke)

    def change(self, edits: Iterable[Edit]) -> EditHistory:
        """After edits that can't be undone, such as a script's."""
        return self._changed((), (), edits)

    def save(self, later: tuple[Edit, ...] = ()) -> EditHistory:
        """After the label map was saved as it was before ``later``; strokes can still be undone."""
        return replace(self, changes=later)

    def _changed(
        self, done: tuple[Stroke, ...], undone: tuple[Stroke, ...], edits: Iterable[Edit]
    ) -> EditHistory:
        changes = (*self.changes, *edits)
        voxels = sum(edit.before.size for edit in changes)
        if len(changes) > 1 and voxels > MOST_VOXELS + 2 * changes[0].before.size:
            changes = compacted(changes, self.shape)
        return EditHistory(self.shape, done, undone, changes)


def reverted(stroke: Stroke) -> Stroke:
    """The stroke that takes another one back."""
    return tuple(edit.reverted for edit in reversed(stroke))


def compacted(edits: Iterable[Edit], shape: Shape) -> Stroke:
    """As few edits as do what others do one after the other; see `combined`."""
    edits = tuple(edits)
    few = combined(edits, shape), names_of(edits)
    return tuple(edit for edit in few if edit is not None)


def combined(edits: Iterable[Edit], shape: Shape) -> Edit | None:
    """One edit that does to voxels what several do one after the other, or None for nothing.

    Parameters
    ----------
    edits : iterable of Edit
    shape : tuple of int
        Of the label map, (z, y, x).
    """
    told = [edit for edit in edits if edit.before.size]
    if not told:
        return None
    bounds = np.array(
        [[(np.min(axis), np.max(axis)) for axis in edit.where] for edit in told], np.int64
    )
    low, stop = bounds[..., 0].min(axis=0), bounds[..., 1].max(axis=0) + 1
    slices = max(1, int(VOXELS_AT_ONCE // np.prod(stop[1:] - low[1:])))
    small, parts = np.min_scalar_type(max(shape)), []
    for first in range(int(low[0]), int(stop[0]), slices):
        box = Box((first, int(low[1]), int(low[2])), (first + slices, int(stop[1]), int(stop[2])))
        there = (bounds[:, 0, 0] < box.stop[0]) & (bounds[:, 0, 1] >= first)
        if there.any():
            parts.append(_combined_in(box, [told[at] for at in np.flatnonzero(there)], small))
    z, y, x, before, after = map(np.concatenate, zip(*parts, strict=True))
    return Edit((z, y, x), before, after) if z.size else None


def _combined_in(box: Box, edits: Sequence[Edit], small: np.dtype[Any]) -> list[NDArray[Any]]:
    """z, y, x and labels before and after of what edits do in the slices of a box."""
    size = np.subtract(box.stop, box.start)
    dtype = np.result_type(*(edit.before for edit in edits))
    known = np.zeros(size.prod(), bool)
    before, after = np.zeros(known.size, dtype), np.zeros(known.size, dtype)
    for edit in edits:
        z, y, x = (np.asarray(axis, np.int64) for axis in edit.where)
        inside = (box.start[0] <= z) & (z < box.stop[0])
        inner = (axis[inside] - first for axis, first in zip((z, y, x), box.start, strict=True))
        at = np.ravel_multi_index(tuple(inner), tuple(size))
        is_new = ~known[at]
        new = at[is_new]
        known[new], before[new] = True, edit.before[inside][is_new]
        after[at] = edit.after[inside]
    at = np.flatnonzero(before != after)
    where = zip(np.unravel_index(at, size), box.start, strict=True)
    return [*((axis + start).astype(small) for axis, start in where), before[at], after[at]]


def places(flat: NDArray[np.integer[Any]], shape: Shape) -> Indices:
    """Voxels (z, y, x) of their numbers in a label map, in the smallest integers."""
    small = np.min_scalar_type(max(shape))
    z, y, x = (axis.astype(small) for axis in np.unravel_index(flat, shape))
    return z, y, x
