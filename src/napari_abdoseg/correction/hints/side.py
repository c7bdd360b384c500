"""The right or the left of an organ that has one label for both."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.sides import SMALLEST_SHARE
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.image.organ import capitalized

STEP_MM = 3.0
"""Between the voxels that are looked at."""


def side_of(labels: EditableLabels, value: int, place: Shape) -> Box:
    """The half of the scan, from the middle between both organs, that a place is in.

    Parameters
    ----------
    labels : EditableLabels
    value : int
        Label of the organ.
    place : tuple of int
        A voxel (z, y, x).

    Raises
    ------
    CorrectionError
        The organ isn't there, or in one piece.
    """
    box = labels.around([value])
    steps = tuple(slice(None, None, max(1, int(STEP_MM / step))) for step in labels.spacing)
    parts, count = ndimage.label(labels.data[box.slices][steps] == value, np.ones((3, 3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    order = np.argsort(-sizes, kind="stable")
    if count < 2 or sizes[order[1]] < SMALLEST_SHARE * sizes[order[0]]:
        raise CorrectionError(
            f"{capitalized(labels.the(value))} is in one piece: there are no sides to choose."
        )
    centres = ndimage.center_of_mass(parts > 0, parts, (order[:2] + 1).tolist())
    along_x = steps[2].step
    middle = box.start[2] + round(along_x * sum(centre[2] for centre in centres) / 2)
    depth, height, width = labels.data.shape
    if place[2] < middle:
        return Box((0, 0, 0), (depth, height, middle))
    return Box((0, 0, middle), (depth, height, width))
