"""The region from the porta hepatis to the head of the pancreas, from liver and pancreas."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.bile_duct.landmarks import (
    LIVER,
    PANCREAS,
    REACH_MM,
    Landmarks,
    Mask,
    head_of_pancreas,
)
from napari_abdoseg.anatomy.bile_duct.problem import NAME, TURNED, RegionNotFoundError
from napari_abdoseg.image.grid import Triple

COARSE_MM = 4.0
"""Spacing that the region is found on: a duct's margin, not its wall, is looked for."""

FISSURE_MM = 60.0
"""Widest gap in the liver that counts as one of its fissures."""

FISSURE_DEPTH_MM = 8.0
"""How deep between the lobes the porta hepatis is; the gallbladder's bed is shallower."""

LEVEL_MM = 3.0
"""The head is lower than the middle of the pancreas, or higher by no more than that.

It was 18 mm lower (standard deviation 7 mm, 4 to 33) in 48 label maps of PANORAMA.
"""

HILUM_MM = 15.0
"""The ducts join where the fissure is nearest to the head, or up to that much beyond."""

BEND_MM = 20.0
"""How much longer than the straight way from porta hepatis to head a duct may be."""

MARGIN_MM = 10.0
"""Around porta hepatis and head; the duct may pass beside the head [2]_."""

LIVER_RIM_MM = 6.0
"""Deeper in the liver, ducts are intrahepatic ones."""


def region_from_liver(landmarks: Landmarks) -> Mask:
    """Find the space from the porta hepatis to the head, on the landmarks' coarse grid.

    The porta hepatis is the deep part of the gap that a closing fills in the
    liver, where that gap is nearest to the head of the pancreas. The region holds
    it, the head, what lies on about the shortest way between the two, and a
    margin, but not the inside of the liver.

    Raises
    ------
    RegionNotFoundError
        One of the organs is cut off where the duct should be, or they do not lie as
        they do in a body.
    """
    liver, spacing = landmarks.mask(LIVER), landmarks.spacing
    pancreas = landmarks.mask(PANCREAS)
    head = head_of_pancreas(landmarks.without_fragments(PANCREAS), spacing)
    _require_usual(landmarks, liver, pancreas, head)
    if landmarks.ends_at(head, 0, last=False):
        raise RegionNotFoundError(
            "The scan ends within the head of the pancreas, and the bile duct with it: "
            f"the {NAME} needs a scan that reaches further down."
        )
    hilum = _hilum(liver, head, spacing)
    if landmarks.ends_at(hilum, 0, last=True):
        raise RegionNotFoundError(
            "The scan ends within the porta hepatis, and the bile duct with it: "
            f"the {NAME} needs a scan that reaches further up."
        )
    region = between(hilum, head, spacing)
    region &= ndimage.distance_transform_edt(liver, sampling=spacing) <= LIVER_RIM_MM
    return region


def _require_usual(landmarks: Landmarks, liver: Mask, pancreas: Mask, head: Mask) -> None:
    """Of front and back nothing is asked: the region follows the organs if these are turned."""
    liver_at, pancreas_at, head_at = (
        np.argwhere(organ).mean(axis=0) @ landmarks.directions.T
        for organ in (liver, pancreas, head)
    )
    mirrored = liver_at[2] > pancreas_at[2]
    upside_down = head_at[0] > pancreas_at[0] + LEVEL_MM
    if mirrored or upside_down:
        raise RegionNotFoundError(
            f"Liver and pancreas lie as in a body that is {TURNED[2 if mirrored else 0]}: check "
            f"what the scan's header says of its directions before you look for the {NAME}."
        )


def _hilum(liver: Mask, head: Mask, spacing: Triple) -> Mask:
    """The porta hepatis: deep in a fissure of the liver, and nearest to the head."""
    depth = np.where(liver, 0, _depth_in_closing(liver, FISSURE_MM / 2, spacing))
    to_head = _way_around(liver, head, spacing)
    head_level = int(np.argwhere(head).mean(axis=0)[0])
    fissure = (depth >= FISSURE_DEPTH_MM) & (to_head <= REACH_MM)
    fissure[:head_level] = False
    if not fissure.any():
        raise RegionNotFoundError(
            "The liver has no porta hepatis above the head of the pancreas: check both labels "
            f"to find the {NAME}."
        )
    nearest = to_head[fissure].min()
    return np.asarray(fissure & (to_head <= nearest + HILUM_MM))


def _way_around(obstacle: Mask, goal: Mask, spacing: Triple) -> NDArray[np.float64]:
    """Length in mm of the shortest way to a goal that does not lead through an obstacle.

    Infinite beyond `REACH_MM`.
    """
    from skimage.graph import MCP_Geometric

    near = ndimage.distance_transform_edt(~goal, sampling=spacing) <= REACH_MM
    free = np.where(near & (goal | ~obstacle), 1.0, np.inf)
    lengths, _ = MCP_Geometric(free, sampling=spacing).find_costs(np.argwhere(goal))
    return np.asarray(lengths)


def _depth_in_closing(mask: Mask, radius: float, spacing: Triple) -> NDArray[np.float64]:
    """Distance in mm to the outside of a mask whose gaps are closed by a ball.

    The mask goes on where the scan ends.
    """
    (place,) = ndimage.find_objects(mask.view(np.uint8))
    part = tuple(slice(max(0, each.start - 1), each.stop + 1) for each in place)
    margin = [int(np.ceil(radius / step)) + 1 for step in spacing]
    padded = np.pad(mask[part], [(size, size) for size in margin], mode="edge")
    near = ndimage.distance_transform_edt(~padded, sampling=spacing) <= radius
    closed = ndimage.distance_transform_edt(near, sampling=spacing) > radius
    depth = np.zeros(mask.shape)
    inner = tuple(slice(size, -size) for size in margin)
    depth[part] = ndimage.distance_transform_edt(closed, sampling=spacing)[inner]
    return depth


def between(hilum: Mask, head: Mask, spacing: Triple) -> Mask:
    """Both, with a margin, and what lies on about the shortest way between them."""
    to_hilum = ndimage.distance_transform_edt(~hilum, sampling=spacing)
    to_head = ndimage.distance_transform_edt(~head, sampling=spacing)
    way = to_head[hilum].min() + BEND_MM
    return np.asarray(
        (to_hilum + to_head <= way) | (to_hilum <= MARGIN_MM) | (to_head <= MARGIN_MM)
    )
