"""A label map as tools see it: organs in their boxes, and what of them may be changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box, bounding_boxes
from napari_abdoseg.anatomy.tally import Edit, Indices
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.image.grid import Shape, Triple
from napari_abdoseg.image.organ import capitalized, in_sentence, number_name
from napari_abdoseg.image.volume import LabelMap

BACKGROUND = 0


@dataclass(frozen=True, eq=False)
class EditableLabels:
    """A label map with the boxes of its organs.

    Parameters
    ----------
    data : ndarray, shape (z, y, x)
        Label values, which tools read and never write.
    spacing : tuple of float
        mm along (z, y, x).
    boxes : mapping of int to Box
        Of each label value that is there; larger boxes only take longer.
    locked : frozenset of int, optional
        Label values whose voxels stay as they are, and that no other voxel gets.
    names : mapping of int to str, optional
        For sentences.

    Examples
    --------
    >>> from napari_abdoseg import make_phantom
    >>> from napari_abdoseg.correction.editable_labels import EditableLabels
    >>> labels = EditableLabels.of(make_phantom(1, (12.0, 10.0, 10.0))[1], locked=[2])
    >>> sorted(labels.boxes), sorted(labels.locked)
    ([1, 2, 3, 4], [2])
    """

    data: NDArray[Any]
    spacing: Triple
    boxes: Mapping[int, Box]
    locked: frozenset[int] = frozenset()
    names: Mapping[int, str] | None = None

    @classmethod
    def of(cls, labels: LabelMap, locked: Iterable[int] = ()) -> Self:
        """A label map whose boxes are found now."""
        boxes = {organ.value: box for organ, box in bounding_boxes(labels).items()}
        names = {organ.value: organ.name for organ in labels.organs}
        return cls(labels.data, labels.grid.spacing, boxes, frozenset(locked), names)

    def around(self, values: Iterable[int], margin_mm: float = 0.0) -> Box:
        """Smallest box that holds labels, with a margin that ends with the scan.

        Raises
        ------
        CorrectionError
            One of them is nowhere in the label map.
        """
        box: Box | None = None
        for value in values:
            if value not in self.boxes:
                raise CorrectionError(
                    f"There is no {self.name_of(value)} in this label map: choose an organ that "
                    "is there, or paint some of it first."
                )
            box = self.boxes[value] if box is None else box.union(self.boxes[value])
        if box is None:
            raise CorrectionError("No organ is chosen: choose one in the list of organs.")
        return self.grown(box, margin_mm)

    def grown(self, box: Box, margin_mm: float) -> Box:
        """A box with a margin that ends with the scan.

        Raises
        ------
        CorrectionError
            Nothing of it lies in the scan.
        """
        voxels = [int(np.ceil(margin_mm / step)) for step in self.spacing]
        return self.within(
            Box(
                _shape(a - more for a, more in zip(box.start, voxels, strict=True)),
                _shape(b + more for b, more in zip(box.stop, voxels, strict=True)),
            )
        )

    def within(self, box: Box) -> Box:
        """What of a box lies in the scan.

        Raises
        ------
        CorrectionError
            Nothing does.
        """
        start = _shape(max(0, first) for first in box.start)
        stop = _shape(map(min, box.stop, self.data.shape))
        if any(first >= end for first, end in zip(start, stop, strict=True)):
            raise CorrectionError("The box lies outside the scan: draw it where the scan is.")
        return Box(start, stop)

    def require_unlocked(self, *values: int) -> None:
        """Require that labels may change.

        Raises
        ------
        CorrectionError
            One of them is locked.
        """
        for value in values:
            if value in self.locked:
                raise CorrectionError(
                    f"{capitalized(self.the(value))} is locked: unlock it in the list of organs."
                )

    def edit(self, box: Box, wanted: NDArray[Any]) -> Edit:
        """What has to change in a box so that it holds other labels, as far as locks allow.

        Parameters
        ----------
        box : Box
        wanted : ndarray, of the box's shape
            Label values.
        """
        differs = np.flatnonzero(self.data[box.slices] != wanted)
        inside = np.unravel_index(differs, wanted.shape)
        z, y, x = (index + first for index, first in zip(inside, box.start, strict=True))
        return self.edit_at((z, y, x), wanted[inside])

    def edit_at(self, where: Indices, wanted: Any) -> Edit:
        """What has to change so that voxels have other labels, as far as locks allow.

        Parameters
        ----------
        where : tuple of ndarray, each of shape (voxels,)
            Their z, y and x; each voxel once.
        wanted : int or ndarray, shape (voxels,)
            Label values.
        """
        before = self.data[where]
        after = np.broadcast_to(np.asarray(wanted, before.dtype), before.shape)
        changing = before != after
        if self.locked:
            locked = list(self.locked)
            changing &= ~(np.isin(before, locked) | np.isin(after, locked))
        if changing.all():
            return Edit(where, before, after.copy())
        z, y, x = (axis[changing] for axis in where)
        return Edit((z, y, x), before[changing], after[changing])

    def name_of(self, value: int) -> str:
        """What a label is called."""
        return (self.names or {}).get(value, number_name(value))

    def the(self, value: int) -> str:
        """A label within a sentence, such as ``"the liver"``."""
        return in_sentence(value, self.name_of(value))


def _shape(values: Iterable[int]) -> Shape:
    z, y, x = values
    return z, y, x
