"""A part of a stroke that may not stay, which is put back in the voxels.

napari tells of a stroke when it is done, but of a polygon just before it paints that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.tally import Edit


@dataclass(frozen=True, eq=False)
class HeldBack:
    """A stroke, and what of each of its edits may stay.

    Parameters
    ----------
    data : array
        The voxels.
    edits, left : list of Edit
    """

    data: Any
    edits: list[Edit]
    left: list[Edit]

    @property
    def is_painted(self) -> bool:
        """Whether the last edit is in the voxels, each of which then has another label."""
        last = self.edits[-1]
        return not np.array_equal(self._region[self._inside(last)], last.before)

    def put_back(self) -> None:
        """Give the voxels of the stroke the labels that they have without what may not stay."""
        region = self._region
        for edit in reversed(self.edits):
            region[self._inside(edit)] = edit.before
        for edit in self.left:
            region[self._inside(edit)] = edit.after
        self.data[self._box] = region

    @cached_property
    def _box(self) -> tuple[slice, ...]:
        """The voxels of all edits are in it; slices mean the same for each kind of array."""
        axes = zip(*(edit.where for edit in self.edits), strict=True)
        return tuple(
            slice(min(axis.min() for axis in one), max(axis.max() for axis in one) + 1)
            for one in axes
        )

    @property
    def _region(self) -> NDArray[Any]:
        return np.asarray(self.data[self._box])

    def _inside(self, edit: Edit) -> tuple[NDArray[np.intp], ...]:
        return tuple(axis - side.start for axis, side in zip(edit.where, self._box, strict=True))
