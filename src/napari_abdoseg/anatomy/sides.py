"""Right and left of an organ that has one label for both, such as the kidneys."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.box import bounding_boxes, shifted_box
from napari_abdoseg.anatomy.measure import OrganMeasures, measure_region
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap

SMALLEST_SHARE = 0.05
"""A piece below this share of the largest one is a fragment, not a side."""

RIGHT, LEFT = 1, 2


class OnePieceError(AbdosegError):
    """An organ does not consist of a right and a left one."""


def split_sides(labels: LabelMap, organ: Organ) -> dict[str, OrganMeasures]:
    """Measure the right and the left of an organ apart.

    The two largest connected pieces are the two organs; the patient's right is
    where x is small. Every other piece counts to the side of the midline
    between them that its centroid lies on.

    Parameters
    ----------
    labels : LabelMap
        Label values of shape (z, y, x).
    organ : Organ

    Returns
    -------
    dict of str to OrganMeasures
        For kidney: ``"right kidney"`` and ``"left kidney"``, in this order.

    Raises
    ------
    OnePieceError
        There is one such organ or none, or the two are joined (a horseshoe
        kidney, or masks that touch).
    """
    box = bounding_boxes(labels).get(organ)
    if box is None:
        raise OnePieceError(f"There is no {organ.name} in the labels: nothing to split.")
    pieces, count = ndimage.label(labels.data[box.slices] == organ.value, np.ones((3, 3, 3)))
    centres = np.array(ndimage.center_of_mass(pieces > 0, pieces, range(1, count + 1)))[:, 2]
    right, left = _two_sides(pieces, centres, organ)
    midline = (centres[right] + centres[left]) / 2
    side_of_piece = np.where(centres < midline, RIGHT, LEFT)
    sides = np.concatenate([[0], side_of_piece]).astype(np.uint8)[pieces]
    measures = {}
    for side, place in enumerate(ndimage.find_objects(sides), start=1):
        name = f"{'right' if side == RIGHT else 'left'} {organ.name}"
        measures[name] = measure_region(
            sides[place], side, shifted_box(place, box.start), labels.grid
        )
    return measures


def _two_sides(
    pieces: NDArray[np.int32], centres: NDArray[np.float64], organ: Organ
) -> tuple[int, int]:
    """Of the numbered pieces (less one) the right and the left organ, which lie side by side."""
    sizes = np.bincount(pieces.ravel())[1:]
    second, first = np.argsort(sizes)[-2:] if len(sizes) > 1 else (0, 0)
    right, left = sorted((int(first), int(second)), key=lambda piece: float(centres[piece]))
    places = ndimage.find_objects(pieces)
    if (
        sizes[second] < SMALLEST_SHARE * sizes[first]
        or centres[right] >= places[left][2].start
        or centres[left] < places[right][2].stop
    ):
        raise OnePieceError(
            f"The {organ.name} is in one piece: there is a single one, or right and left are "
            "joined. Erase the voxels that join them, then split again."
        )
    return right, left
