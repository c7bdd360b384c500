"""Organs filled in between slices that a user has drawn."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import BACKGROUND, EditableLabels
from napari_abdoseg.errors import CorrectionError

_FAR = np.int32(1 << 20)


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
    numbers = np.subtract(ordered, ordered[0])
    outlines = _Outlines(part[numbers], np.delete(labels.spacing, axis))
    gaps = _gaps_by_organs(outlines, values)
    if not gaps:
        raise CorrectionError(
            "No organ is in two slices that follow each other among those painted: paint it in "
            "two slices at least, and fill between them."
        )
    wanted = part.copy()
    for organs, gap in gaps.items():
        _fill(wanted, numbers, outlines, organs, np.array(gap))
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


def _gaps_by_organs(outlines: _Outlines, values: Sequence[int]) -> dict[tuple[int, ...], list[int]]:
    """Numbers of seeds that are the first of two, by the organs that both of them show."""
    shown = {value: outlines.shows(value) for value in values}
    found: dict[tuple[int, ...], list[int]] = {}
    for number in range(outlines.count - 1):
        shared = tuple(each for each in values if shown[each][number : number + 2].all())
        if shared:
            found.setdefault(shared, []).append(number)
    return found


def _fill(
    labels: NDArray[Any],
    numbers: NDArray[np.intp],
    outlines: _Outlines,
    organs: tuple[int, ...],
    gaps: NDArray[np.intp],
) -> None:
    """Give slices in gaps between seeds their organs.

    What is alike in both seeds is so in between: distances decide about the rest alone.
    """
    alike, other = outlines.only(organs, gaps), outlines.only(organs, gaps + 1)
    gap, y, x = np.unravel_index(np.flatnonzero(alike != other), alike.shape)

    def depths(*values: int) -> NDArray[np.float32]:
        """mm inside the outline of organs taken as one, by seed (2) and undecided voxel."""
        return np.stack([outlines.depths(values, gaps[gap] + each, y, x) for each in (0, 1)])

    together = depths(*organs)
    apart = [together] if len(organs) == 1 else [depths(value) for value in organs]
    ends = np.searchsorted(gap, np.arange(len(gaps) + 1))
    for number, here in enumerate(slice(*each) for each in pairwise(ends)):
        first, last = numbers[gaps[number]], numbers[gaps[number] + 1]
        between = labels[first + 1 : last]
        deepest = np.argmax([_in_between(each[:, here], len(between)) for each in apart], axis=0)
        is_inside = _in_between(together[:, here], len(between)) > 0
        wanted = np.repeat(alike[number][np.newaxis], len(between), axis=0)
        wanted[:, y[here], x[here]] = np.where(
            is_inside, np.asarray(organs, labels.dtype)[deepest], BACKGROUND
        )
        np.copyto(between, wanted, where=_is_any(between, (BACKGROUND, *organs)))


def _in_between(depths: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Depths in slices between two seeds, by slice and voxel, from those in both."""
    share = np.arange(1, count + 1)[:, np.newaxis] / (count + 1)
    return np.asarray(np.float32(1 - share) * depths[0] + np.float32(share) * depths[1])


def _is_any(labels: NDArray[Any], values: Sequence[int]) -> NDArray[np.bool_]:
    """As `numpy.isin`, which is slower for few values."""
    found: NDArray[np.bool_] = np.equal(labels, values[0])
    for value in values[1:]:
        found |= np.equal(labels, value)
    return found


class _Outlines:
    """The outlines of organs in slices, half way between voxels; beyond them there is nothing.

    Parameters
    ----------
    slices : ndarray, shape (n, y, x)
        Label values.
    spacing : ndarray, shape (2,)
        mm along y and x.
    """

    def __init__(self, slices: NDArray[Any], spacing: NDArray[np.float64]) -> None:
        self._slices = slices
        self._spacing = spacing
        self._shapes: dict[tuple[int, ...], _Shapes] = {}

    @property
    def count(self) -> int:
        """How many slices there are."""
        return len(self._slices)

    def shows(self, value: int) -> NDArray[np.bool_]:
        """Whether an organ is in each slice."""
        found: NDArray[np.bool_] = (self._slices == value).any(axis=(1, 2))
        return found

    def only(self, values: Sequence[int], numbers: NDArray[np.intp]) -> NDArray[Any]:
        """Some of the slices with these labels and no others."""
        slices = self._slices[numbers]
        return np.where(_is_any(slices, values), slices, BACKGROUND)

    def depths(
        self,
        values: tuple[int, ...],
        number: NDArray[np.intp],
        y: NDArray[np.intp],
        x: NDArray[np.intp],
    ) -> NDArray[np.float32]:
        """mm from voxels to the outline of organs that are taken as one; positive inside."""
        if values not in self._shapes:
            self._shapes[values] = _Shapes(_is_any(self._slices, values), self._spacing)
        return self._shapes[values].depths(number, y, x)


class _Shapes:
    """Masks of slices, with steps from each voxel to the other side of the outline in its column.

    The nearest one of all columns is found as in A. Meijster, J. B. T. M. Roerdink and W. H.
    Hesselink, A general algorithm for computing distance transforms in linear time (2000), but
    for some voxels alone, and in no column farther than what was found already.

    Parameters
    ----------
    masks : ndarray of bool, shape (n, y, x)
    spacing : ndarray, shape (2,)
        mm along y and x.
    """

    def __init__(self, masks: NDArray[np.bool_], spacing: NDArray[np.float64]) -> None:
        self._down, self._across = spacing
        rows = np.pad(np.moveaxis(masks, 1, 0), ((1, 1), (0, 0), (1, 1)))
        steps = np.full(rows.shape, _FAR, np.int32)
        for here, before in pairwise(range(len(rows))[::-1]):
            steps[before] = np.where(rows[before] != rows[here], 1, steps[here] + 1)
        for before, here in pairwise(range(len(rows))):
            nearer = np.where(rows[before] != rows[here], 1, steps[before] + 1)
            np.minimum(steps[here], nearer, out=steps[here])
        self._steps = np.where(rows, steps, -steps)

    def depths(
        self, number: NDArray[np.intp], y: NDArray[np.intp], x: NDArray[np.intp]
    ) -> NDArray[np.float32]:
        """mm from voxels to the next one on the other side of the outline; positive inside."""
        _, slices, width = self._steps.shape
        row, column = ((y + 1) * slices + number) * width, x + 1
        steps = self._steps.take(row + column)
        side, squares = np.sign(steps), np.square(steps * self._down)
        farther = np.arange(len(y))
        for away in range(1, width):
            square = (away * self._across) ** 2
            farther = farther[squares[farther] > square]
            if not farther.size:
                break
            for beside in (column[farther] - away, column[farther] + away):
                there = self._steps.take(row[farther] + np.clip(beside, 0, width - 1))
                down = np.maximum(side[farther] * there, 0) * self._down
                squares[farther] = np.minimum(squares[farther], square + down * down)
        return np.asarray(side * np.sqrt(squares), np.float32)
