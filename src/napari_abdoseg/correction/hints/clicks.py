"""What clicks say of an organ's logit: what has to be added to it, there and elsewhere.

Of all that could be added, the likeliest is taken that puts each clicked voxel on its side of the
boundary. What lacks at an organ's true boundary was looked at on phantoms that differ from those
of a training: it is alike within 20 mm, and a fifth of it is the same all round the organ. So it is
taken for a Gaussian process of that covariance (C. E. Rasmussen and C. K. I. Williams, Gaussian
Processes for Machine Learning, 2006), whose mode under inequalities is a small quadratic program.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import nnls

from napari_abdoseg.correction.hints.lead import Lead
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.logits.interpolation import SLICES, Values
from napari_abdoseg.logits.kept import KeptLogits

ALL_ROUND = 0.2
COVARIANCE = ((0.55, 20.0), (0.25, 4.0))
"""Share of what lacks that is alike everywhere, and shares that are so over some mm; see
`benchmarks/interaction.py`."""
LEAST = 1e-2
"""By which a clicked voxel is beyond the boundary, in the units of the logits."""
RIDGE = 1e-4
MORE = 0.3


@dataclass(frozen=True)
class Across:
    """A click is of its slice, and fades with the distance from that, to nothing.

    Parameters
    ----------
    axis : int
        Of (z, y, x), across the slice.
    mm : float
        Where nothing of it is left.
    """

    axis: int
    mm: float


@dataclass(frozen=True)
class Click:
    """A voxel that was on the wrong side of an organ's boundary.

    Parameters
    ----------
    place : tuple of int
        The voxel (z, y, x) of the scan.
    inside : bool
        Whether it should be the organ's.
    reach_mm : float, optional
        The click is of the place alone and fades over so many mm; by default the organ's whole
        boundary follows.
    more : float, optional
        By which share of what the voxel lacks the boundary goes beyond it: the middle of what is
        wrong is clicked, not its end.
    across : Across, optional
        How it fades with the distance from its slice besides; by default it doesn't.
    """

    place: Shape
    inside: bool
    reach_mm: float | None = None
    more: float = MORE
    across: Across | None = None

    @property
    def way(self) -> int:
        """1 for an organ that grows, -1 for one that shrinks."""
        return 1 if self.inside else -1


@dataclass(frozen=True, eq=False)
class Addition:
    """What clicks add to an organ's logit.

    Parameters
    ----------
    clicks : tuple of Click
    weights : tuple of float
        One a click.
    """

    clicks: tuple[Click, ...]
    weights: tuple[float, ...]

    @classmethod
    def of(cls, kept: KeptLogits, value: int, clicks: Sequence[Click]) -> Addition:
        """Of the clicks on an organ, in their order."""
        added = cls((), ())
        for click in clicks:
            if click.reach_mm is not None:
                here = _Places.of(kept, [click])
                need = max(float(added.needed(value, [click], here)[0]), 0.0)
                weight = click.way * need / float(here.felt(click)[0])
                added = cls((*added.clicks, click), (*added.weights, weight))
        whole = [click for click in clicks if click.reach_mm is None]
        if not whole:
            return added
        there = _Places.of(kept, whole)
        ways = np.array([click.way for click in whole])
        alike = np.stack([there.felt(click) for click in whole], axis=1)
        needs = added.needed(value, whole, there)
        weights = ways * least_that_suffices(ways[:, None] * alike * ways, needs)
        return cls((*added.clicks, *whole), (*added.weights, *weights.tolist()))

    def on(self, lead: Lead) -> Values:
        """At each voxel of a lead's part."""
        total = np.zeros(lead.least.shape, np.float32)
        felt = [
            (click, np.float32(weight), lead.away_mm(click.place))
            for click, weight in zip(self.clicks, self.weights, strict=True)
            if weight
        ]
        for first in range(0, len(total), SLICES):
            part = slice(first, first + SLICES)
            for click, weight, (z, y, x) in felt:
                total[part] += weight * _fading(click, (z[part], y, x))
        return total

    def needed(self, value: int, clicks: Sequence[Click], there: _Places) -> NDArray[np.float64]:
        """What lacks at clicks for their voxels to be on the right side; below zero: is spare."""
        added = sum(
            weight * there.felt(click)
            for click, weight in zip(self.clicks, self.weights, strict=True)
        )
        away = np.array([click.way for click in clicks]) * (there.lead(value) + added)
        beyond = 1 + np.array([click.more for click in clicks])
        return np.asarray(LEAST - away * np.where(away < 0, beyond, 1))


@dataclass(frozen=True, eq=False)
class _Places:
    """Voxels of the scan between those of the logits.

    Parameters
    ----------
    kept : KeptLogits
    around : tuple of ndarray of int, each of shape (places, 8)
        z, y and x of the logits around each.
    weights : ndarray of float, shape (places, 8)
        Share of each of them.
    """

    kept: KeptLogits
    around: tuple[NDArray[np.integer[Any]], ...]
    weights: NDArray[np.float64]

    @classmethod
    def of(cls, kept: KeptLogits, clicks: Sequence[Click]) -> Self:
        """Those that were clicked."""
        places = np.array([click.place for click in clicks]) - kept.box.start
        around: list[NDArray[np.integer[Any]]] = []
        weights = np.ones((len(places), 8))
        for number, (axis, at) in enumerate(zip(kept.axes, places.T, strict=True)):
            upper = (np.arange(8) >> number & 1).astype(bool)
            around.append(np.where(upper, axis.upper[at][:, None], axis.lower[at][:, None]))
            share = axis.weight[at][:, None]
            weights = weights * np.where(upper, share, 1 - share)
        return cls(kept, tuple(around), weights)

    def lead(self, value: int) -> NDArray[np.float64]:
        """How far an organ is ahead of its nearest rival, shape (places,)."""
        z, y, x = self.around
        logits = self.kept.logits[:, z, y, x].astype(np.float64)
        own = np.array(self.kept.values) == value
        organ = logits[own].max(axis=0)
        return np.asarray(((organ - logits[~own]) * self.weights).sum(axis=2).min(axis=0))

    def felt(self, click: Click) -> NDArray[np.float64]:
        """What of a click is felt at each, shape (places,)."""
        steps = zip(self.around, self.kept.exactly(click.place), self.kept.spacing, strict=True)
        away = [np.asarray((axis - at) * step, np.float32) for axis, at, step in steps]
        return np.asarray((_fading(click, away) * self.weights).sum(axis=1))


def _fading(click: Click, away_mm: Sequence[Values]) -> Values:
    """What of a click is felt at distances along (z, y, x), which are broadcast."""
    felt = _by_distance(click, np.asarray(sum(axis**2 for axis in away_mm)))
    if click.across is None:
        return felt
    axis, mm = click.across.axis, np.float32(click.across.mm)
    return np.asarray(felt * (1 - np.abs(away_mm[axis]) / mm).clip(min=0))


def _by_distance(click: Click, squares_mm: Values) -> Values:
    if click.reach_mm is not None:
        return np.asarray(np.exp(-squares_mm / (2 * click.reach_mm**2)), np.float32)
    away = np.sqrt(squares_mm)
    felt = np.full(away.shape, ALL_ROUND, np.float32)
    for share, reach in COVARIANCE:
        part = away / np.float32(-reach)
        np.exp(part, out=part)
        part *= np.float32(share)
        felt += part
    return felt


def least_that_suffices(alike: NDArray[Any], needs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights, none below zero, of the likeliest addition that is no less than what is needed."""
    even = (alike + alike.T) / 2
    least = float(np.linalg.eigvalsh(even)[0])  # below zero for places nearly the same
    root = np.linalg.cholesky(even + (RIDGE + max(-least, 0.0)) * np.eye(len(even)))
    weights, _ = nnls(root.T, solve_triangular(root, needs, lower=True))
    return np.asarray(weights)
