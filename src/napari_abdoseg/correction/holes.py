"""Holes in an organ, filled."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import BACKGROUND, EditableLabels


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
    structure = ndimage.generate_binary_structure(3, 1)
    if axis is not None:
        structure = structure.copy()
        np.moveaxis(structure, axis, 0)[[0, 2]] = False
    filled = ndimage.binary_fill_holes(now == value, structure)
    return labels.edit(box, np.where(filled & (now == BACKGROUND), value, now))
