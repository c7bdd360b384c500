"""What hints leave as it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.tally import Edit, Indices
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.logits.kept import KeptLogits

Found = tuple[Indices, NDArray[Any]]
"""Voxels of the scan (z, y, x), each once, and which labels they get."""


@dataclass(frozen=True, eq=False)
class Sparing:
    """What stays as it is, besides locked organs.

    Parameters
    ----------
    within : Box, optional
        Nothing changes elsewhere: a side of an organ, a slab, or what is in view.
    by_hand : ndarray, shape (z, y, x), optional
        Voxels of the scan that aren't zero stay as a person has painted them.
    """

    within: Box | None = None
    by_hand: NDArray[Any] | None = None

    def box(self, kept: KeptLogits, box: Box, place: Shape) -> Box:
        """What of a box may change.

        Raises
        ------
        CorrectionError
            The place where the hint is given may not.
        """
        for other in (kept.box, self.within):
            if other is None:
                continue
            common = box.common(other)
            if common is None or not other.holds(place):
                raise CorrectionError(
                    "That place is not where the hint may change anything: click within it."
                )
            box = common
        return box


ALL_FREE = Sparing()
"""Nothing stays but what is locked."""


def changes(
    labels: EditableLabels, kept: KeptLogits, sparing: Sparing, found: Iterable[Found]
) -> Edit:
    """What has to change so that voxels have other labels, as far as locks and hands allow.

    Organs that the model doesn't know stay, too.

    Parameters
    ----------
    labels : EditableLabels
    kept : KeptLogits
    sparing : Sparing
    found : iterable of Found
    """
    none = np.zeros(0, np.intp)
    voxels, values = zip(((none, none, none), none), *found)
    where = tuple(np.concatenate(axis) for axis in zip(*voxels, strict=True))
    free = np.isin(labels.data[where], kept.values)
    if sparing.by_hand is not None:
        free &= sparing.by_hand[where] == 0
    wanted = np.concatenate(values)
    if not free.all():
        where, wanted = tuple(axis[free] for axis in where), wanted[free]
    z, y, x = where
    return labels.edit_at((z, y, x), wanted)


def voxels_of(box: Box, mask: NDArray[np.bool_]) -> tuple[Indices, NDArray[np.intp]]:
    """Voxels of the scan in a mask of a box, and their places in it as one row."""
    there = np.flatnonzero(mask)
    inside = np.unravel_index(there, mask.shape)
    z, y, x = (axis + first for axis, first in zip(inside, box.start, strict=True))
    return (z, y, x), there


def require_known(
    labels: EditableLabels, kept: KeptLogits, value: int, place: Shape | None = None
) -> None:
    """Require that an organ may change, and that something is known of it, at a place if given.

    Raises
    ------
    CorrectionError
        It is locked, or the model knows no such organ, or the place is too far from all organs.
    """
    labels.require_unlocked(value)
    if not kept.classes(value):
        raise CorrectionError(
            f"The model knows no {labels.name_of(value)}: paint it, or choose another organ."
        )
    if place is not None and not kept.box.holds(place):
        raise CorrectionError(
            "That place is too far from all organs that were found, and no hint reaches it: paint "
            "there."
        )
