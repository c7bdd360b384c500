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
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import nnls

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.correction.hints.lead import Lead
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.logits.interpolation import Values
from napari_abdoseg.logits.kept import KeptLogits

COVARIANCE = ((0.2, np.inf), (0.55, 20.0), (0.25, 4.0))
"""Shares of what lacks, and over how many mm each is alike; see `benchmarks/interaction.py`."""
LEAST = 1e-2
"""By which a clicked voxel is beyond the boundary, in the units of the logits."""
RIDGE = 1e-4
MORE = 0.3


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
    """

    place: Shape
    inside: bool
    reach_mm: float | None = None
    more: float = MORE

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
                need = max(added.needed(kept, value, click), 0.0)
                felt = _felt(click, _at(kept, value, click.place))
                added = cls((*added.clicks, click), (*added.weights, click.way * need / felt))
        whole = tuple(click for click in clicks if click.reach_mm is None)
        if not whole:
            return added
        ways = np.array([click.way for click in whole])
        needs = [added.needed(kept, value, click) for click in whole]
        alike = [[_felt(of, _at(kept, value, click.place)) for of in whole] for click in whole]
        weights = ways * _least_that_suffices(ways[:, None] * np.array(alike) * ways, needs)
        return cls((*added.clicks, *whole), (*added.weights, *weights.tolist()))

    def on(self, lead: Lead) -> Values:
        """At each voxel of a lead's part."""
        total = np.zeros(lead.least.shape, np.float32)
        for click, weight in zip(self.clicks, self.weights, strict=True):
            if weight:
                total += np.float32(weight) * _fading(click, lead)
        return total

    def needed(self, kept: KeptLogits, value: int, click: Click) -> float:
        """What lacks at a click for its voxel to be on the right side; below zero what is spare."""
        lead = _at(kept, value, click.place)
        away = click.way * lead.at(click.place, self.on(lead))
        return LEAST - away * (1 + click.more if away < 0 else 1)


def _at(kept: KeptLogits, value: int, place: Shape) -> Lead:
    z, y, x = place
    return Lead.of(kept, value, Box(place, (z + 1, y + 1, x + 1)))


def _felt(click: Click, there: Lead) -> float:
    """What of a click is felt at the only voxel of a lead."""
    return there.between(_fading(click, there), there.box.start)


def _fading(click: Click, lead: Lead) -> Values:
    squares = lead.squares_mm(click.place)
    if click.reach_mm is not None:
        return np.asarray(np.exp(-squares / (2 * click.reach_mm**2)), np.float32)
    away = np.sqrt(squares)
    felt = sum(share * np.exp(-away / reach) for share, reach in COVARIANCE)
    return np.asarray(felt, np.float32)


def _least_that_suffices(alike: NDArray[Any], needs: Sequence[float]) -> NDArray[np.float64]:
    """Weights, none below zero, of the likeliest addition that is no less than what is needed."""
    even = (alike + alike.T) / 2 + RIDGE * np.eye(len(alike))
    root = np.linalg.cholesky(even)
    weights, _ = nnls(root.T, solve_triangular(root, needs, lower=True))
    return np.asarray(weights)
