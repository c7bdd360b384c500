"""Expected DSC and its interval, learnt from observations.

Expected DSC never falls with agreement: medians of observations of like agreement, made
monotone by pooling (Barlow et al., Statistical Inference under Order Restrictions, 1972).
Intervals are conformal: scores are how many spreads DSC is off the expected one, by a curve that
was learnt without the observation's own case (cross-conformal; Vovk, Annals of Mathematics and
Artificial Intelligence 74 (2015), 9-28), the spread being one of like agreement (Lei et al.,
Distribution-free predictive inference for regression, Journal of the American Statistical
Association 113 (2018), 1094-1111). An interval ends at the score whose rank is that of a quantile
of the scores and one more that is unknown, which is the correction for few of them; where there
is no such score, at a DSC of 0 or 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from napari_abdoseg.inference.model.quality_calibration import (
    COVERAGE,
    OrganCurves,
    QualityCurve,
)
from napari_abdoseg.training.calibrating.observing import Observation

LEAST = 20
"""Observations from which a curve is learnt."""
OF_A_KNOT, MOST_KNOTS = 12, 12
PARTS = 5
"""Of the cases, each of which is scored by a curve of the others."""
NARROWEST = 0.002
UNKNOWN = 1e6
"""Spreads beyond which everything lies."""
Numbers = NDArray[np.float64]


def organ_curves(observations: Sequence[Observation]) -> OrganCurves | None:
    """What is expected of an organ; None where too few observations tell.

    Parameters
    ----------
    observations : sequence of Observation
        Of one organ.
    """
    plausible = [each for each in observations if not each.in_doubt]
    doubted = [each for each in observations if each.in_doubt]
    if len(plausible) < LEAST:
        return None
    curve = _fit(plausible)
    if len(doubted) >= LEAST:
        return OrganCurves(plausible=curve, in_doubt=_fit(doubted))
    whole = _knots(_numbers(observations))
    wide = _curve(whole, -UNKNOWN, UNKNOWN, max(1, len(doubted)))
    return OrganCurves(plausible=curve, in_doubt=wide)


@dataclass(frozen=True, eq=False)
class Knots:
    """A curve of expected DSC and its spread, each of shape (knot,)."""

    agreement: Numbers
    dsc: Numbers
    spread: Numbers

    def scores(self, agreement: Numbers, dsc: Numbers) -> Numbers:
        """How many spreads DSC is off the expected one."""
        expected = np.interp(agreement, self.agreement, self.dsc)
        return (dsc - expected) / np.interp(agreement, self.agreement, self.spread)


def _fit(observations: Sequence[Observation]) -> QualityCurve:
    numbers = _numbers(observations)
    cases = sorted({each.case for each in observations})
    part = np.array([cases.index(each.case) % PARTS for each in observations])
    scores = np.concatenate(
        [
            _knots(numbers[part != each]).scores(*numbers[part == each].T)
            for each in range(PARTS)
            if 0 < np.count_nonzero(part == each) < len(numbers)
        ]
        or [np.empty(0)]
    )
    return _curve(_knots(numbers), *reaches(scores), len(observations))


def reaches(scores: Numbers) -> tuple[float, float]:
    """Between which scores the next one lies, with the probability `COVERAGE` at least."""
    ordered, tail = np.sort(scores), (1 - COVERAGE) / 2
    rank = math.floor((len(ordered) + 1) * tail + 1e-9)
    if rank < 1:
        return -UNKNOWN, UNKNOWN
    return float(ordered[rank - 1]), float(ordered[-rank])


def _numbers(observations: Sequence[Observation]) -> Numbers:
    """Agreement and DSC, shape (observation, 2)."""
    return np.array([(each.agreement, each.dsc) for each in observations])


def _knots(numbers: Numbers) -> Knots:
    """A curve through groups of like agreement."""
    ordered = numbers[np.lexsort(numbers.T[::-1])]
    count = min(max(len(ordered) // OF_A_KNOT, 1), MOST_KNOTS)
    groups = np.array_split(ordered, count)
    agreement = np.array([np.median(group[:, 0]) for group in groups])
    sizes = np.array([len(group) for group in groups])
    medians = np.array([np.median(group[:, 1]) for group in groups])
    dsc = np.clip(isotonic_regression(medians, weights=sizes).x, 0, 1)
    expected = (
        np.interp(ordered[:, 0], agreement, dsc) if count > 1 else np.full(len(ordered), dsc[0])
    )
    off = np.split(np.abs(ordered[:, 1] - expected), np.cumsum(sizes)[:-1])
    spread = np.clip([np.median(each) for each in off], NARROWEST, 1)
    kept = np.append(np.diff(agreement) > 0, True)
    return Knots(agreement[kept], dsc[kept], spread[kept])


def _curve(knots: Knots, below: float, above: float, observations: int) -> QualityCurve:
    rounded = (np.round(each, 6).tolist() for each in (knots.agreement, knots.dsc, knots.spread))
    agreement, dsc, spread = rounded
    return QualityCurve(
        agreement=agreement,
        dsc=dsc,
        spread=spread,
        below=round(below, 4),
        above=round(above, 4),
        observations=observations,
    )
