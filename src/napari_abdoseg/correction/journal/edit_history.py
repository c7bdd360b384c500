"""Edits one after the other: what can be undone, and what they have changed since the last save."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.tally import Edit, Indices, NamesEdit, names_of
from napari_abdoseg.image.grid import Shape

STEPS = 100
"""Steps that can be undone."""
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
    told = [(np.ravel_multi_index(edit.where, shape), edit) for edit in edits if edit.before.size]
    if not told:
        return None
    low, end = min(flat.min() for flat, _ in told), max(flat.max() for flat, _ in told) + 1
    dtype = np.result_type(*(edit.before for _, edit in told))
    known = np.zeros(end - low, bool)
    before, after = np.zeros(end - low, dtype), np.zeros(end - low, dtype)
    for flat, edit in told:
        at = flat - low
        is_first = ~known[at]
        first = at[is_first]
        known[first], before[first] = True, edit.before[is_first]
        after[at] = edit.after
    at = np.flatnonzero(before != after)
    return Edit(places(at + low, shape), before[at], after[at]) if at.size else None


def places(flat: NDArray[np.integer[Any]], shape: Shape) -> Indices:
    """Voxels (z, y, x) of their numbers in a label map, in the smallest integers."""
    small = np.min_scalar_type(max(shape))
    z, y, x = (axis.astype(small) for axis in np.unravel_index(flat, shape))
    return z, y, x
