"""Organs cut along an outline that is drawn on a slice, or on the picture in 3D."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import BACKGROUND, EditableLabels
from napari_abdoseg.correction.outline import goes_around
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.image.grid import Shape

See = Callable[[NDArray[Any]], NDArray[np.float64]]
"""Gives where voxels, shape (n, 3), are seen: pixels down and to the right, and mm away."""


class Side(Enum):
    """Of an outline."""

    INSIDE = "inside"
    OUTSIDE = "outside"


TOO_FEW = "An outline has three corners at least: draw around what is to be cut."


def cut_slices(
    labels: EditableLabels,
    values: Sequence[int],
    outline: Any,
    axis: int,
    depth_mm: float,
    erased: Side = Side.INSIDE,
) -> Edit:
    """Erase organs inside or outside an outline, through slices on both sides of it.

    Parameters
    ----------
    labels : EditableLabels
    values : sequence of int
        Labels of the organs.
    outline : array_like, shape (n, 3)
        Corners in voxels (z, y, x), all in one slice.
    axis : int
        Of (z, y, x), across the slice.
    depth_mm : float
        From the first to the last slice that is cut, half of it on each side.
    erased : Side, optional

    Raises
    ------
    CorrectionError
        An organ isn't there or is locked, or there is nothing to cut on that side.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.anatomy.box import Box
    >>> from napari_abdoseg.correction.editable_labels import EditableLabels
    >>> from napari_abdoseg.correction.scissors import cut_slices
    >>> data = np.ones((5, 4, 4), np.uint8)
    >>> labels = EditableLabels(data, (2.0, 1.0, 1.0), {1: Box((0, 0, 0), (5, 4, 4))})
    >>> left = [(2, -1, -1), (2, -1, 1.5), (2, 5, 1.5), (2, 5, -1)]
    >>> cut_slices(labels, [1], left, 0, depth_mm=4.0).before.size  # 3 slices, 4 x 2 voxels
    24
    """
    corners = _corners(outline)
    labels.require_unlocked(*values)
    box = labels.around(values)
    middle = round(float(corners[0, axis]))
    reach = int(depth_mm / 2 / labels.spacing[axis])
    start, stop = list(box.start), list(box.stop)
    start[axis] = max(start[axis], middle - reach)
    stop[axis] = min(stop[axis], middle + reach + 1)
    if start[axis] >= stop[axis]:
        raise CorrectionError(
            "There is nothing of the organ in these slices: go to one that shows it, or cut deeper."
        )
    slab = Box(_shape(start), _shape(stop))
    flat = np.delete(corners - slab.start, axis, axis=1)
    inside = goes_around(flat, np.delete(np.subtract(stop, start), axis).tolist())
    now = labels.data[slab.slices]
    cut = np.isin(now, list(values)) & (np.expand_dims(inside, axis) == (erased is Side.INSIDE))
    return labels.edit(slab, np.where(cut, BACKGROUND, now))


def cut_seen(
    labels: EditableLabels,
    values: Sequence[int],
    outline: Any,
    see: See,
    depth_mm: float,
    erased: Side = Side.INSIDE,
) -> Edit:
    """Erase organs inside or outside an outline on a picture in 3D, as far as they are seen there.

    Parameters
    ----------
    labels, values, erased
        See `cut_slices`, which raises the same.
    outline : array_like, shape (n, 2)
        Corners in pixels, down and to the right.
    see : callable
        Where voxels are seen.
    depth_mm : float
        From the nearest voxel of the organs on that side of the outline.
    """
    corners = _corners(outline)
    labels.require_unlocked(*values)
    box = labels.around(values)
    now = labels.data[box.slices]
    organs = np.isin(now, list(values))
    down, right, away = see(np.argwhere(organs) + box.start).T
    low = np.floor(corners.min(axis=0))
    size = (np.ceil(corners.max(axis=0)) - low).astype(int) + 1
    drawn = goes_around(corners - low, size.tolist())
    row, column = (np.rint(each - at).astype(int) for each, at in zip((down, right), low))
    near = (row >= 0) & (row < size[0]) & (column >= 0) & (column < size[1])
    inside = np.zeros(row.shape, bool)
    inside[near] = drawn[row[near], column[near]]
    chosen = inside == (erased is Side.INSIDE)
    if not chosen.any():
        raise CorrectionError(
            "There is nothing of the organ on that side of the outline: draw where it is seen."
        )
    chosen &= away <= away[chosen].min() + depth_mm
    wanted = now.copy()
    wanted[tuple(axis[chosen] for axis in np.nonzero(organs))] = BACKGROUND
    return labels.edit(box, wanted)


def _corners(outline: Any) -> NDArray[np.float64]:
    corners = np.asarray(outline, float)
    if len(corners) < 3:
        raise CorrectionError(TOO_FEW)
    return corners


def _shape(values: Sequence[int]) -> Shape:
    z, y, x = values
    return z, y, x
