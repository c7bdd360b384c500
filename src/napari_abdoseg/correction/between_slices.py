"""Organs filled in between slices that a user has drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import BACKGROUND, EditableLabels
from napari_abdoseg.errors import CorrectionError


def fill_between(
    labels: EditableLabels, values: Sequence[int], axis: int, seeds: Sequence[int]
) -> Edit:
    """Fill organs in between slices, by their shapes in these.

    From one seed to the next the signed distance to an organ's outline goes over linearly
    (S. P. Raya and J. K. Udupa, Shape-based interpolation of multidimensional objects, IEEE
    Transactions on Medical Imaging 9, 1990). Organs are filled in together: the voxels of all of
    them are those of their union, and each belongs to the organ that it is deepest in. An organ
    that only one of two neighbouring seeds shows stays in between as it is, and so do all organs
    that were not asked for.

    Parameters
    ----------
    labels : EditableLabels
    values : sequence of int
        Labels of the organs.
    axis : int
        Of (z, y, x), across the slices.
    seeds : sequence of int
        Numbers of slices that are right, in any order.

    Raises
    ------
    CorrectionError
        There are less than two seeds, or no organ is in two that follow each other; or an
        organ is locked.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.anatomy.box import Box
    >>> from napari_abdoseg.correction.between_slices import fill_between
    >>> from napari_abdoseg.correction.editable_labels import EditableLabels
    >>> data = np.zeros((3, 5, 5), np.uint8)
    >>> data[[0, 2], 1:4, 1:4] = 1
    >>> labels = EditableLabels(data, (1.0, 1.0, 1.0), {1: Box((0, 0, 0), (3, 5, 5))})
    >>> fill_between(labels, [1], axis=0, seeds=[0, 2]).after.size
    9
    """
    labels.require_unlocked(*values)
    ordered = sorted(set(seeds))
    box = _between(labels, values, axis, ordered)
    part = np.moveaxis(labels.data[box.slices], axis, 0)
    spacing = [step for each, step in enumerate(labels.spacing) if each != axis]
    wanted, filled = part.copy(), False
    for first, last in pairwise(seed - box.start[axis] for seed in ordered):
        shared = [each for each in values if each in part[first] and each in part[last]]
        outlines = _Outlines.of(part[first], part[last], shared, spacing)
        filled |= bool(shared)
        for number in range(first + 1, last):
            share = (number - first) / (last - first)
            outlines.fill(wanted[number], share)
    if not filled:
        raise CorrectionError(
            "No organ is in two slices that follow each other among those painted: paint it in "
            "two slices at least, and fill between them."
        )
    return labels.edit(box, np.moveaxis(wanted, 0, axis))


def _between(labels: EditableLabels, values: Sequence[int], axis: int, seeds: Sequence[int]) -> Box:
    """The box of the organs, from the first seed to the last."""
    size = labels.data.shape[axis]
    if len(seeds) < 2 or not 0 <= seeds[0] <= seeds[-1] < size:
        raise CorrectionError(
            "Organs are filled in between two painted slices at least: paint another one."
        )
    box = labels.around(values)
    start, stop = list(box.start), list(box.stop)
    start[axis], stop[axis] = seeds[0], seeds[-1] + 1
    return labels.within(Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2])))


@dataclass(frozen=True, eq=False)
class _Outlines:
    """Signed distances to organs, and to all of them together, in two slices.

    What lies in the one and in the other is in between too, also at a border that moves.
    """

    values: Sequence[int]
    before: NDArray[np.float32]
    after: NDArray[np.float32]

    @classmethod
    def of(
        cls,
        before: NDArray[Any],
        after: NDArray[Any],
        values: Sequence[int],
        spacing: Sequence[float],
    ) -> Self:
        def distances(slice_: NDArray[Any]) -> NDArray[np.float32]:
            each = [_signed_distance(slice_ == value, spacing) for value in values]
            if len(each) == 1:
                return np.stack([*each, *each])
            return np.stack([_signed_distance(np.isin(slice_, values), spacing), *each])

        return cls(values, distances(before), distances(after))

    def fill(self, slice_: NDArray[Any], share: float) -> None:
        """Give a slice in between its organs; ``share`` is 0 before and 1 after."""
        if not self.values:
            return
        together, *each = (1 - share) * self.before + share * self.after
        deepest = np.asarray(self.values, slice_.dtype)[np.argmax(each, axis=0)]
        free = np.isin(slice_, [BACKGROUND, *self.values])
        slice_[free] = np.where(together > 0, deepest, BACKGROUND)[free]


def _signed_distance(mask: NDArray[np.bool_], spacing: Sequence[float]) -> NDArray[np.float32]:
    """mm to the outline of a mask, which goes half way between voxels; positive inside."""
    wide = np.pad(mask, 1)
    inside: Any = ndimage.distance_transform_edt(wide, sampling=spacing)
    outside: Any = ndimage.distance_transform_edt(~wide, sampling=spacing)
    return np.asarray(inside - outside, np.float32)[1:-1, 1:-1]
