"""Parts of an organ that hang together: which there are, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.box import Box, shifted_box
from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import BACKGROUND, EditableLabels
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.image.grid import Shape

MM3_PER_ML = 1000.0


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
    numbers : ndarray of int, of the box's shape
        1 for the largest part, 2 for the next, and so on; 0 elsewhere.
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
    numbers: NDArray[np.intp]
    voxels: tuple[int, ...]

    @property
    def volumes_ml(self) -> tuple[float, ...]:
        """Volume of each part."""
        voxel = float(np.prod(self.labels.spacing)) / MM3_PER_ML
        return tuple(voxel * count for count in self.voxels)

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Box of each part, in voxels of the label map."""
        places = ndimage.find_objects(self.numbers)
        return tuple(shifted_box(place, self.box.start) for place in places)

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
        others = (self.numbers > 0) & (self.numbers != self.at(place))
        return self._turn(others, BACKGROUND)

    def give(self, place: Shape, value: int) -> Edit:
        """Give the part at a voxel to another label."""
        return self._turn(self.numbers == self.at(place), value)

    def split(self, values: tuple[int, ...]) -> Edit:
        """Give the largest parts but the first to other labels, one each."""
        table = np.full(len(self.voxels) + 1, self.value)
        table[2 : 2 + len(values)] = values[: len(table) - 2]
        return self._turn(self.numbers > 1, table[self.numbers])

    def at(self, place: Shape) -> int:
        """Number of the part at a voxel (z, y, x) of the label map.

        Raises
        ------
        CorrectionError
            There is none.
        """
        inside = np.subtract(place, self.box.start)
        if (inside >= 0).all() and (inside < self.numbers.shape).all():
            number = int(self.numbers[tuple(inside)])
            if number:
                return number
        name = self.labels.name_of(self.value)
        raise CorrectionError(f"There is no {name} at that place: click on a part of it.")

    def _turn(self, which: NDArray[np.bool_], into: Any) -> Edit:
        self.labels.require_unlocked(self.value)
        now = self.labels.data[self.box.slices]
        return self.labels.edit(self.box, np.where(which, into, now))


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
    found, count = ndimage.label(labels.data[box.slices] == value)
    voxels = np.bincount(found.ravel(), minlength=count + 1)
    order = np.argsort(-voxels[1:], kind="stable") + 1
    rank = np.zeros(count + 1, np.intp)
    rank[order] = np.arange(1, count + 1)
    return Islands(labels, value, box, rank[found], tuple(voxels[order].tolist()))
