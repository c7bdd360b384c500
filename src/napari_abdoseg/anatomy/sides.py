"""A paired organ of one label value, split into right and left."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_abdoseg.anatomy.box import Box, bounding_boxes
from napari_abdoseg.anatomy.measure import OrganMeasures
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap

SIDES = ("right", "left")
SMALLEST_SHARE = 0.1
"""A component below this share of the largest is a fragment, no organ of its own."""


def split_sides(labels: LabelMap, organ: Organ) -> dict[str, OrganMeasures]:
    """Measure the right and the left part of an organ apart.

    The two largest connected components are the two sides, told apart by their
    place along x, which points to the patient's left; fragments count with the
    nearer of the two.

    Returns
    -------
    dict
        ``"right"`` and ``"left"``.

    Raises
    ------
    AbdosegError
        The organ is not there, or is in one piece, as a single or a horseshoe
        kidney is.
    """
    whole = bounding_boxes(labels).get(organ)
    if whole is None:
        raise AbdosegError(f"There is no {organ.name} in these labels: nothing to split.")
    parts, count = ndimage.label(labels.data[whole.slices] == organ.value, np.ones((3, 3, 3)))
    sizes = np.bincount(parts.ravel())[1:]
    largest = np.argsort(sizes)[::-1][:2] + 1
    if count < 2 or sizes[largest[1] - 1] < SMALLEST_SHARE * sizes[largest[0] - 1]:
        raise AbdosegError(
            f"The {organ.name} is in one piece: it can't be split into right and left."
        )
    centres = np.array(ndimage.center_of_mass(parts > 0, parts, range(1, count + 1)))
    right, left = sorted(largest, key=lambda part: centres[part - 1][2])
    spacing = np.array(labels.grid.spacing)
    to_right, to_left = (
        np.linalg.norm((centres - centres[part - 1]) * spacing, axis=1) for part in (right, left)
    )
    side_of_part = np.concatenate([[0], np.where(to_right <= to_left, 1, 2)])
    sides = side_of_part[parts]
    return {
        name: _measure_part(sides, number, whole, labels)
        for number, name in enumerate(SIDES, start=1)
    }


def _measure_part(
    sides: np.ndarray, number: int, whole: Box, labels: LabelMap
) -> OrganMeasures:
    inside = Box.of_slices(ndimage.find_objects(sides)[number - 1])
    z, y, x = np.add(whole.start, inside.start).tolist()
    top, back, far = np.add(whole.start, inside.stop).tolist()
    box = Box((z, y, x), (top, back, far))
    voxels = int(np.count_nonzero(sides == number))
    return OrganMeasures(
        voxels, voxels * labels.grid.voxel_volume, None, box, box.touches_edge(labels.grid)
    )
