"""How far an organ is ahead of all others, by logits that were kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.logits.interpolation import Values, by_slices, interpolated
from napari_abdoseg.logits.kept import Axes, KeptLogits

Part = tuple[slice, slice, slice]
InSlab = tuple[Box, Values, NDArray[Any], list[Values]]
"""See `Lead.in_slab`."""


@dataclass(frozen=True, eq=False)
class Lead:
    """What an organ's logit is above those of its rivals, in a box of the scan.

    Parameters
    ----------
    kept : KeptLogits
    box : Box
        Of the scan.
    axes : tuple of Along
        How its voxels lie between those of the logits.
    part : tuple of slice
        The logits around them.
    over : tuple of (int, ndarray of float32 of the part's shape)
        Of each rival its label, and the organ's logit less its own; background first.
    """

    kept: KeptLogits
    box: Box
    axes: Axes
    part: Part
    over: tuple[tuple[int, Values], ...]

    @classmethod
    def of(cls, kept: KeptLogits, value: int, box: Box) -> Lead:
        """Lead of an organ in a box of the scan that lies within that of the logits.

        Rivals are background and whoever is ahead of all others but the organ somewhere there.
        """
        inside = (
            slice(first - origin, stop - origin)
            for first, stop, origin in zip(box.start, box.stop, kept.box.start, strict=True)
        )
        part, axes = zip(*(axis.part(new) for axis, new in zip(kept.axes, inside)), strict=True)
        own = kept.classes(value)
        others = [number for number in range(len(kept.values)) if number not in own]

        def logits(number: int) -> Values:
            return np.asarray(kept.logits[(number, *part)], np.float32)

        organ, most = reduce(np.maximum, map(logits, own)), logits(others[0])
        nearest = np.zeros(most.shape, np.min_scalar_type(len(others)))
        for place, number in enumerate(others[1:], 1):
            logit = logits(number)
            np.maximum(nearest, (logit > most) * nearest.dtype.type(place), out=nearest)
            np.maximum(most, logit, out=most)
        there = (each for place, each in enumerate(others) if not place or (nearest == place).any())
        over = tuple((kept.values[each], organ - logits(each)) for each in there)
        return cls(kept, box, axes, part, over)

    @cached_property
    def least(self) -> Values:
        """Over the nearest rival, of the part's shape."""
        return reduce(np.minimum, (lead for _, lead in self.over))

    @property
    def labels(self) -> NDArray[np.integer[Any]]:
        """Of the rivals, by their numbers."""
        return np.array([label for label, _ in self.over])

    @property
    def nearest(self) -> tuple[NDArray[Any], ...]:
        """Index of the scan's voxel that is nearest to each of the part's."""
        return np.ix_(
            *(
                first + np.searchsorted(axis.nearest, np.arange(size)).clip(max=axis.lower.size - 1)
                for first, axis, size in zip(
                    self.box.start, self.axes, self.least.shape, strict=True
                )
            )
        )

    def away_mm(self, voxels: Sequence[Shape]) -> tuple[Values, Values, Values]:
        """Distances to voxels of the scan where something is known, along z, y and x.

        Returns
        -------
        tuple of ndarray of float32, of shapes (voxels, z), (voxels, y) and (voxels, x)
            From each to the part's.
        """
        z, y, x = (
            ((np.arange(part.start, part.stop) - at[:, None]) * step).astype(np.float32)
            for part, at, step in zip(
                self.part, self.kept.exactly(voxels), self.kept.spacing, strict=True
            )
        )
        return z, y, x

    def around(self, voxels: Sequence[Shape]) -> NDArray[np.bool_]:
        """Mask of the part's voxels around some of the scan's."""
        inside = np.array(voxels).reshape(-1, 3).T - np.array(self.box.start)[:, None]
        sides = (
            (axis.lower[at], axis.upper[at]) for axis, at in zip(self.axes, inside, strict=True)
        )
        mask = np.zeros(self.least.shape, bool)
        for corner in product(*sides):
            mask[corner] = True
        return mask

    def on_scan(self, fields: Sequence[Values], near: NDArray[np.bool_]) -> Iterator[InSlab]:
        """At the voxels of the scan, some slices at a time; see `slabs` and `in_slab`."""
        return (self.in_slab(slab, fields) for slab in self.slabs(near))

    def slabs(self, near: NDArray[np.bool_]) -> Iterator[Part]:
        """Some slices of the box at a time, and of them the rows and columns that are wanted.

        Parameters
        ----------
        near : ndarray of bool, of the part's shape
            What lies between none of these voxels is left out.
        """
        for new, old, _ in by_slices(self.axes[0]):
            place = bounds_of(np.asarray(near[old].any(axis=0)))
            if place is None:
                continue
            rows, columns = (
                axis.reached(each) for axis, each in zip(self.axes[1:], place, strict=True)
            )
            yield new, rows, columns

    def in_slab(self, new: Part, fields: Sequence[Values]) -> InSlab:
        """At the voxels of some slices of the box.

        Parameters
        ----------
        new : tuple of slice
            Of the box; see `slabs`.
        fields : sequence of ndarray of float32, each of the part's shape
            What is wanted there besides.

        Returns
        -------
        box : Box
            Of the scan.
        lead : ndarray of float32, of the box's shape
            Over the nearest rival.
        rival : ndarray of unsigned int, of the box's shape
            Its number; see `labels`.
        fields : list of ndarray of float32, each of the box's shape
        """
        parts = [axis.part(each) for axis, each in zip(self.axes, new, strict=True)]
        old, axes = zip(*parts, strict=True)
        (_, over), *others = self.over
        lead = interpolated(over[old], axes)
        rival = np.zeros(lead.shape, np.min_scalar_type(len(self.over)))
        for number, (_, over) in enumerate(others, 1):
            place = bounds_of(over[old] <= self.least[old])
            if place is None:
                continue
            within = tuple(axis.reached(each) for axis, each in zip(axes, place, strict=True))
            around = [axis.part(each) for axis, each in zip(axes, within, strict=True)]
            inner, inner_axes = zip(*around, strict=True)
            other = interpolated(over[old][inner], inner_axes)
            nearer = (other < lead[within]) * rival.dtype.type(number)
            np.maximum(rival[within], nearer, out=rival[within])
            np.minimum(lead[within], other, out=lead[within])
        box = Box(
            tuple(a + b.start for a, b in zip(self.box.start, new)),
            tuple(a + b.stop for a, b in zip(self.box.start, new)),
        )
        return box, lead, rival, [interpolated(each[old], axes) for each in fields]


def bounds_of(mask: NDArray[np.bool_]) -> tuple[slice, ...] | None:
    """Extents of what is true in a mask; None where nothing is."""
    found: list[tuple[slice, ...]] = ndimage.find_objects(mask.view(np.uint8))
    return found[0] if found else None
