"""Holes in an organ, filled."""

from __future__ import annotations

import numpy as np

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import BACKGROUND, EditableLabels
from napari_abdoseg.correction.runs import Runs


def fill_holes(labels: EditableLabels, value: int, axis: int | None = None) -> Edit:
    """Fill what an organ encloses.

    Other organs in a hole, such as a tumour or a vessel, stay; what lies between them and the
    organ is filled.

    Parameters
    ----------
    labels : EditableLabels
    value : int
        Label of the organ.
    axis : int, optional
        Of (z, y, x): holes in the slices across it, each by itself. By default only what is
        enclosed in 3D.

    Raises
    ------
    CorrectionError
        The organ isn't there, or is locked.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.anatomy.box import Box
    >>> from napari_abdoseg.correction.editable_labels import EditableLabels
    >>> from napari_abdoseg.correction.holes import fill_holes
    >>> shell = np.ones((3, 3, 3), np.uint8)
    >>> shell[1, 1, 1] = 0
    >>> labels = EditableLabels(shell, (1.0, 1.0, 1.0), {1: Box((0, 0, 0), (3, 3, 3))})
    >>> fill_holes(labels, 1).after
    array([1], dtype=uint8)
    """
    labels.require_unlocked(value)
    box = labels.around([value])
    now = labels.data[box.slices]
    runs = Runs.of(np.moveaxis(now != value, axis or 0, 0))
    in_3d = axis is None
    parts = runs.parts(across_slices=in_3d)
    is_open = np.zeros(runs.rows.size, bool)
    is_open[parts[runs.at_end(across_slices=in_3d)]] = True
    across, *along = runs.where(~is_open[parts])
    along.insert(axis or 0, across)
    z, y, x = along
    free = now[z, y, x] == BACKGROUND
    z, y, x = (index[free] + first for index, first in zip((z, y, x), box.start, strict=True))
    return labels.edit_at((z, y, x), value)
