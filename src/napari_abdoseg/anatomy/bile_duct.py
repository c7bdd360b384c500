"""Where to look for the extrahepatic bile duct, from the organs that lead to it.

No open data set labels the duct, but its ends are known. It begins in the porta
hepatis, the transverse fissure of the liver's visceral surface, where the right
and left hepatic ducts join; as common hepatic duct it is 2 to 3.5 cm long [1]_.
The common bile duct, about 8 cm long, goes on in the free edge of the
hepatoduodenal ligament and behind the first part of the duodenum, and lies in a
groove on the back of the head of the pancreas or, less often, within it or beside
it [2]_. It ends in the second part of the duodenum, which lies around the head's
right side [3]_.

It is a place to look, never a finding.

References
----------
.. [1] Castaing D. Surgical anatomy of the biliary tract. HPB 2008; 10(2): 72-76.
.. [2] Common bile duct. Radiopaedia.org, https://radiopaedia.org/articles/common-bile-duct
.. [3] Standring S (ed.). Gray's Anatomy, 42nd ed., Elsevier 2021: pancreas, and
   gallbladder and biliary tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.box import Box, bounding_boxes, shifted_box
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.grid import Grid, Triple
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap

NAME = "bile-duct search region"

COARSE_MM = 4.0
"""Spacing that the region is found on: a duct's margin, not its wall, is looked for."""

FISSURE_MM = 60.0
"""Widest gap in the liver that counts as one of its fissures."""

FISSURE_DEPTH_MM = 8.0
"""How deep between the lobes the porta hepatis is; the gallbladder's bed is shallower."""

HEAD_MM = 35.0
"""The head is that much of the pancreas, from its right end."""

REACH_MM = 90.0
"""Farthest that the porta hepatis is from the head."""

HILUM_MM = 15.0
"""The ducts join where the fissure is nearest to the head, or up to that much beyond."""

BEND_MM = 20.0
"""How much longer than the straight way from porta hepatis to head a duct may be."""

MARGIN_MM = 10.0
"""Around porta hepatis and head; the duct may pass beside the head [2]_."""

LIVER_RIM_MM = 6.0
"""Deeper in the liver, ducts are intrahepatic ones."""

SMALLEST_SHARE = 0.1
"""A piece of the pancreas below that share of all is a fragment."""

Mask = NDArray[np.bool_]


class RegionNotFoundError(AbdosegError):
    """The organs do not tell where the bile duct is."""


@dataclass(frozen=True, eq=False)
class BileDuctRegion:
    """Where the extrahepatic bile duct is to be looked for.

    Parameters
    ----------
    box : Box
        The tightest around the region.
    mask : ndarray of bool, shape (z, y, x)
        The region within the box.
    """

    box: Box
    mask: Mask


def bile_duct_region(labels: LabelMap) -> BileDuctRegion:
    """Find the space from the porta hepatis to the head of the pancreas.

    The porta hepatis is the deep part of the gap that a closing fills in the
    liver, where that gap is nearest to the head of the pancreas. The region holds
    it, the head, what lies on about the shortest way between the two, and a
    margin, but not the inside of the liver.

    Parameters
    ----------
    labels : LabelMap
        With organs named ``liver`` and ``pancreas``; (z, y, x) point to superior,
        posterior and left.

    Returns
    -------
    BileDuctRegion
        On the grid of ``labels``.

    Raises
    ------
    RegionNotFoundError
        One of the organs is missing, or cut off where the duct should be, or they
        do not lie as they do in a body.

    Examples
    --------
    >>> from napari_abdoseg import make_phantom
    >>> from napari_abdoseg.anatomy.bile_duct import bile_duct_region
    >>> bile_duct_region(make_phantom(1, (12.0, 10.0, 10.0))[1]).box
    Box(start=(19, 11, 16), stop=(24, 17, 21))
    """
    boxes = bounding_boxes(labels)
    liver, pancreas = (_organ(labels, boxes, name) for name in ("liver", "pancreas"))
    grid = labels.grid
    step = np.maximum(1, np.rint(COARSE_MM / np.array(grid.spacing))).astype(int)
    z, y, x = (float(mm) for mm in step * grid.spacing)
    spacing = z, y, x
    space = _neighbourhood(boxes[pancreas], grid)
    coarse = labels.data[space.slices][tuple(slice(None, None, by) for by in step)]
    head = _head(coarse == pancreas.value, spacing)
    _require_whole_head(head, space, grid)
    inside = coarse == liver.value
    hilum = _hilum(inside, head, spacing)
    _require_whole_hilum(hilum, space, grid)
    region = _between(hilum, head, spacing)
    region &= ndimage.distance_transform_edt(inside, sampling=spacing) <= LIVER_RIM_MM
    return _on_grid(region, step, space)


def _organ(labels: LabelMap, boxes: dict[Organ, Box], name: str) -> Organ:
    for organ in boxes:
        if organ.name == name:
            return organ
    raise RegionNotFoundError(f"The labels have no {name}: it is needed to find the {NAME}.")


def _neighbourhood(box: Box, grid: Grid) -> Box:
    """As much around the pancreas as the porta hepatis can reach."""
    around = np.ceil(REACH_MM / np.array(grid.spacing)).astype(int)
    start = np.maximum(0, np.array(box.start) - around)
    stop = np.minimum(grid.shape, np.array(box.stop) + around)
    return shifted_box(tuple(slice(0, size) for size in stop - start), tuple(start))


def _head(pancreas: Mask, spacing: Triple) -> Mask:
    """The right end of the pancreas, which may be labelled in several pieces."""
    pieces, _ = ndimage.label(pancreas, np.ones((3, 3, 3)))
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    large = np.flatnonzero(sizes > SMALLEST_SHARE * sizes.sum())
    if not len(large):
        raise RegionNotFoundError(
            "The pancreas is too small in the labels, or in too small pieces, to find the "
            f"{NAME}: correct it first."
        )
    pancreas = np.isin(pieces, large)
    right = int(np.flatnonzero(pancreas.any(axis=(0, 1)))[0])
    head = pancreas.copy()
    head[..., right + max(1, round(HEAD_MM / spacing[2])) :] = False
    return head


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
    """Length in mm of the shortest way to a goal that does not lead through an obstacle."""
    from skimage.graph import MCP_Geometric

    free = np.where(obstacle & ~goal, np.inf, 1.0)
    lengths, _ = MCP_Geometric(free, sampling=spacing).find_costs(np.argwhere(goal))
    return np.asarray(lengths)


def _depth_in_closing(mask: Mask, radius: float, spacing: Triple) -> NDArray[np.float64]:
    """Distance in mm to the outside of a mask whose gaps are closed by a ball.

    The mask goes on where the scan ends.
    """
    margin = [int(np.ceil(radius / step)) + 1 for step in spacing]
    padded = np.pad(mask, [(size, size) for size in margin], mode="edge")
    near = ndimage.distance_transform_edt(~padded, sampling=spacing) <= radius
    closed = ndimage.distance_transform_edt(near, sampling=spacing) > radius
    depth = ndimage.distance_transform_edt(closed, sampling=spacing)
    return np.asarray(depth[tuple(slice(size, -size) for size in margin)])


def _between(hilum: Mask, head: Mask, spacing: Triple) -> Mask:
    """Both, with a margin, and what lies on about the shortest way between them."""
    to_hilum = ndimage.distance_transform_edt(~hilum, sampling=spacing)
    to_head = ndimage.distance_transform_edt(~head, sampling=spacing)
    way = to_head[hilum].min() + BEND_MM
    return np.asarray(
        (to_hilum + to_head <= way) | (to_hilum <= MARGIN_MM) | (to_head <= MARGIN_MM)
    )


def _require_whole_head(head: Mask, space: Box, grid: Grid) -> None:
    if space.start[0] == 0 and head[0].any():
        raise RegionNotFoundError(
            "The scan ends within the head of the pancreas, and the bile duct with it: "
            f"the {NAME} needs a scan that reaches further down."
        )


def _require_whole_hilum(hilum: Mask, space: Box, grid: Grid) -> None:
    if space.stop[0] == grid.shape[0] and hilum[-1].any():
        raise RegionNotFoundError(
            "The scan ends within the porta hepatis, and the bile duct with it: "
            f"the {NAME} needs a scan that reaches further up."
        )


def _on_grid(region: Mask, step: NDArray[Any], space: Box) -> BileDuctRegion:
    """The coarse region on the grid of the labels."""
    shape = [stop - start for start, stop in zip(space.start, space.stop, strict=True)]
    # A coarse voxel stands for those around the one that it was taken from.
    picks = [
        np.minimum((np.arange(size) + by // 2) // by, count - 1)
        for size, by, count in zip(shape, step, region.shape, strict=True)
    ]
    fine = region[np.ix_(*picks)]
    (place,) = ndimage.find_objects(fine.view(np.uint8))
    return BileDuctRegion(shifted_box(place, space.start), fine[place])
