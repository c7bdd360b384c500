"""Places to look at first, since the folds of an ensemble disagree there.

Along every surface of an organ some folds dissent in a thin rind, which is of no interest
and would join all places into one. It is taken away by a morphological opening: what is
left is contested in all directions.

That dissent of an ensemble's members tells where it errs: Lakshminarayanan, B., Pritzel, A.,
& Blundell, C. (2017). Simple and scalable predictive uncertainty estimation using deep
ensembles. https://arxiv.org/abs/1612.01474
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.grid import Grid, Shape
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.inference.review.disagreement import Disagreement, Votes

THINNEST_MM, THINNEST_VOXELS = 4.0, 2
"""What is thinner, in any direction, is a rind."""
MOST = 30
"""Places that a person looks at."""
FEW_FOLDS = 4
"""Below so many folds, a single one that dissents is enough."""


@dataclass(frozen=True)
class Place:
    """A connected region where folds dissent.

    Attributes
    ----------
    organ : Organ
        What the ensemble finds there, or else the folds that dissent.
    volume_ml : float
    folds : float
        Folds that dissent, in the mean over its voxels.
    voxel : tuple of int
        Where most of them do, along the (z, y, x) of the scan.
    box : Box
        On the scan's grid.
    """

    organ: Organ
    volume_ml: float
    folds: float
    voxel: Shape
    box: Box


def places_to_review(disagreement: Disagreement) -> tuple[Place, ...]:
    """Places where two folds or more dissent, of few folds one; the most contested first.

    What is contested is the volume times the share of the folds that dissent.
    """
    found = [each for votes in disagreement.votes for each in _places(votes, disagreement.grid)]
    places: list[Place] = []
    for _, place in sorted(found, key=lambda each: -each[0]):
        if not any(_holds(larger, place) for larger in places):
            places.append(place)
    return tuple(places[:MOST])


def _holds(larger: Place, place: Place) -> bool:
    """Whether a place is one that another configuration has told of."""
    return larger.organ == place.organ and larger.box.holds(place.voxel)


def _places(votes: Votes, grid: Grid) -> list[tuple[float, Place]]:
    """The largest places of a configuration, each with its contested volume in ml."""
    dissenting, at_stake = votes.dissenting.numpy(), votes.at_stake.numpy()
    contested = dissenting >= (2 if votes.folds >= FEW_FOLDS else 1)
    regions, count = ndimage.label(without_rinds(contested, votes.spacing))
    inside = np.flatnonzero(regions)
    weights = np.bincount(regions.ravel()[inside], dissenting.ravel()[inside], count + 1)
    boxes = ndimage.find_objects(regions)
    voxel_ml = votes.voxel_volume * grid.volume_share
    places = []
    for number in np.argsort(-weights, kind="stable")[:MOST]:
        if weights[number]:
            box = boxes[number - 1]
            mask = regions[box] == number
            place = _place(votes, box, mask, dissenting[box], at_stake[box], grid)
            places.append((float(weights[number]) / votes.folds * voxel_ml, place))
    return places


def _place(
    votes: Votes,
    box: tuple[slice, ...],
    mask: NDArray[np.bool_],
    dissenting: NDArray[np.uint8],
    at_stake: NDArray[Any],
    grid: Grid,
) -> Place:
    voxels, weights = np.argwhere(mask), dissenting[mask]
    centre = np.average(voxels, axis=0, weights=weights)
    most = voxels[weights == weights.max()]
    distances = np.linalg.norm((most - centre) * votes.spacing, axis=1)
    nearest = most[distances.argmin()] + [part.start for part in box]
    there = votes.box_on_scan([slice(at, at + 1) for at in nearest], grid)
    z, y, x = ((start + stop - 1) // 2 for start, stop in zip(there.start, there.stop, strict=True))
    return Place(
        votes.organ(int(np.bincount(at_stake[mask], weights).argmax())),
        len(voxels) * votes.voxel_volume * grid.volume_share,
        float(weights.mean()),
        (z, y, x),
        votes.box_on_scan(box, grid),
    )


def without_rinds(mask: NDArray[np.bool_], spacing: Sequence[float]) -> NDArray[np.bool_]:
    """What of a mask is `THINNEST_MM` thick, and two voxels, in all directions.

    Parameters
    ----------
    mask : ndarray of bool, shape (z, y, x)
    spacing : sequence of float
        mm along (z, y, x).
    """
    sizes = [max(THINNEST_VOXELS, round(THINNEST_MM / step)) for step in spacing]
    for axis, size in enumerate(sizes):
        mask = np.moveaxis(_eroded(np.moveaxis(mask, axis, 0), size), 0, axis)
    for axis, size in enumerate(sizes):
        mask = np.moveaxis(_dilated(np.moveaxis(mask, axis, 0), size), 0, axis)
    return mask


def _eroded(mask: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """Where a mask goes on for ``size`` voxels along the first axis."""
    eroded = mask.copy()
    for step in range(1, size):
        eroded[:-step] &= mask[step:]
    eroded[-(size - 1) :] = False
    return eroded


def _dilated(mask: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """The way back: each voxel and those after it."""
    dilated = mask.copy()
    for step in range(1, size):
        dilated[step:] |= mask[:-step]
    return dilated
