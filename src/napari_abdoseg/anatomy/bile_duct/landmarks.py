"""Organs that lead to the bile duct, whatever a data set calls them, on a coarse grid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.bile_duct.problem import NAME, RegionNotFoundError
from napari_abdoseg.anatomy.box import Box, shifted_box
from napari_abdoseg.image.grid import Triple
from napari_abdoseg.image.names.organ_spelling import organ_key
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap

LIVER, PANCREAS, VEINS = "liver", "pancreas", "veins"
GALLBLADDER, DUODENUM = "gallbladder", "duodenum"

REACH_MM = 90.0
"""Farthest that the porta hepatis is from the pancreas."""

HEAD_MM = 35.0
"""The head is that much of the pancreas, from its right end."""

SMALLEST_SHARE = 0.1
"""A piece of an organ below that share of all is a fragment."""

SMALLEST_ML = {PANCREAS: 5.0, VEINS: 3.0}
"""Less is a fragment of the organ, and does not tell where the rest of it would be."""

LANDMARK_OF = {
    LIVER: LIVER,
    **dict.fromkeys((PANCREAS, "pancreas head", "pancreas body", "pancreas tail"), PANCREAS),
    **dict.fromkeys((VEINS, "portal vein and splenic vein"), VEINS),
    GALLBLADDER: GALLBLADDER,
    DUODENUM: DUODENUM,
}
"""What organs of AbdomenCT-1K, TotalSegmentator, PANORAMA and PanTS are here.

``veins`` are the portal, splenic and superior mesenteric vein.
"""

Mask = NDArray[np.bool_]


def landmark_of(organ: Organ) -> str | None:
    """What an organ is on the way to the bile duct; None if it does not lead there."""
    return LANDMARK_OF.get(organ_key(organ.name))


def lead_to_duct(organs: Iterable[Organ]) -> bool:
    """Whether organs, there or not, are enough to look for the bile duct."""
    found = {landmark_of(organ) for organ in organs}
    return PANCREAS in found and bool(found & {LIVER, VEINS})


@dataclass(frozen=True, eq=False)
class Landmarks:
    """Label values around the pancreas on a coarse grid.

    Parameters
    ----------
    values : ndarray, shape (z, y, x)
    first : ndarray of int, shape (3,)
        Where the values begin on the coarse grid of the whole scan.
    step : ndarray of int, shape (3,)
        Voxels of the label map from one to the next.
    labels : LabelMap
    """

    values: NDArray[Any]
    first: NDArray[np.int64]
    step: NDArray[np.int64]
    labels: LabelMap

    @classmethod
    def of(cls, labels: LabelMap, coarse_mm: float) -> Landmarks:
        """Those of a label map, on a grid of about that spacing.

        Raises
        ------
        RegionNotFoundError
            There is no pancreas.
        """
        step = np.maximum(1, np.rint(coarse_mm / np.array(labels.grid.spacing))).astype(int)
        whole = labels.data[tuple(slice(None, None, by) for by in step)]
        pancreas = np.isin(whole, _values(labels, PANCREAS))
        if not pancreas.any():
            raise RegionNotFoundError(
                f"The labels have no {PANCREAS}, or too small a piece of it: it is needed to find "
                f"the {NAME}."
            )
        around = np.ceil(REACH_MM / (step * labels.grid.spacing)).astype(int)
        (place,) = ndimage.find_objects(pancreas.view(np.uint8))
        first = np.maximum(0, [part.start for part in place] - around)
        stop = np.array([part.stop for part in place]) + around
        part = tuple(slice(a, b) for a, b in zip(first, stop, strict=True))
        return cls(np.ascontiguousarray(whole[part]), first, step, labels)

    @property
    def spacing(self) -> Triple:
        """mm between coarse voxels along (z, y, x)."""
        z, y, x = (float(mm) for mm in self.step * self.labels.grid.spacing)
        return z, y, x

    @property
    def directions(self) -> NDArray[np.float64]:
        """mm along (S, P, L) from a coarse voxel to the next, as columns; shape (3, 3)."""
        return np.asarray(self.labels.grid.screen_affine[:3, :3] * self.step)

    def mask(self, name: str) -> Mask:
        """Where a landmark is."""
        return np.isin(self.values, _values(self.labels, name))

    def without_fragments(self, name: str) -> Mask:
        """Where a landmark is, of which all large pieces count.

        Raises
        ------
        RegionNotFoundError
            There are nothing but fragments.
        """
        mask = self.mask(name)
        pieces, _ = ndimage.label(mask, np.ones((3, 3, 3)))
        sizes = np.bincount(pieces.ravel())
        sizes[0] = 0
        large = np.isin(pieces, np.flatnonzero(sizes > SMALLEST_SHARE * sizes.sum()))
        if not large.any():
            be = "are" if name == VEINS else "is"
            raise RegionNotFoundError(
                f"The {name} {be} in too small pieces in the labels to find the {NAME}: correct "
                "that first."
            )
        return np.asarray(large)

    def has(self, name: str) -> bool:
        """Whether there is enough of a landmark."""
        least = SMALLEST_ML.get(name, 0.0) * 1000 / float(np.prod(self.spacing))
        return int(self.mask(name).sum()) > least

    def ends_at(self, mask: Mask, axis: int, last: bool) -> bool:
        """Whether a mask reaches the first or the last face of the scan along an axis."""
        edge = self.first[axis] + (self.values.shape[axis] if last else 0)
        size = -(-self.labels.grid.shape[axis] // self.step[axis])
        at_edge = edge == (size if last else 0)
        return bool(at_edge and mask.take(-1 if last else 0, axis).any())

    def on_grid(self, mask: Mask) -> tuple[Box, Mask]:
        """A mask on the grid of the labels, and the tightest box around it.

        A coarse voxel stands for those around the one that it was taken from.
        """
        (place,) = ndimage.find_objects(mask.view(np.uint8))
        start, picks = [], []
        for part, first, by, size in zip(
            place, self.first, self.step, self.labels.grid.shape, strict=True
        ):
            coarse = np.minimum((np.arange(size) + by // 2) // by, (size - 1) // by) - first
            (fine,) = np.nonzero((coarse >= part.start) & (coarse < part.stop))
            start.append(int(fine[0]))
            picks.append(coarse[fine])
        fine_mask = mask[np.ix_(*picks)]
        stop = np.add(start, fine_mask.shape)
        return shifted_box(tuple(map(slice, start, stop)), (0, 0, 0)), fine_mask


def head_of_pancreas(pancreas: Mask, spacing: Triple) -> Mask:
    """The right end of a pancreas, of which there is something."""
    right = int(np.flatnonzero(pancreas.any(axis=(0, 1)))[0])
    head = pancreas.copy()
    head[..., right + max(1, round(HEAD_MM / spacing[2])) :] = False
    return head


def _values(labels: LabelMap, name: str) -> list[int]:
    return [organ.value for organ in labels.organs if landmark_of(organ) == name]
