"""Places that would change, to be taken or left one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.image.grid import Triple

SMALLEST_MM3 = 100.0
"""A place below that is not worth a look of its own."""
SHAPELESS = 8
"""Nor is one of fewer voxels of the logits, two along each axis."""
MOST = 30
"""So many are looked at one by one, the largest."""


@dataclass(frozen=True, eq=False)
class Places:
    """Places that would change, and how many of them were seen.

    What others have changed since they were found is no part of them any more.

    Parameters
    ----------
    edits : tuple of Edit
        One a place, the largest first; the last may be all small ones together.
    small : int, optional
        How many that are.
    at : int, optional
        Number of the one that is looked at; as many as there are when all were seen.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.anatomy.tally import Edit
    >>> from napari_abdoseg.correction.editable_labels import EditableLabels
    >>> from napari_abdoseg.correction.hints.places import Places
    >>> labels = EditableLabels(np.zeros((1, 1, 9), np.uint8), (5.0, 5.0, 5.0), {})
    >>> def place(*columns):
    ...     at = np.array(columns)
    ...     return Edit((0 * at, 0 * at, at), np.zeros(at.size, int), np.ones(at.size, int))
    >>> places = Places.of([place(4, 5), place(0), place(8)], labels, (5.0, 5.0, 5.0))
    >>> len(places.edits), places.small
    (1, 3)
    >>> Places.of([place(4, 5), place(0)], labels, (1.0, 1.0, 1.0)).small
    0
    """

    edits: tuple[Edit, ...]
    small: int = 0
    at: int = 0

    @classmethod
    def of(cls, edits: Sequence[Edit], labels: EditableLabels, spacing: Triple) -> Self:
        """Places as `changed_mind` gives them, the small ones joined.

        Parameters
        ----------
        edits : sequence of Edit
            The largest first, no voxel in two of them.
        labels : EditableLabels
        spacing : tuple of float
            mm along (z, y, x) of the logits that they come of.
        """
        least = max(SMALLEST_MM3, SHAPELESS * prod(spacing)) / prod(labels.spacing)
        large = [edit for edit in edits[:MOST] if edit.after.size >= least]
        small = edits[len(large) :]
        return cls((*large, *([_joined(small)] if small else [])), len(small))

    @property
    def is_over(self) -> bool:
        """Whether all were seen."""
        return self.at >= len(self.edits)

    def passed(self) -> Self:
        """With the next one to be looked at."""
        return replace(self, at=min(self.at + 1, len(self.edits)))

    def ended(self) -> Self:
        """With none to be looked at any more."""
        return replace(self, at=len(self.edits))

    def ahead(self, labels: EditableLabels, by_hand: NDArray[Any]) -> tuple[Self, Edit]:
        """The first place from here on of which anything is left, and what.

        Parameters
        ----------
        labels : EditableLabels
            As they are now.
        by_hand : ndarray, shape (z, y, x)
            Voxels that aren't zero stay.

        Returns
        -------
        places : Places
            Over where there is none.
        edit : Edit
            Of no voxel then.
        """
        return self._first(range(self.at, len(self.edits)), labels, by_hand) or (
            self.ended(),
            _joined(()),
        )

    def back(self, labels: EditableLabels, by_hand: NDArray[Any]) -> tuple[Self, Edit]:
        """The last place before this of which anything is left, or else `ahead`."""
        earlier = self._first(range(self.at - 1, -1, -1), labels, by_hand)
        return earlier or self.ahead(labels, by_hand)

    def rest(self, labels: EditableLabels, by_hand: NDArray[Any]) -> tuple[Self, Edit]:
        """All that is left of the places from here on, and where that ends."""
        left = [_left(edit, labels, by_hand) for edit in self.edits[self.at :]]
        return replace(self, at=max(self.at, len(self.edits) - 1)), _joined(left)

    def left_out(self, labels: EditableLabels, by_hand: NDArray[Any]) -> int:
        """Of how many of those that were seen something is left."""
        seen = self.edits[: self.at]
        return sum(not _left(edit, labels, by_hand).is_nothing for edit in seen)

    def _first(
        self, numbers: Sequence[int], labels: EditableLabels, by_hand: NDArray[Any]
    ) -> tuple[Self, Edit] | None:
        for number in numbers:
            edit = _left(self.edits[number], labels, by_hand)
            if not edit.is_nothing:
                return replace(self, at=number), edit
        return None


def _left(edit: Edit, labels: EditableLabels, by_hand: NDArray[Any]) -> Edit:
    """What of an edit still begins with what is there, is no person's and not locked."""
    free = (labels.data[edit.where] == edit.before) & (by_hand[edit.where] == 0)
    z, y, x = (axis[free] for axis in edit.where)
    return labels.edit_at((z, y, x), edit.after[free])


def _joined(edits: Sequence[Edit]) -> Edit:
    none = np.zeros(0, np.intp)
    if not edits:
        return Edit((none, none, none), none, none)
    z, y, x = (np.concatenate([edit.where[axis] for edit in edits]) for axis in range(3))
    before, after = (
        np.concatenate(values)
        for values in ([edit.before for edit in edits], [edit.after for edit in edits])
    )
    return Edit((z, y, x), before, after)
