"""Measures that follow edits by looking at the changed voxels alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.box import Box, slabs
from napari_abdoseg.anatomy.measure import OrganMeasures, require_same_shape
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap, Volume

Indices = tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]], NDArray[np.integer[Any]]]


@dataclass(frozen=True, eq=False)
class Edit:
    """Voxels of a label map that were given other values.

    Parameters
    ----------
    where : tuple of ndarray, each of shape (voxels,)
        Their z, y and x; each voxel once.
    before, after : ndarray, shape (voxels,)
        Their label values.
    """

    where: Indices
    before: NDArray[Any]
    after: NDArray[Any]

    @property
    def reverted(self) -> Edit:
        """The edit that takes this one back."""
        return Edit(self.where, self.after, self.before)

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is other than before."""
        return not self.before.size


@dataclass(frozen=True, eq=False)
class NamesEdit(Edit):
    """An edit of no voxels, by which organs are called otherwise, or added.

    Parameters
    ----------
    organs_before, organs_after : tuple of Organ
        All of the label map.
    """

    organs_before: tuple[Organ, ...]
    organs_after: tuple[Organ, ...]

    @classmethod
    def of(cls, before: Iterable[Organ], after: Iterable[Organ]) -> Self:
        """That of a label map whose organs were these before."""
        none = np.zeros(0, np.uint8)
        return cls((none, none, none), none, none, tuple(before), tuple(after))

    @property
    def reverted(self) -> NamesEdit:
        """The edit that takes this one back."""
        return NamesEdit.of(self.organs_after, self.organs_before)

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is other than before."""
        return self.organs_before == self.organs_after


def names_of(edits: Iterable[Edit]) -> NamesEdit | None:
    """What edits one after the other do to the names of organs; None for nothing."""
    told = [edit for edit in edits if isinstance(edit, NamesEdit)]
    if not told:
        return None
    names = NamesEdit.of(told[0].organs_before, told[-1].organs_after)
    return None if names.is_nothing else names


class Tally:
    """How many voxels of each label lie in each plane of a label map.

    The first and the last plane that holds an organ bound its box: so the box is
    right again after an edit, also where the organ shrank, without another look
    at the volume.

    Parameters
    ----------
    labels : LabelMap
        Label values of shape (z, y, x).
    scan : Volume, optional
        The scan on the same grid, for the mean HU.

    Raises
    ------
    ImageError
        The shapes of labels and scan differ.
    """

    def __init__(self, labels: LabelMap, scan: Volume | None = None) -> None:
        require_same_shape(labels, scan)
        self._organs = labels.organs
        self._grid = labels.grid
        self._scan = None if scan is None else scan.data
        self._counts: dict[int, _Counts] = {}
        for first, end in slabs(0, labels.grid.shape[0], labels.data[0].size):
            self._count_slab(labels.data[first:end], first)

    def apply(self, edit: Edit) -> None:
        """Count the voxels of an edit under their new values."""
        hu = None if self._scan is None else self._scan[edit.where].astype(np.float64)
        for values, sign in ((edit.before, -1), (edit.after, 1)):
            for value in np.unique(values):
                if value:
                    chosen = values == value
                    self._of(int(value)).add(
                        tuple(axis[chosen] for axis in edit.where),
                        None if hu is None else hu[chosen],
                        sign,
                    )

    @property
    def is_possible(self) -> bool:
        """Whether no plane has lost more voxels of a label than were counted there."""
        return all(counts.is_possible for counts in self._counts.values())

    def has_other_than(self, organs: Iterable[Organ]) -> bool:
        """Whether there are voxels of labels that are none of these organs."""
        others = self._counts.keys() - {organ.value for organ in organs}
        return any(self._counts[value].voxels for value in others)

    def measures(self) -> dict[Organ, OrganMeasures]:
        """What `measure_organs` says of the label map as it is now."""
        return {
            organ: self._counts[organ.value].measures(self._grid, self._scan is not None)
            for organ in self._organs
            if organ.value in self._counts and self._counts[organ.value].voxels
        }

    def _of(self, value: int) -> _Counts:
        if value not in self._counts:
            self._counts[value] = _Counts(self._grid.shape)
        return self._counts[value]

    def _count_slab(self, slab: NDArray[Any], first: int) -> None:
        for value, place in enumerate(ndimage.find_objects(slab), start=1):
            if place is None:
                continue
            mask = slab[place] == value
            z, y, x = place
            planes = slice(z.start + first, z.stop + first), y, x
            hu = 0.0
            if self._scan is not None:
                hu = float(self._scan[planes][mask].sum(dtype=np.float64))
            self._of(value).add_mask(planes, mask, hu)


class _Counts:
    """Voxels of one label in each plane along z, y and x, and the sum of their HU."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._planes = [np.zeros(size, np.int64) for size in shape]
        self._hu = 0.0

    @property
    def voxels(self) -> int:
        return int(self._planes[0].sum())

    @property
    def is_possible(self) -> bool:
        return all(planes.min() >= 0 for planes in self._planes)

    def add(self, where: tuple[Any, ...], hu: NDArray[np.float64] | None, sign: int) -> None:
        for planes, indices in zip(self._planes, where, strict=True):
            planes += sign * np.bincount(indices, minlength=len(planes))
        if hu is not None:
            self._hu += sign * float(hu.sum())

    def add_mask(self, place: tuple[slice, ...], mask: NDArray[np.bool_], hu: float) -> None:
        columns = np.count_nonzero(mask, axis=0)
        self._planes[0][place[0]] += np.count_nonzero(mask, axis=(1, 2))
        self._planes[1][place[1]] += columns.sum(axis=1)
        self._planes[2][place[2]] += columns.sum(axis=0)
        self._hu += hu

    def measures(self, grid: Grid, with_hu: bool) -> OrganMeasures:
        (z0, z1), (y0, y1), (x0, x1) = (_bounds(planes) for planes in self._planes)
        box = Box((z0, y0, x0), (z1, y1, x1))
        voxels = self.voxels
        return OrganMeasures(
            voxels=voxels,
            volume_ml=voxels * grid.voxel_volume,
            mean_hu=self._hu / voxels if with_hu else None,
            box=box,
            touches_edge=box.touches_edge(grid),
        )


def _bounds(planes: NDArray[np.int64]) -> tuple[int, int]:
    """First plane that holds anything, and the one after the last."""
    occupied = np.flatnonzero(planes)
    return int(occupied[0]), int(occupied[-1]) + 1
