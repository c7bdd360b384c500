"""What a CT alone tells of where front and back, head and foot, right and left are.

Each cue measures where something lies that every trunk has, as a number that changes its
sign when the axis is flipped. None of them is sure: a table may be in front of a patient
who lies prone, a spleen may be larger than a liver. So each is believed only so far, and
it takes several, or one that is very plain, for an alarm.

Means and spreads are rounded, after what textbooks tell of adults [1]_ and with room for
what they don't.

References
----------
.. [1] Standring S (ed.). Gray's Anatomy, 42nd ed., Elsevier 2021.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from napari_abdoseg.anatomy.orientation.coarse_scan import CoarseScan, Mask
from napari_abdoseg.anatomy.orientation.cue import (
    FRONT_BACK,
    HEAD_FOOT,
    LEFT_RIGHT,
    Cue,
    Usual,
)
from napari_abdoseg.anatomy.orientation.spine import HALF_WIDTH_MM, Spine

SPINE_BEHIND = Usual(FRONT_BACK, mean=0.2, spread=0.1, most=4)
"""From the middle between the skin in front and behind, as a share of that depth."""
GAS_IN_FRONT = Usual(FRONT_BACK, mean=-60, spread=50, most=1.5)
"""mm from the spine to the bowel's gas."""
TABLE_BEHIND = Usual(FRONT_BACK, mean=0.8, spread=1.2, most=1)
"""Share of what is outside of the body; patients lie prone, too."""
LUNGS_ABOVE = Usual(HEAD_FOOT, mean=0.7, spread=0.4, most=4)
"""Share of air that is of lungs which grow that way."""
HIPS_BELOW = Usual(HEAD_FOOT, mean=-80, spread=40, most=2.5)
"""mm from the spine to the hip bones."""
LIVER_RIGHT = Usual(LEFT_RIGHT, mean=-0.45, spread=0.42, most=4)
"""Share of deep soft tissue on the left, less that on the right."""
HEART_LEFT = Usual(LEFT_RIGHT, mean=12, spread=8, most=2)
"""mm from the spine to the middle of what is between the lungs."""

SOFT_HU = (20.0, 250.0)
GRAIN_MM = 3.0
"""Blur that noise of thin slices is gone after."""
DEEP_MM = 15.0
"""Muscles and bowel are thinner, the liver, spleen and heart are not."""
OTHER_TISSUE_ML, OTHER_AIR_ML = 100.0, 60.0
"""What may be taken for them, so that little of either tells little."""
GAS_HU, MOST_GAS = -930.0, 0.12
"""Lungs hold tissue; where a larger share of voxels is below, it is gas of the bowel."""
SURELY_LUNG_ML, LEAST_AIR_ML = 400.0, 4.0
MOST_PIECES = 30
RECESS_MM, RECESS_DEPTH = 30.0, 0.5
"""Lungs end in a thin recess along the wall below, deep amid the shoulders above."""
HIP_BONE_ML, HIP_MM = 150.0, (35.0, 170.0)
"""A rib has less; hips lie so far beside the spine."""
TISSUE_HU = -100.0
CHEST_SHARE = 0.3
"""Of the body's section: where lungs fill more, the heart is between them, and no liver."""
VERTEBRA_MM = 30.0
TABLE_HU, CLOTHES_MM = -800.0, 10.0


@dataclass(frozen=True, eq=False)
class ScanCues:
    """What is seen in a CT.

    Parameters
    ----------
    scan : CoarseScan
    spine : Spine
        All is measured from it.
    """

    scan: CoarseScan
    spine: Spine

    def all(self) -> Iterator[Cue]:
        """All that there is to see."""
        yield from self._spine_in_outline()
        yield from self._gas()
        yield from self._table()
        yield from self._growing_lungs()
        yield from self._hips()
        yield from self._deep_tissue()
        yield from self._heart()

    def _spine_in_outline(self) -> Iterator[Cue]:
        half = int(HALF_WIDTH_MM / self.scan.spacing[2])
        column = slice(max(0, self.spine.x - half), self.spine.x + half + 1)
        body: Mask = np.any(self.scan.body[:, :, column], axis=2)
        offsets = []
        for plane, bone in zip(body, self.spine.bone, strict=True):
            rows, of_bone = np.flatnonzero(plane), np.nonzero(bone)[0]
            if len(of_bone) and rows[0] > 0 and rows[-1] < len(plane) - 1:
                middle = (rows[0] + rows[-1]) / 2
                offsets.append((np.median(of_bone) - middle) / (rows[-1] - rows[0]))
        if offsets:
            behind, trust = float(np.median(offsets)), len(offsets) / len(body)
            seen = f"the spine lies {_side(behind, 'in front', 'behind')}"
            yield self._cue(SPINE_BEHIND, behind, seen, "spine", self.spine.bone, trust)

    def _gas(self) -> Iterator[Cue]:
        _, gas = self._air
        if gas.any():
            behind = float((np.nonzero(gas)[1].mean() - self.spine.y) * self.scan.spacing[1])
            where = _side(behind, "in front of", "behind")
            yield self._cue(
                GAS_IN_FRONT, behind, f"the bowel's gas lies {where} the spine", "gas", gas
            )

    def _table(self) -> Iterator[Cue]:
        margin = max(1, int(CLOTHES_MM / self.scan.spacing[1]))
        around = ndimage.binary_dilation(self.scan.body, np.ones((1, 3, 3)), margin)
        table = (self.scan.hu > TABLE_HU) & ~around
        if table.any():
            front, back = (half.sum() for half in np.array_split(table, 2, axis=1))
            behind = float((back - front) / (back + front))
            seen = f"the table lies {_side(behind, 'in front', 'behind')}"
            yield self._cue(TABLE_BEHIND, behind, seen, "table", table)

    def _growing_lungs(self) -> Iterator[Cue]:
        lungs, _ = self._air
        up, down = (
            self._of_both_sides([p for p in lungs if self._grows(p) == way]) for way in (1, -1)
        )
        above = (up - down) / (up + down + OTHER_AIR_ML)
        if above:
            seen = f"the lungs lie {_side(above, 'below', 'above')}"
            yield self._cue(LUNGS_ABOVE, above, seen, "lungs", self._lungs)

    def _grows(self, piece: Mask) -> int:
        """1 where a lung begins as a recess below, -1 where above, 0 where neither is plain."""
        planes = np.flatnonzero(piece.any(axis=(1, 2)))
        starts, ends = planes[0] > 0, planes[-1] < len(piece) - 1
        if starts and ends and piece.sum() * self.scan.voxel_ml < SURELY_LUNG_ML:
            return 0
        height = max(1, round(RECESS_MM / self.scan.spacing[0]))
        below = starts and self._is_recess(piece, planes[:height])
        above = ends and self._is_recess(piece, planes[-height:])
        return int(below) - int(above)

    def _is_recess(self, piece: Mask, planes: np.typing.NDArray[np.int64]) -> bool:
        body = self.scan.body[planes]
        depth = np.stack(
            [ndimage.distance_transform_edt(plane, self.scan.spacing[1:]) for plane in body]
        )
        return bool(depth[piece[planes]].mean() < RECESS_DEPTH * depth.max())

    def _of_both_sides(self, pieces: Sequence[Mask]) -> float:
        """Twice the ml on the side that has less: lungs come in pairs, bowel crosses over."""
        sides = np.array([self._sides(piece) for piece in pieces]).reshape(-1, 2)
        of_one = sides.sum(axis=1) < SURELY_LUNG_ML
        sides[of_one] = np.where(
            sides[of_one] == sides[of_one].max(axis=1, keepdims=True), sides[of_one], 0
        )
        return float(2 * sides.sum(axis=0).min())

    def _sides(self, mask: Mask) -> tuple[float, float]:
        """ml on the right and on the left of the spine."""
        per_plane = mask.sum(axis=(0, 1)) * self.scan.voxel_ml
        return float(per_plane[: self.spine.x].sum()), float(per_plane[self.spine.x + 1 :].sum())

    def _hips(self) -> Iterator[Cue]:
        off = np.abs(np.arange(self.scan.hu.shape[2]) - self.spine.x) * self.scan.spacing[2]
        beside = self.scan.bone & (off > HIP_MM[0]) & (off < HIP_MM[1])
        beside[self._lungs.any(axis=(1, 2))] = False  # shoulders
        pieces, _ = ndimage.label(beside)
        large = np.bincount(pieces.ravel()) * self.scan.voxel_ml > HIP_BONE_ML
        large[0] = False
        hips = large[pieces]
        if min(self._sides(hips)) > HIP_BONE_ML:
            above = _mean_plane(hips) - _mean_plane(self.spine.bone)
            above *= float(self.scan.spacing[0])
            seen = f"the hip bones lie {_side(above, 'below', 'above')} the spine"
            yield self._cue(HIPS_BELOW, above, seen, "hips", hips)

    def _deep_tissue(self) -> Iterator[Cue]:
        hu = ndimage.gaussian_filter(self.scan.hu, GRAIN_MM / self.scan.spacing)
        soft = self.scan.body & (hu > SOFT_HU[0]) & (hu < SOFT_HU[1]) & ~self.scan.bone
        soft = ndimage.binary_opening(soft & ~self._between_lungs)
        deep = ndimage.distance_transform_edt(soft, self.scan.spacing) > DEEP_MM
        right, left = self._sides(deep)
        of_left = (left - right) / (left + right + OTHER_TISSUE_ML)
        on_right = np.arange(hu.shape[2]) < self.spine.x
        if of_left:
            seen = (
                "the largest soft tissue, as of a liver, lies on the "
                f"{_side(of_left, 'right', 'left')}"
            )
            there = deep & (on_right == (of_left < 0))
            yield self._cue(LIVER_RIGHT, of_left, seen, "liver?", there, self._symmetry())

    def _symmetry(self) -> float:
        """1 where the body is on both sides of the spine, 0 where the scan shows one side."""
        sides = self._sides(self.scan.body)
        return float(np.clip(min(sides) / max(*sides, 1e-9) / 0.4 - 1, 0, 1))

    def _heart(self) -> Iterator[Cue]:
        heart = self._between_lungs & (self.scan.hu > TISSUE_HU)
        vertebra = int(VERTEBRA_MM / self.scan.spacing[1])
        heart[:, max(0, self.spine.y - vertebra) : self.spine.y + vertebra + 1] = False
        if heart.sum() * self.scan.voxel_ml > OTHER_TISSUE_ML:
            of_left = float((np.nonzero(heart)[2].mean() - self.spine.x) * self.scan.spacing[2])
            seen = f"the heart lies on the {_side(of_left, 'right', 'left')}"
            yield self._cue(HEART_LEFT, of_left, seen, "heart", heart)

    @cached_property
    def _between_lungs(self) -> Mask:
        """What has lungs on its right and on its left, in the chest."""
        lungs, body = self._lungs, self.scan.body
        on_right = np.logical_or.accumulate(lungs, axis=2)
        on_left = np.logical_or.accumulate(lungs[:, :, ::-1], axis=2)[:, :, ::-1]
        chest = lungs.sum(axis=(1, 2)) > CHEST_SHARE * body.sum(axis=(1, 2))
        return np.asarray(on_right & on_left & ~lungs & chest[:, np.newaxis, np.newaxis])

    @cached_property
    def _lungs(self) -> Mask:
        pieces, _ = self._air
        return np.any(pieces, axis=0) if pieces else np.zeros(self.scan.hu.shape, bool)

    @cached_property
    def _air(self) -> tuple[list[Mask], Mask]:
        """Pieces of air that are of lungs, and the bowel's gas."""
        pieces, _ = ndimage.label(self.scan.air)
        sizes = np.bincount(pieces.ravel()) * self.scan.voxel_ml
        sizes[0] = 0
        lungs, gas = [], np.zeros(pieces.shape, bool)
        for number in np.argsort(sizes)[::-1][:MOST_PIECES]:
            if sizes[number] < LEAST_AIR_ML:
                break
            piece = pieces == number
            if sizes[number] > SURELY_LUNG_ML or (self.scan.hu[piece] < GAS_HU).mean() < MOST_GAS:
                lungs.append(piece)
            else:
                gas |= piece
        return lungs, gas

    def _cue(
        self, usual: Usual, measured: float, seen: str, mark: str, where: Mask, trust: float = 1.0
    ) -> Cue:
        place = self.scan.place(np.median(np.nonzero(where), axis=1))
        return Cue(usual.axis, usual.evidence(measured, trust), seen, mark, place)


def _side(measured: float, beginning: str, end: str) -> str:
    return end if measured > 0 else beginning


def _mean_plane(mask: Mask) -> float:
    return float(np.nonzero(mask)[0].mean())
