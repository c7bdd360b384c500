"""The region by the expected place of the duct among pancreas and veins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.bile_duct.expected_place import (
    FIRST_MM,
    FLIPS,
    PLACE_MM,
    PLACES,
    ExpectedPlace,
    Points,
    Scores,
    landmark_points,
)
from napari_abdoseg.anatomy.bile_duct.landmarks import (
    DUODENUM,
    GALLBLADDER,
    LIVER,
    PANCREAS,
    VEINS,
    Landmarks,
    Mask,
    head_of_pancreas,
)
from napari_abdoseg.anatomy.bile_duct.problem import NAME, TURNED, RegionNotFoundError
from napari_abdoseg.image.grid import Triple

COARSE_MM = 3.0
"""Spacing that the region is found on, and the table was learned on."""

RIM_MM = {LIVER: 6.0, GALLBLADDER: 3.0, DUODENUM: 6.0}
"""Deeper in one of these the extrahepatic duct is not."""

FAR_MM = 50.0
"""As far as distances are told apart, and more."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Voxels around the expected place, and what the table needs of each.

    Parameters
    ----------
    part : tuple of slice
        Where they are among the landmarks' coarse voxels.
    offsets : ndarray, shape (n, 3)
        mm along (S, P, L) from the origin of the expected place.
    to_pancreas, to_veins : ndarray, shape (n,)
        Distances in mm, negative inside.
    """

    part: tuple[slice, ...]
    offsets: Points
    to_pancreas: Scores
    to_veins: Scores


def region_from_veins(landmarks: Landmarks, expected: ExpectedPlace, coverage: float) -> Mask:
    """Where the duct is expected, on the landmarks' coarse grid.

    Raises
    ------
    RegionNotFoundError
        Pancreas and veins do not lie as in a body, or are cut off where the duct should be.
    """
    pancreas, veins = (landmarks.without_fragments(name) for name in (PANCREAS, VEINS))
    points = points_of(landmarks, pancreas, veins)
    _require_usual(expected.strangeness(points), expected.strangest)
    _require_whole(landmarks, pancreas, veins)
    around = surroundings(landmarks, pancreas, veins, expected.origin(points))
    scores = expected.scores(around.offsets, around.to_pancreas, around.to_veins)
    region = np.zeros(landmarks.values.shape, bool)
    inside = scores >= expected.threshold(coverage)
    region[around.part] = inside.reshape(region[around.part].shape)
    for name, rim in RIM_MM.items():
        organ = landmarks.mask(name)[around.part]
        depth = ndimage.distance_transform_edt(np.pad(organ, 1, mode="edge"), landmarks.spacing)
        region[around.part] &= depth[1:-1, 1:-1, 1:-1] <= rim
    return region


def points_of(landmarks: Landmarks, pancreas: Mask, veins: Mask) -> NDArray[np.float64]:
    """Landmark points, for each of `FLIPS`."""
    turn = landmarks.directions.T
    return landmark_points(np.argwhere(pancreas) @ turn, np.argwhere(veins) @ turn)


def surroundings(landmarks: Landmarks, pancreas: Mask, veins: Mask, origin: Points) -> Surroundings:
    """Voxels as far from an origin as the table of places reaches."""
    to_voxels = np.linalg.inv(landmarks.directions)
    reach = PLACE_MM * np.array(PLACES)
    corners = [origin + FIRST_MM + reach * corner for corner in np.ndindex(2, 2, 2)]
    voxels = np.array(corners) @ to_voxels.T
    low = np.clip(np.floor(voxels.min(axis=0)), 0, landmarks.values.shape).astype(int)
    high = np.clip(np.ceil(voxels.max(axis=0)), 0, landmarks.values.shape).astype(int)
    part = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    at = np.argwhere(np.ones(high - low, bool)) + low
    return Surroundings(
        part,
        at @ landmarks.directions.T - origin,
        *(_signed_distance(mask[part], landmarks.spacing) for mask in (pancreas, veins)),
    )


def _signed_distance(mask: Mask, spacing: Triple) -> Scores:
    if not mask.any():
        return np.full(mask.size, FAR_MM)
    outside = ndimage.distance_transform_edt(~mask, spacing)
    inside = ndimage.distance_transform_edt(mask, spacing)
    return np.asarray(outside - inside).ravel()


def _require_usual(strangeness: NDArray[np.float64], strangest: float) -> None:
    best = int(strangeness.argmin())
    if best:
        turned = " and ".join(
            words for words, sign in zip(TURNED, FLIPS[best], strict=True) if sign < 0
        )
        raise RegionNotFoundError(
            f"Pancreas and veins lie as in a body that is {turned}: check what the scan's header "
            f"says of its directions before you look for the {NAME}."
        )
    if strangeness[0] > strangest:
        raise RegionNotFoundError(
            "Pancreas and veins do not lie to each other as they do in a body, or much of them is "
            f"missing: correct both labels to find the {NAME}."
        )


def _require_whole(landmarks: Landmarks, pancreas: Mask, veins: Mask) -> None:
    head = head_of_pancreas(pancreas, landmarks.spacing)
    faces = ((0, False), (1, False), (1, True), (2, False))
    if any(landmarks.ends_at(head, axis, last) for axis, last in faces):
        raise RegionNotFoundError(
            "The scan ends within the head of the pancreas, and the bile duct with it: "
            f"the {NAME} needs a scan that reaches further down and around."
        )
    if landmarks.ends_at(veins, 0, True):
        raise RegionNotFoundError(
            "The scan ends within the portal vein, and the bile duct with it: "
            f"the {NAME} needs a scan that reaches further up."
        )
