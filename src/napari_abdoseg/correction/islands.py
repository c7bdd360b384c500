"""Parts of an organ that hang together: which there are, and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import BACKGROUND, EditableLabels
from napari_abdoseg.correction.runs import Runs
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.image.grid import Shape

MM3_PER_ML = 1000.0


@dataclass(frozen=True)
class Part:
    """A part of an organ.

    Parameters
    ----------
    place : tuple of int
        One of its voxels, (z, y, x).
    box : Box
    volume_ml : float
    """

    place: Shape
    box: Box
    volume_ml: float


@dataclass(frozen=True, eq=False)
class Islands:
    """The parts of an organ whose voxels share faces, the largest first.

    Parameters
    ----------
    labels : EditableLabels
    value : int
        Label of the organ.
    box : Box
        That holds all of them.
    runs : Runs
        Of the organ's voxels in the box.
    numbers : ndarray of int
        Of each run: 1 if it is of the largest part, 2 of the next, and so on.
    voxels : tuple of int
        Of each part.

    Examples
    --------
    >>> from napari_abdoseg import make_phantom
    >>> from napari_abdoseg.correction.editable_labels import EditableLabels
    >>> from napari_abdoseg.correction.islands import find_islands
    >>> labels = EditableLabels.of(make_phantom(1, (12.0, 10.0, 10.0))[1])
    >>> kidneys = find_islands(labels, 2)
    >>> len(kidneys.voxels), kidneys.keep_largest().before.size == kidneys.voxels[1]
    (2, True)
    """

    labels: EditableLabels
    value: int
    box: Box
    runs: Runs
    numbers: NDArray[np.intp]
    voxels: tuple[int, ...]

    @property
    def volumes_ml(self) -> tuple[float, ...]:
        """Volume of each part."""
        voxel = float(np.prod(self.labels.spacing)) / MM3_PER_ML
        return tuple(voxel * count for count in self.voxels)

    def largest(self, most: int) -> tuple[Part, ...]:
        """The largest parts, so many at the most, in voxels of the label map."""
        z, y = np.divmod(self.runs.rows, self.runs.shape[1])
        low, high = (
            np.stack(each, axis=1) + self.box.start
            for each in ((z, y, self.runs.starts), (z + 1, y + 1, self.runs.stops))
        )
        parts = []
        for number, volume in enumerate(self.volumes_ml[:most], start=1):
            own = np.flatnonzero(self.numbers == number)
            longest = own[self.runs.lengths[own].argmax()]
            box = _box(low[own].min(axis=0), high[own].max(axis=0))
            parts.append(Part(_middle(low[longest], high[longest]), box, volume))
        return tuple(parts)

    def keep_largest(self) -> Edit:
        """Remove all parts but the largest."""
        return self._turn(self.numbers > 1, BACKGROUND)

    def remove_below(self, ml: float) -> Edit:
        """Remove the parts of less than so many ml."""
        small = np.array([False, *(volume < ml for volume in self.volumes_ml)])
        return self._turn(small[self.numbers], BACKGROUND)

    def remove(self, place: Shape) -> Edit:
        """Remove the part at a voxel (z, y, x) of the label map."""
        return self._turn(self.numbers == self.at(place), BACKGROUND)

    def keep(self, place: Shape) -> Edit:
        """Remove all parts but the one at a voxel."""
        return self._turn(self.numbers != self.at(place), BACKGROUND)

    def give(self, place: Shape, value: int) -> Edit:
        """Give the part at a voxel to another label."""
        return self._turn(self.numbers == self.at(place), value)

    def split(
        self, values: Mapping[tuple[int, ...], int], smaller: tuple[int, int] | None = None
    ) -> Edit:
        """Give parts to other labels; all that nothing is said of stay.

        Parameters
        ----------
        values : mapping of tuple of int to int
            A label for the part at a voxel (z, y, x), if there is a part.
        smaller : tuple of int, optional
            A label for all parts after so many of the largest: how many, and the label.
        """
        table = np.full(len(self.voxels) + 1, self.value)
        if smaller is not None:
            kept, value = smaller
            table[kept + 1 :] = value
        for place, value in values.items():
            number = self._number_at(place)
            if number is not None:
                table[number] = value
        into = table[self.numbers]
        return self._turn(into != self.value, into)

    def at(self, place: Shape) -> int:
        """Number of the part at a voxel (z, y, x) of the label map.

        Raises
        ------
        CorrectionError
            There is none.
        """
        number = self._number_at(place)
        if number is None:
            name = self.labels.name_of(self.value)
            raise CorrectionError(f"There is no {name} at that place: click on a part of it.")
        return number

    def _number_at(self, place: Sequence[int]) -> int | None:
        z, y, x = (at - first for at, first in zip(place, self.box.start, strict=True))
        if not all(0 <= at < size for at, size in zip((z, y, x), self.runs.shape, strict=True)):
            return None
        run = self.runs.at(z, y, x)
        return None if run is None else int(self.numbers[run])

    def _turn(self, which: NDArray[np.bool_], into: Any) -> Edit:
        """Give the voxels of some runs a label, or a label of each run."""
        into_those = into[which] if isinstance(into, np.ndarray) else into
        self.labels.require_unlocked(self.value, *np.unique(into_those).tolist())
        inside = self.runs.where(which)
        z, y, x = (index + first for index, first in zip(inside, self.box.start, strict=True))
        if isinstance(into, np.ndarray):
            into = np.repeat(into[which], self.runs.lengths[which])
        return self.labels.edit_at((z, y, x), into)


def find_islands(labels: EditableLabels, value: int) -> Islands:
    """Find the parts of an organ.

    Parameters
    ----------
    labels : EditableLabels
    value : int
        Label of the organ.

    Raises
    ------
    CorrectionError
        The organ isn't there.
    """
    box = labels.around([value])
    runs = Runs.of(labels.data[box.slices] == value)
    parts = runs.parts()
    voxels = np.bincount(parts, runs.lengths).astype(np.intp)
    order = np.argsort(-voxels, kind="stable")
    rank = np.empty(voxels.size, np.intp)
    rank[order] = np.arange(1, voxels.size + 1)
    return Islands(labels, value, box, runs, rank[parts], tuple(voxels[order].tolist()))


def _middle(low: NDArray[np.intp], high: NDArray[np.intp]) -> Shape:
    z, y, x = ((low + high - 1) // 2).tolist()
    return z, y, x


def _box(start: NDArray[np.intp], stop: NDArray[np.intp]) -> Box:
    z, y, x = start.tolist()
    stop_z, stop_y, stop_x = stop.tolist()
    return Box((z, y, x), (stop_z, stop_y, stop_x))
