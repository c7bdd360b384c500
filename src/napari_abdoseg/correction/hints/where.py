"""Where a hint may change an organ."""

from __future__ import annotations

from enum import Enum

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.hints.side import side_of
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.image.grid import Shape

SLAB_MM = 10.0
"""On both sides of a slice."""


class Where(Enum):
    """What of an organ a hint is about."""

    ALL = "all of it"
    SIDE = "this side"
    SLAB = "slab"
    VIEW = "in view"


def box_of(
    where: Where,
    labels: EditableLabels,
    value: int,
    place: Shape,
    axis: int | None,
    view: Box | None,
) -> Box | None:
    """The box in which a hint may change something; None for everywhere.

    Parameters
    ----------
    where : Where
    labels : EditableLabels
    value : int
        Label of the organ.
    place : tuple of int
        Voxel (z, y, x) that was clicked.
    axis : int or None
        Of (z, y, x), across the slice that was clicked; None in 3D.
    view : Box or None
        What that slice's picture shows, through all slices.

    Raises
    ------
    CorrectionError
        The organ has no sides, or no slice was clicked.
    """
    if where is Where.ALL:
        return None
    if where is Where.SIDE:
        return side_of(labels, value, place)
    if axis is None or view is None:
        raise CorrectionError("A slab, or what is in view, is that of a slice: click in a slice.")
    if where is Where.VIEW:
        return labels.within(view)
    far = round(SLAB_MM / labels.spacing[axis])
    start, stop = [0, 0, 0], list(labels.data.shape)
    start[axis], stop[axis] = place[axis] - far, place[axis] + far + 1
    return labels.within(Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2])))
