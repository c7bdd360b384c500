"""Pieces of an organ that lie apart from the rest of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.plausibility.doubt import Certainty, Doubt, Kind
from napari_abdoseg.anatomy.plausibility.expected import Expected
from napari_abdoseg.anatomy.plausibility.organ_blocks import AROUND, Mask, OrganBlocks, numbered
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.image.names.organ_spelling import organ_key
from napari_abdoseg.image.organ import Organ

LEAST_SHARE = 0.05
"""Below that share of the largest piece, a piece is none of a pair of organs."""
SPECK_ML = 0.1
"""Smaller pieces are told of together."""
MOST = 5
"""Pieces of an organ that are told of one by one."""
CUT_SHARE = 0.5
"""Of its largest section, that a piece has at least where the end of the scan cuts it."""
LARGE_ML = 1.0
BEYOND_MM = 40.0
"""How far apart parts of an organ are, such as the aorta's, that are one beyond the scan."""
ACCESSORY_ML, ACCESSORY_MM = 15.0, 50.0
"""About one in five people has small spleens beside the spleen."""


@dataclass(frozen=True, eq=False)
class Pieces:
    """Pieces of an organ, the largest first.

    Parameters
    ----------
    blocks : OrganBlocks
    numbers : ndarray of int
        Piece of each block; 0 is none.
    order : tuple of int
        Numbers by volume.
    volumes_ml : ndarray of float
        By number.
    """

    blocks: OrganBlocks
    numbers: NDArray[np.intp]
    order: tuple[int, ...]
    volumes_ml: NDArray[np.float64]

    @classmethod
    def of(cls, blocks: OrganBlocks, inner: Sequence[Organ]) -> Pieces:
        """Pieces of an organ and what lies within it, such as a tumour that parts it."""
        numbers, count = numbered(blocks.joined_by(inner), AROUND)
        numbers[~blocks.inside] = 0
        sums = np.bincount(numbers.ravel(), blocks.counts.ravel(), count + 1)
        volumes = sums * blocks.grid.voxel_volume
        volumes[0] = 0
        order = np.argsort(-volumes, kind="stable")[: int((volumes > 0).sum())]
        return cls(blocks, numbers, tuple(order.tolist()), volumes.astype(np.float64))

    def mask(self, *pieces: int) -> Mask:
        """Blocks of some pieces."""
        return np.isin(self.numbers, pieces)

    @cached_property
    def places(self) -> list[tuple[slice, ...]]:
        """Index of each piece, the first that of number 1."""
        return list(ndimage.find_objects(self.numbers))

    def box(self, piece: int) -> Box:
        """Box of a piece in the label map."""
        return self.blocks.box_of(self.places[piece - 1])

    def voxel(self, piece: int) -> Shape:
        """A voxel in the middle of a piece."""
        return self.blocks.voxel_in(self.mask(piece), self.blocks.mask)

    def middle(self, piece: int) -> tuple[float, float, float]:
        """Centroid (z, y, x) in voxels of the label map."""
        place = self.places[piece - 1]
        there = np.nonzero(self.numbers[place] == piece)
        z, y, x = (
            first + (part.start + float(at.mean()) + 0.5) * by - 0.5
            for first, part, at, by in zip(
                self.blocks.box.start, place, there, self.blocks.steps, strict=True
            )
        )
        return z, y, x

    def main(self, expected: Expected) -> tuple[int, ...]:
        """Pieces that are the organ, or the two of a pair."""
        if not expected.paired or len(self.order) < 2:
            return self.order[:1]
        first, second = self.order[:2]
        enough = self.volumes_ml[second] >= LEAST_SHARE * self.volumes_ml[first]
        return self.order[: 2 if enough else 1]

    def cut_at(self, piece: int) -> set[tuple[int, int]]:
        """Faces of the scan that cut a piece: axis, and 0 or -1 for its end.

        What only touches a face, and is thin there, ends within the scan.
        """
        box, shape = self.box(piece), self.blocks.grid.shape
        there = self.numbers[self.places[piece - 1]] == piece
        faces = set()
        for axis in range(3):
            sections = np.count_nonzero(np.moveaxis(there, axis, 0), axis=(1, 2))
            ends = (0, box.start[axis] == 0), (-1, box.stop[axis] == shape[axis])
            for end, is_touched in ends:
                if is_touched and sections[end] >= CUT_SHARE * sections.max():
                    faces.add((axis, end))
        return faces


def pieces_apart(pieces: Pieces, expected: Expected) -> Iterator[Doubt]:
    """Pieces that are too many, the largest first, and specks all together.

    A piece is none too many that is near the rest, or that may go on to it where the scan
    ends.
    """
    if expected.pieces is None or len(pieces.order) < 2:
        return
    main = pieces.main(expected)
    faces = set.union(*(pieces.cut_at(piece) for piece in main))
    distances = _distances(pieces, main)
    apart = [
        piece
        for piece in pieces.order
        if distances[piece]
        > (expected.near_mm if faces.isdisjoint(pieces.cut_at(piece)) else BEYOND_MM)
    ]
    large = [piece for piece in apart if pieces.volumes_ml[piece] >= SPECK_ML][:MOST]
    for piece in large:
        yield _piece(pieces, piece, float(distances[piece]))
    if specks := [piece for piece in apart if piece not in large]:
        yield _specks(pieces, specks, distances)


def _distances(pieces: Pieces, main: tuple[int, ...]) -> NDArray[np.float64]:
    """mm from each piece, by number, to the nearest of the main ones."""
    blocks = pieces.blocks
    away = ndimage.distance_transform_edt(~pieces.mask(*main), sampling=blocks.spacing)
    return np.asarray(ndimage.minimum(away, pieces.numbers, np.arange(len(pieces.volumes_ml))))


def _piece(pieces: Pieces, piece: int, distance: float) -> Doubt:
    organ, volume = pieces.blocks.organ, float(pieces.volumes_ml[piece])
    words = f"a piece of {volume:.1f} ml lies {distance:.0f} mm from the rest"
    certainty = Certainty.LIKELY if volume >= LARGE_ML else Certainty.POSSIBLE
    is_small = volume <= ACCESSORY_ML and distance <= ACCESSORY_MM
    if organ_key(organ.name) == "spleen" and is_small:
        words, certainty = f"{words}: an accessory spleen?", Certainty.POSSIBLE
    return Doubt(
        Kind.PIECES, certainty, organ, pieces.voxel(piece), pieces.box(piece), volume, words
    )


def _specks(pieces: Pieces, specks: Sequence[int], distances: NDArray[np.float64]) -> Doubt:
    volume = float(pieces.volumes_ml[list(specks)].sum())
    farthest = max(specks, key=lambda piece: distances[piece])
    many, up_to = ("a speck", "") if len(specks) == 1 else (f"{len(specks)} specks", "up to ")
    words = f"{many} of {volume:.2f} ml, {up_to}{distances[farthest]:.0f} mm from the rest"
    return Doubt(
        Kind.PIECES,
        Certainty.POSSIBLE,
        pieces.blocks.organ,
        pieces.voxel(farthest),
        pieces.box(farthest),
        volume,
        words,
    )
