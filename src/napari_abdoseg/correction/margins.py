"""Organs that grow, shrink or become hollow by millimetres."""

from __future__ import annotations

import numpy as np

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import BACKGROUND, EditableLabels
from napari_abdoseg.correction.packed_mask import grown


def grow(labels: EditableLabels, value: int, mm: float) -> Edit:
    """Let an organ grow into the background, as far as its nearest voxel is near enough.

    Parameters
    ----------
    labels : EditableLabels
    value : int
        Label of the organ.
    mm : float
        From the middle of the nearest of its voxels to that of a voxel.

    Raises
    ------
    CorrectionError
        The organ isn't there, or is locked; so it is of all in this module.

    Examples
    --------
    >>> from napari_abdoseg import make_phantom
    >>> from napari_abdoseg.correction.editable_labels import EditableLabels
    >>> from napari_abdoseg.correction.margins import grow, shrink
    >>> labels = EditableLabels.of(make_phantom(1, (12.0, 10.0, 10.0))[1])
    >>> grow(labels, 4, 10.0).before.size > grow(labels, 4, 5.0).before.size
    True
    """
    labels.require_unlocked(value)
    box = labels.around([value], mm)
    now = labels.data[box.slices]
    reached = grown(now == value, mm, labels.spacing)
    return labels.edit(box, np.where(reached & (now == BACKGROUND), value, now))


def shrink(labels: EditableLabels, value: int, mm: float) -> Edit:
    """Take from an organ what is no farther than so many mm from anything else in the scan."""
    labels.require_unlocked(value)
    box = labels.around([value], max(labels.spacing))  # with what is around it
    now = labels.data[box.slices]
    organ = now == value
    taken = organ & grown(~organ, mm, labels.spacing)
    return labels.edit(box, np.where(taken, BACKGROUND, now))


def hollow(labels: EditableLabels, value: int, mm: float) -> Edit:
    """Leave of an organ a wall that is so many mm thick."""
    labels.require_unlocked(value)
    box = labels.around([value], max(labels.spacing))
    now = labels.data[box.slices]
    organ = now == value
    inside = organ & ~grown(~organ, mm, labels.spacing)
    return labels.edit(box, np.where(inside, BACKGROUND, now))
