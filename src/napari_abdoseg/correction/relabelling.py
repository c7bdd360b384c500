"""Organs swapped, merged, or copied from another slice or another label map."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import BACKGROUND, EditableLabels
from napari_abdoseg.errors import CorrectionError


def swap(labels: EditableLabels, first: int, second: int) -> Edit:
    """Give each of two organs the other's voxels.

    Raises
    ------
    CorrectionError
        One of them isn't there, or is locked; so it is of all in this module.
    """
    labels.require_unlocked(first, second)
    box = labels.around([first, second])
    now = labels.data[box.slices]
    wanted = np.where(now == first, second, np.where(now == second, first, now))
    return labels.edit(box, wanted)


def merge(labels: EditableLabels, value: int, into: int) -> Edit:
    """Give all of an organ to another."""
    labels.require_unlocked(value, into)
    box = labels.around([value])
    now = labels.data[box.slices]
    return labels.edit(box, np.where(now == value, into, now))


def copy_slice(labels: EditableLabels, value: int, axis: int, source: int, target: int) -> Edit:
    """Let an organ have in one slice the voxels that it has in another.

    Parameters
    ----------
    labels : EditableLabels
    value : int
        Label of the organ.
    axis : int
        Of (z, y, x), across the slices.
    source, target : int
        Numbers of the slices. Other organs in the target stay.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.anatomy.box import Box
    >>> from napari_abdoseg.correction.editable_labels import EditableLabels
    >>> from napari_abdoseg.correction.relabelling import copy_slice
    >>> data = np.zeros((2, 4, 4), np.uint8)
    >>> data[0, 1:3, 1:3] = 1
    >>> labels = EditableLabels(data, (5.0, 1.0, 1.0), {1: Box((0, 1, 1), (1, 3, 3))})
    >>> copy_slice(labels, 1, axis=0, source=0, target=1).after.size
    4
    """
    labels.require_unlocked(value)
    here = np.moveaxis(labels.data, axis, 0)
    if not all(0 <= number < len(here) for number in (source, target)):
        raise CorrectionError("There is no slice there: go to one within the scan.")
    if not (here[source] == value).any():
        raise CorrectionError(
            f"There is no {labels.name_of(value)} in slice {source}: go to a slice that shows it."
        )
    start, stop = [0, 0, 0], list(labels.data.shape)
    start[axis], stop[axis] = target, target + 1
    box = Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))
    wanted = _with_organ(here[target], here[source] == value, value)
    return labels.edit(box, np.expand_dims(wanted, axis))


def copy_organ(
    labels: EditableLabels, value: int, source: EditableLabels, value_there: int
) -> Edit:
    """Let an organ be where it is in another label map; other organs stay.

    Parameters
    ----------
    labels : EditableLabels
    value : int
        Label of the organ, which need not be there yet.
    source : EditableLabels
        On the same grid.
    value_there : int
        Label of the organ in it.
    """
    labels.require_unlocked(value)
    if source.data.shape != labels.data.shape:
        raise CorrectionError(
            "The two label maps are on different grids: choose one of the same scan."
        )
    box = source.around([value_there])
    if value in labels.boxes:
        box = box.union(labels.boxes[value])
    mask = source.data[box.slices] == value_there
    return labels.edit(box, _with_organ(labels.data[box.slices], mask, value))


def _with_organ(now: NDArray[Any], mask: NDArray[np.bool_], value: int) -> NDArray[Any]:
    """Labels whose organ is where a mask is, as far as no other organ is there."""
    kept = np.where(now == value, BACKGROUND, now)
    return np.where(mask & (kept == BACKGROUND), value, kept)
