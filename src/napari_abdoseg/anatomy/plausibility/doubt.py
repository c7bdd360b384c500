"""A place in a label map that is worth a look, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.image.organ import Organ


class Kind(StrEnum):
    """What seems wrong."""

    OUTSIDE = "outside the body"
    SIDE = "wrong side"
    DENSITY = "HU out of range"
    PIECES = "several pieces"
    HOLE = "hole"
    CUT = "cut by a plane"


class Certainty(IntEnum):
    """How sure it is that a person would correct it."""

    POSSIBLE = 1
    LIKELY = 2
    CERTAIN = 3

    @property
    def word(self) -> str:
        """As it is written."""
        return self.name.lower()


@dataclass(frozen=True)
class Doubt:
    """A place that no healthy abdomen explains.

    Parameters
    ----------
    kind : Kind
    certainty : Certainty
    organ : Organ
        Whose label is in doubt.
    voxel : tuple of int
        Where to look, along (z, y, x).
    box : Box
        Around the place.
    volume_ml : float
        Of what is in doubt; of a cut, that of the voxels along it.
    words : str
        What is seen, such as ``"a piece of 2.1 ml lies 34 mm from the rest"``.
    """

    kind: Kind
    certainty: Certainty
    organ: Organ
    voxel: Shape
    box: Box
    volume_ml: float
    words: str
