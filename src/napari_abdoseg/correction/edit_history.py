"""Edits one after the other: what can be undone, and what they have changed since the last save."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.tally import Edit, Indices
from napari_abdoseg.image.grid import Shape

STEPS = 100
"""Steps that can be undone."""
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
    unsaved : Edit or None
        All that differs from the label map as it was saved, or opened; None for nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.anatomy.tally import Edit
    >>> from napari_abdoseg.correction.edit_history import EditHistory
    >>> where = tuple(np.array([1]) for _ in range(3))
    >>> stroke = (Edit(where, np.array([0]), np.array([4])),)
    >>> history = EditHistory((9, 9, 9)).do(stroke)
    >>> history.unsaved.after.tolist(), history.undo().unsaved
    ([4], None)
    """

    shape: Shape
    done: tuple[Stroke, ...] = ()
    undone: tuple[Stroke, ...] = ()
    unsaved: Edit | None = None

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

    def save(self) -> EditHistory:
        """After the label map was saved as it is; strokes can be undone all the same."""
        return replace(self, unsaved=None)

    def _changed(
        self, done: tuple[Stroke, ...], undone: tuple[Stroke, ...], edits: Iterable[Edit]
    ) -> EditHistory:
        before = () if self.unsaved is None else (self.unsaved,)
        return EditHistory(self.shape, done, undone, combined((*before, *edits), self.shape))


def reverted(stroke: Stroke) -> Stroke:
    """The stroke that takes another one back."""
    return tuple(edit.reverted for edit in reversed(stroke))


def combined(edits: Iterable[Edit], shape: Shape) -> Edit | None:
    """One edit that does what several do one after the other, or None if that is nothing.

    Parameters
    ----------
    edits : iterable of Edit
    shape : tuple of int
        Of the label map, (z, y, x).
    """
    whole: tuple[NDArray[Any], NDArray[Any], NDArray[Any]] | None = None
    for edit in edits:
        flat = np.ravel_multi_index(edit.where, shape)
        order = np.argsort(flat)
        part = flat[order], edit.before[order], edit.after[order]
        whole = part if whole is None else _followed(whole, part)
    if whole is None:
        return None
    differs = whole[1] != whole[2]
    if not differs.any():
        return None
    flat, before, after = (each[differs] for each in whole)
    return Edit(places(flat, shape), before, after)


def places(flat: NDArray[np.integer[Any]], shape: Shape) -> Indices:
    """Voxels (z, y, x) of their numbers in a label map."""
    z, y, x = np.unravel_index(flat, shape)
    return z, y, x


def _followed(
    first: tuple[NDArray[Any], ...], second: tuple[NDArray[Any], ...]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Voxels of both, as they were before the first and are after the second."""
    flat = np.union1d(first[0], second[0])
    in_first, in_second = (np.searchsorted(flat, each[0]) for each in (first, second))
    dtype = np.result_type(first[1], second[1])
    before, after = np.empty(flat.size, dtype), np.empty(flat.size, dtype)
    before[in_second], before[in_first] = second[1], first[1]
    after[in_first], after[in_second] = first[2], second[2]
    return flat, before, after
