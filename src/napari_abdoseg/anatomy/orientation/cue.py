"""A thing that is seen, and how much it speaks for or against the header of a scan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_abdoseg.image.grid import Triple

HEAD_FOOT, FRONT_BACK, LEFT_RIGHT = range(3)
"""Axes of (z, y, x)."""


@dataclass(frozen=True)
class Usual:
    """How something lies in people along an axis.

    Parameters
    ----------
    axis : int
        Of (z, y, x).
    mean, spread : float
        Of a measure along the axis that changes its sign when the axis is flipped: mean
        and standard deviation over people.
    most : float
        Evidence that the measure is believed up to, for what it measures may be mistaken.
    """

    axis: int
    mean: float
    spread: float
    most: float

    def evidence(self, measured: float, trust: float = 1.0) -> float:
        """Logarithm of the odds that the axis runs as the header says.

        Of two normal distributions, that of people and its mirror image.
        """
        odds = 2 * self.mean * measured / self.spread**2
        return trust * float(np.clip(odds, -self.most, self.most))


@dataclass(frozen=True)
class Cue:
    """Something that is seen.

    Parameters
    ----------
    axis : int
        Of (z, y, x).
    evidence : float
        Logarithm of the odds that the axis runs as the header says; negative where it
        speaks against it.
    seen : str
        In words, such as ``"the spine lies in front"``.
    mark : str
        Its name in a picture.
    place : tuple of float
        Its voxel (z, y, x) in the scan.
    """

    axis: int
    evidence: float
    seen: str
    mark: str
    place: Triple
