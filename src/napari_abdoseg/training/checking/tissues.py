"""What lies under each organ's label: air, fat, fluid, soft tissue or bone.

A label tells of its image, so that an image that is mirrored against its label has other
tissues under it. They are measured as the image is, and mirrored in all ways.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.image.volume import Volume
from napari_abdoseg.training.checking.facts import Tissues

BORDERS_HU = (-200.0, -30.0, 20.0, 300.0)
"""Between air, fat, fluid, soft tissue with or without contrast, and bone."""
MIRRORINGS = tuple(
    tuple(axis for axis, flipped in enumerate(flips) if flipped)
    for flips in product((False, True), repeat=3)
)
"""Axes of (z, y, x) that are flipped; the first leaves all as it is."""
MOST_VOXELS = 20_000
"""Of an organ that are looked at."""


def measure_tissues(scan: Volume, labels: NDArray[Any]) -> dict[int, Tissues]:
    """Shares of tissues under each label.

    Parameters
    ----------
    scan : Volume
        Hounsfield units.
    labels : ndarray, shape (z, y, x)
        Label values, laid on the scan voxel by voxel.

    Returns
    -------
    dict of int to tuple
        For each value the shares of tissues as the image is, and for each of the other
        `MIRRORINGS`.
    """
    boxes = enumerate(ndimage.find_objects(labels), start=1)
    return {value: _measure(scan, labels, value, box) for value, box in boxes if box}


def _measure(scan: Volume, labels: NDArray[Any], value: int, box: tuple[slice, ...]) -> Tissues:
    places = np.argwhere(labels[box] == value)
    places = places[:: 1 + len(places) // MOST_VOXELS] + [part.start for part in box]
    last = np.array(scan.data.shape) - 1
    return tuple(
        _shares(scan.data[tuple(np.where(np.isin(range(3), axes), last - places, places).T)])
        for axes in MIRRORINGS
    )


def _shares(hu: NDArray[Any]) -> tuple[float, ...]:
    counts = np.bincount(np.digitize(hu, BORDERS_HU), minlength=len(BORDERS_HU) + 1)
    return tuple((counts / counts.sum()).tolist())
