"""Organs filled in between slices that a user has drawn."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

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
    spacing = np.array([step for each, step in enumerate(labels.spacing) if each != axis])
    wanted = part.copy()
    outlines = [_Outlines(part[seed - box.start[axis]], spacing) for seed in ordered]
    filled = [
        _fill(wanted[first + 1 - ordered[0] : last - ordered[0]], before, after, values)
        for (first, before), (last, after) in pairwise(zip(ordered, outlines, strict=True))
    ]
    if not any(filled):
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


def _fill(
    between: NDArray[Any], before: _Outlines, after: _Outlines, values: Sequence[int]
) -> bool:
    """Give slices between two seeds their organs, if both seeds show one of ``values``.

    What is alike in both seeds is so in between: distances decide about the rest alone.
    """
    shared = [each for each in values if before.shows(each) and after.shows(each)]
    if not shared:
        return False
    alike, other = before.only(shared), after.only(shared)
    undecided = _voxels(alike != other)
    share = np.arange(1, len(between) + 1)[:, np.newaxis] / (len(between) + 1)

    def depths(*organs: int) -> NDArray[np.float32]:
        """mm inside the outline of organs that are taken as one, by slice and undecided voxel."""
        return np.float32(1 - share) * before.depths(organs, undecided) + (
            np.float32(share) * after.depths(organs, undecided)
        )

    deepest: Any = shared[0]
    if len(shared) > 1:
        each = np.argmax([depths(value) for value in shared], axis=0)
        deepest = np.asarray(shared, between.dtype)[each]
    wanted = np.repeat(alike[np.newaxis], len(between), axis=0)
    wanted[:, undecided[:, 0], undecided[:, 1]] = np.where(depths(*shared) > 0, deepest, BACKGROUND)
    np.copyto(between, wanted, where=_is_any(between, (BACKGROUND, *shared)))
    return True


def _is_any(labels: NDArray[Any], values: Sequence[int]) -> NDArray[np.bool_]:
    """As `numpy.isin`, which is slower for few values."""
    found: NDArray[np.bool_] = np.equal(labels, values[0])
    for value in values[1:]:
        found |= np.equal(labels, value)
    return found


def _voxels(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """As `numpy.argwhere`, which is slower for few voxels."""
    return np.stack(np.unravel_index(np.flatnonzero(mask), mask.shape), axis=1)


class _Outlines:
    """The outlines of organs in a slice.

    Parameters
    ----------
    slice_ : ndarray, two axes
        Label values.
    spacing : ndarray, shape (2,)
        mm along both.
    """

    def __init__(self, slice_: NDArray[Any], spacing: NDArray[np.float64]) -> None:
        self._slice = slice_
        self._spacing = spacing
        self._shapes: dict[tuple[int, ...], _Shape] = {}

    def shows(self, value: int) -> bool:
        """Whether an organ is in the slice."""
        return bool((self._slice == value).any())

    def only(self, values: Sequence[int]) -> NDArray[Any]:
        """The slice with these labels and no others."""
        return np.where(_is_any(self._slice, values), self._slice, BACKGROUND)

    def depths(self, values: tuple[int, ...], voxels: NDArray[np.intp]) -> NDArray[np.float32]:
        """mm from voxels to the outline of organs that are taken as one; positive inside."""
        if values not in self._shapes:
            self._shapes[values] = _Shape(_is_any(self._slice, values), self._spacing)
        return self._shapes[values].depths(voxels)


class _Shape:
    """A mask of a slice whose outline goes half way between voxels; beyond it there is nothing.

    Parameters
    ----------
    mask : ndarray of bool, two axes
        Not empty.
    spacing : ndarray, shape (2,)
        mm along both axes.
    """

    def __init__(self, mask: NDArray[np.bool_], spacing: NDArray[np.float64]) -> None:
        self._mask = mask
        wide = np.pad(mask, 1)
        touching = np.zeros_like(wide)
        down, across = wide[1:] != wide[:-1], wide[:, 1:] != wide[:, :-1]
        touching[1:] |= down
        touching[:-1] |= down
        touching[:, 1:] |= across
        touching[:, :-1] |= across
        self._inside = _Nearest(_voxels(touching & wide) - 1, spacing)
        self._outside = _Nearest(_voxels(touching & ~wide) - 1, spacing)

    def depths(self, voxels: NDArray[np.intp]) -> NDArray[np.float32]:
        """mm from voxels to the next one on the other side of the outline; positive inside."""
        is_inside = self._mask[voxels[:, 0], voxels[:, 1]]
        depths = np.empty(len(voxels), np.float32)
        depths[is_inside] = self._outside.distances(voxels[is_inside])
        depths[~is_inside] = -self._inside.distances(voxels[~is_inside])
        return depths


class _Nearest:
    """Finds the next one of some voxels of a slice."""

    def __init__(self, voxels: NDArray[np.intp], spacing: NDArray[np.float64]) -> None:
        self._voxels = voxels
        self._spacing = spacing
        self._tree = cKDTree(voxels * spacing)

    def distances(self, others: NDArray[np.intp]) -> NDArray[np.float64]:
        """mm from each of other voxels, taken from whole steps so that all are rounded alike."""
        if not len(others):
            return np.empty(0)
        _, nearest = self._tree.query(others * self._spacing)
        y, x = ((self._voxels[nearest] - others) * self._spacing).T
        return np.asarray(np.sqrt(y * y + x * x))
