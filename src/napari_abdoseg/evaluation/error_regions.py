"""Where a label map differs from its reference: connected regions, the worst first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from napari_abdoseg.anatomy.box import Box, shifted_box
from napari_abdoseg.evaluation.organ_masks import organ_boxes
from napari_abdoseg.image.grid import Lattice, Shape, in_mm, voxel_volume_mm3
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap

CUBIC_MM_IN_ML = 1000
CUBE = 4
"""Voxels along an axis whose depth is estimated by one of them."""

TOUCHING = np.ones((3, 3, 3), bool)
"""Voxels that share a corner belong to one region."""


class ErrorKind(StrEnum):
    """What is wrong with a voxel."""

    FALSE_POSITIVE = "false positive"
    FALSE_NEGATIVE = "false negative"


@dataclass(frozen=True)
class ErrorRegion:
    """Connected voxels of one organ that are in one of two label maps only.

    Attributes
    ----------
    organ : Organ
    kind : ErrorKind
    volume_ml : float
    depth_mm : float
        How far its deepest voxel is from the organ in the other label map; infinite
        where the organ is not in it.
    deepest : tuple of int
        That voxel, along (z, y, x).
    box : Box
    """

    organ: Organ
    kind: ErrorKind
    volume_ml: float
    depth_mm: float
    deepest: Shape
    box: Box


def error_regions(prediction: LabelMap, reference: LabelMap) -> tuple[ErrorRegion, ...]:
    """Regions of false positive and false negative voxels of all organs, the largest first.

    Parameters
    ----------
    prediction, reference : LabelMap
        Of shape (z, y, x), on one grid; a value means the same organ in both.

    Raises
    ------
    ImageError
        The two are not on one grid.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from napari_abdoseg import make_phantom
    >>> from napari_abdoseg.evaluation.error_regions import error_regions
    >>> truth = make_phantom(1, (12.0, 10.0, 10.0))[1]
    >>> without_spleen = replace(truth, data=truth.data * (truth.data != 3))
    >>> for error in error_regions(without_spleen, truth):
    ...     print(error.organ.name, error.kind, f"{error.volume_ml:.0f} ml")
    spleen false negative 124 ml
    """
    regions: list[ErrorRegion] = []
    for organ, box in organ_boxes(prediction, reference):
        predicted, real = (
            labels.data[box.slices] == organ.value for labels in (prediction, reference)
        )
        regions += organ_errors(organ, box, predicted, real, reference.grid.lattice)
    return _largest_first(regions)


def organ_errors(
    organ: Organ,
    box: Box,
    prediction: NDArray[np.bool_],
    reference: NDArray[np.bool_],
    lattice: Lattice,
) -> tuple[ErrorRegion, ...]:
    """Regions of one organ, the largest first.

    Parameters
    ----------
    organ : Organ
    box : Box
        Holds the organ whole in both label maps.
    prediction, reference : ndarray of bool, shape (z, y, x)
        Within the box.
    lattice : Lattice
        mm from a voxel to the next along (z, y, x).
    """
    regions = _regions(organ, ErrorKind.FALSE_POSITIVE, prediction, reference, box, lattice)
    regions += _regions(organ, ErrorKind.FALSE_NEGATIVE, reference, prediction, box, lattice)
    return _largest_first(regions)


def _largest_first(regions: list[ErrorRegion]) -> tuple[ErrorRegion, ...]:
    return tuple(sorted(regions, key=lambda region: -region.volume_ml))


def _regions(
    organ: Organ,
    kind: ErrorKind,
    mask: NDArray[np.bool_],
    other: NDArray[np.bool_],
    box: Box,
    lattice: Lattice,
) -> list[ErrorRegion]:
    labels, count = ndimage.label(mask & ~other, TOUCHING)
    if not count:
        return []
    voxels = np.argwhere(labels)
    numbers = labels[tuple(voxels.T)]
    depths = _depths(voxels, numbers, other, lattice)
    sizes = np.bincount(numbers, minlength=count + 1)
    places = ndimage.find_objects(labels)
    deepest = ndimage.maximum_position(depths, numbers, range(1, count + 1))
    return [
        ErrorRegion(
            organ,
            kind,
            float(sizes[number] * voxel_volume_mm3(lattice) / CUBIC_MM_IN_ML),
            float(depths[place]),
            _voxel(voxels[place] + box.start),
            shifted_box(places[number - 1], box.start),
        )
        for number, (place,) in enumerate(deepest, start=1)
    ]


def _depths(
    voxels: NDArray[np.intp], numbers: NDArray[Any], other: NDArray[np.bool_], lattice: Lattice
) -> NDArray[np.float64]:
    """Distance in mm to the next voxel of a mask; 0 where it can't be a region's largest.

    One voxel of each cube of a region bounds the distances of all others in it: those
    cubes alone are looked at whole that may hold the deepest voxel.
    """
    border = np.argwhere(other & ~ndimage.binary_erosion(other))
    if not len(border):
        return np.full(len(voxels), inf)
    tree = cKDTree(in_mm(border, lattice), balanced_tree=False, compact_nodes=False)
    cubes = np.vstack([numbers, voxels.T // CUBE])
    cubes = np.ravel_multi_index(tuple(cubes), tuple(cubes.max(axis=1) + 1))
    _, firsts, cube = np.unique(cubes, return_index=True, return_inverse=True)
    known = tree.query(in_mm(voxels[firsts], lattice))[0]
    deepest = np.zeros(numbers.max() + 1)
    np.maximum.at(deepest, numbers[firsts], known)
    bounds = known + _cube_diagonal(lattice)
    candidates = np.flatnonzero((bounds >= deepest[numbers[firsts]])[cube])
    depths = np.zeros(len(voxels))
    depths[candidates] = tree.query(in_mm(voxels[candidates], lattice))[0]
    return depths


def _cube_diagonal(lattice: Lattice) -> float:
    """Farthest in mm that two voxels of a cube are apart."""
    corners = (CUBE - 1) * np.array(list(product((-1, 1), repeat=3)))
    return float(np.linalg.norm(in_mm(corners, lattice), axis=1).max())


def _voxel(index: NDArray[np.intp]) -> Shape:
    z, y, x = (int(place) for place in index)
    return z, y, x
