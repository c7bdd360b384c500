"""What clicks say of an organ's logit: what has to be added to it, there and elsewhere.

Of all that could be added, the likeliest is taken that puts each clicked voxel on its side of the
boundary. What lacks at an organ's true boundary was looked at on phantoms that differ from those
of a training: it is alike within 20 mm, and a fifth of it is the same all round the organ. So it is
taken for a Gaussian process of that covariance (C. E. Rasmussen and C. K. I. Williams, Gaussian
Processes for Machine Learning, 2006), whose mode under inequalities is a small quadratic program.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.correction.hints.fading import faded, faded_on_grid
from napari_abdoseg.correction.hints.lead import Lead
from napari_abdoseg.correction.hints.least_that_suffices import least_that_suffices
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.logits.interpolation import Values
from napari_abdoseg.logits.kept import KeptLogits

LEAST = 1e-2
"""By which a clicked voxel is beyond the boundary, in the units of the logits."""
PLACES = 64
"""At a time, which processors' caches hold."""
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

    @property
    def axis(self) -> int:
        """Of (z, y, x), across its slice."""
        return 0 if self.across is None else self.across.axis

    def left(self, away_mm: Values) -> Values:
        """What is left of it so far from its slice."""
        if self.across is None:
            return np.ones_like(away_mm)
        return np.asarray((1 - np.abs(away_mm) / np.float32(self.across.mm)).clip(min=0))


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
                weight = click.way * need / float(here.felt([click])[0, 0])
                added = cls((*added.clicks, click), (*added.weights, weight))
        whole = [click for click in clicks if click.reach_mm is None]
        if not whole:
            return added
        there = _Places.of(kept, whole)
        ways = np.array([click.way for click in whole])
        alike = there.felt(whole)
        needs = added.needed(value, whole, there)
        weights = ways * least_that_suffices(ways[:, None] * alike * ways, needs)
        return cls((*added.clicks, *whole), (*added.weights, *weights.tolist()))

    def on(self, lead: Lead) -> Values:
        """At each voxel of a lead's part."""
        total = np.zeros(lead.least.shape, np.float32)
        for plane in planes(self.clicks):
            felt = [number for number in plane if self.weights[number]]
            if not felt:
                continue
            first = self.clicks[felt[0]]
            away = lead.away_mm([self.clicks[number].place for number in felt])
            along = away[first.axis][0]
            rows, columns = (each for axis, each in enumerate(away) if axis != first.axis)
            added = faded_on_grid(
                [self.weights[number] for number in felt],
                first.reach_mm,
                (along, rows, columns),
                first.left(along),
            )
            np.moveaxis(total, first.axis, 0)[:] += added
        return total

    def needed(self, value: int, clicks: Sequence[Click], there: _Places) -> NDArray[np.float64]:
        """What lacks at clicks for their voxels to be on the right side; below zero: is spare."""
        added = there.felt(self.clicks) @ np.array(self.weights)
        away = np.array([click.way for click in clicks]) * (there.lead(value) + added)
        beyond = 1 + np.array([click.more for click in clicks])
        return np.asarray(LEAST - away * np.where(away < 0, beyond, 1))


@dataclass(frozen=True, eq=False)
class _Places:
    """Voxels of the scan between those of the logits.

    Parameters
    ----------
    kept : KeptLogits
    around : tuple of ndarray of int, of shapes (places, 2, 1, 1), (places, 1, 2, 1) and
        (places, 1, 1, 2)
        z, y and x of the logits around each.
    weights : ndarray of float, shape (places, 2, 2, 2)
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
        weights = np.ones((len(places), 2, 2, 2))
        for number, (axis, at) in enumerate(zip(kept.axes, places.T, strict=True)):
            shape = [len(places), *(2 if each == number else 1 for each in range(3))]
            around.append(np.stack([axis.lower[at], axis.upper[at]], axis=1).reshape(shape))
            share = axis.weight[at]
            weights *= np.stack([1 - share, share], axis=1).reshape(shape)
        return cls(kept, tuple(around), weights)

    def lead(self, value: int) -> NDArray[np.float64]:
        """How far an organ is ahead of its nearest rival, shape (places,)."""
        z, y, x = self.around
        logits = self.kept.logits[:, z, y, x].astype(np.float64)
        own = np.array(self.kept.values) == value
        organ = logits[own].max(axis=0)
        ahead = (organ - logits[~own]) * self.weights
        return np.asarray(ahead.sum(axis=(2, 3, 4)).min(axis=0))

    def felt(self, clicks: Sequence[Click]) -> NDArray[np.float64]:
        """What of clicks is felt at each, shape (places, clicks)."""
        felt = np.empty((len(self.weights), len(clicks)))
        for plane in planes(clicks):
            click = clicks[plane[0]]
            at = self.kept.exactly([clicks[number].place for number in plane])
            for first in range(0, len(felt), PLACES):
                some = slice(first, first + PLACES)
                away = [
                    np.asarray((axis[some, ..., None] - own) * step, np.float32)
                    for axis, own, step in zip(self.around, at, self.kept.spacing, strict=True)
                ]
                squares = np.asarray(sum(axis**2 for axis in away))
                shares = faded(squares, click.reach_mm) * click.left(away[click.axis])
                felt[some, plane] = np.einsum("pzyxc,pzyx->pc", shares, self.weights[some])
        return felt


def planes(clicks: Sequence[Click]) -> list[list[int]]:
    """Numbers of clicks that lie in the same slice and fade alike."""
    found: defaultdict[Hashable, list[int]] = defaultdict(list)
    for number, click in enumerate(clicks):
        key = click.axis, click.place[click.axis], click.across, click.reach_mm
        found[key].append(number)
    return list(found.values())
