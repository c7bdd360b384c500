"""Expected DSC and its interval, learnt from observations.

All folds but one have seen a case, so that it flatters them. What that is worth is known from
the fold that has not: the mean difference to the others, of DSC and of agreement, on scans as they
are (the optimism of Efron, Journal of the American Statistical Association 81 (1986), 461-470).
It is taken off for each fold that has seen the case, as if none had.

Expected DSC never falls with agreement: medians of observations of like agreement, made
monotone by pooling (Barlow et al., Statistical Inference under Order Restrictions, 1972).
Intervals are conformal: scores are how many spreads DSC is off the expected one, by a curve that
was learnt without the observation's own case (cross-conformal; Vovk, Annals of Mathematics and
Artificial Intelligence 74 (2015), 9-28), the spread being one of like agreement (Lei et al.,
Distribution-free predictive inference for regression, Journal of the American Statistical
Association 113 (2018), 1094-1111), and are taken apart where anatomy speaks against an organ. An
interval ends at the score whose rank is that of a quantile of the scores and one more that is
unknown, which is the correction for few of them; where there is no such score, at a DSC of 0 or 1.
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
from napari_abdoseg.training.calibrating.shifts import UNSHIFTED

LEAST, LEAST_APART = 20, 36
"""Observations from which a curve is learnt, and one of what is in doubt alone."""
OF_A_KNOT, MOST_KNOTS = 12, 12
PARTS = 5
"""Of the cases, each of which is scored by a curve of the others."""
NARROWEST = 0.002
UNKNOWN = 1e6
"""Spreads beyond which everything lies."""
ROUNDING, DIGITS = 1e-9, 6
Numbers = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


def organ_curves(observations: Sequence[Observation], folds: int) -> OrganCurves | None:
    """What is expected of an organ; None where too few observations tell.

    Parameters
    ----------
    observations : sequence of Observation
        Of one organ.
    folds : int
        All but one of which have seen each case.
    """
    numbers = as_if_unseen(observations, folds)
    doubted = np.array([each.in_doubt for each in observations], bool)
    if np.count_nonzero(~doubted) < LEAST:
        return None
    cases = sorted({each.case for each in observations})
    parts = np.array([cases.index(each.case) % PARTS for each in observations])
    own = np.count_nonzero(doubted) >= LEAST_APART
    plausible = _fit(numbers, parts, ~doubted, ~doubted if own else np.ones_like(doubted))
    in_doubt = _fit(numbers, parts, doubted, doubted if own else np.ones_like(doubted))
    return OrganCurves(plausible=plausible, in_doubt=in_doubt)


def as_if_unseen(observations: Sequence[Observation], folds: int) -> Numbers:
    """Agreement and DSC as they would be if no fold had seen the case, shape (observation, 2)."""
    as_they_are = [each for each in observations if each.shift == UNSHIFTED]
    flattered = np.array(
        [
            (each.agreement_seen - each.agreement_unseen, each.dsc_seen - each.dsc_unseen)
            for each in as_they_are
        ]
        or [(0.0, 0.0)]
    )
    optimism = np.clip(flattered.mean(0), 0, None) * (1 - 1 / folds) * (2, 1)
    found = np.array([(each.agreement, each.dsc) for each in observations])
    unseen: Numbers = np.clip(found - optimism, 0, 1)
    return unseen


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


def _fit(numbers: Numbers, parts: Integers, scored: Booleans, like: Booleans) -> QualityCurve:
    """A curve of observations that are alike, with the reach of some of them.

    Parameters
    ----------
    numbers : ndarray, shape (observation, 2)
    parts : ndarray of int, shape (observation,)
    scored, like : ndarray of bool, shape (observation,)
    """
    scores = [
        _knots(numbers[like & (parts != part)]).scores(*numbers[scored & (parts == part)].T)
        for part in range(PARTS)
        if np.any(like & (parts != part))
    ]
    reach = reaches(np.concatenate([*scores, np.empty(0)]))
    return _curve(_knots(numbers[like]), *reach, max(1, int(scored.sum())))


def reaches(scores: Numbers) -> tuple[float, float]:
    """Between which scores the next one lies, with the probability `COVERAGE` at least.

    Of few scores nothing is said of what is above.
    """
    ordered, tail = np.sort(scores), 1 - COVERAGE
    rank = _rank(len(ordered), tail / 2)
    if rank:
        return float(ordered[rank - 1]), float(ordered[-rank])
    rank = _rank(len(ordered), tail)
    return (float(ordered[rank - 1]) if rank else -UNKNOWN), UNKNOWN


def _rank(count: int, tail: float) -> int:
    """How many of some scores, and of one more that is unknown, a tail has at most."""
    return math.floor((count + 1) * tail + ROUNDING)


def _knots(numbers: Numbers) -> Knots:
    """A curve through groups of like agreement.

    Beyond them it goes to no DSC where folds don't agree at all, and rises with agreement.
    """
    ordered = numbers[np.lexsort(numbers.T[::-1])]
    groups = np.array_split(ordered, min(max(len(ordered) // OF_A_KNOT, 1), MOST_KNOTS))
    sizes = np.array([len(group) for group in groups])
    agreement, medians = np.array([np.median(group, axis=0) for group in groups]).T
    dsc = np.clip(isotonic_regression(medians, weights=sizes).x, 0, 1)
    kept = np.append(np.diff(agreement) > 0, True)
    ends = np.append(0, agreement[kept]), np.append(0, dsc[kept])
    best = min(1.0, dsc[-1] + 1 - agreement[-1])
    at, expected = np.append(ends[0], 1), np.append(ends[1], best)
    off = np.abs(ordered[:, 1] - np.interp(ordered[:, 0], at, expected))
    parts = np.split(off, np.cumsum(sizes)[:-1])
    spread = np.clip([np.median(part) for part in parts], NARROWEST, 1)[kept]
    spread = np.concatenate([spread[:1], spread, spread[-1:]])
    return _rising(Knots(at, expected, spread))


def _rising(knots: Knots) -> Knots:
    """The same without knots at the agreement of the next one."""
    kept = np.append(np.diff(np.round(knots.agreement, DIGITS)) > 0, True)
    return Knots(knots.agreement[kept], knots.dsc[kept], knots.spread[kept])


def _curve(knots: Knots, below: float, above: float, observations: int) -> QualityCurve:
    values = (knots.agreement, knots.dsc, knots.spread)
    agreement, dsc, spread = (np.round(each, DIGITS).tolist() for each in values)
    return QualityCurve(
        agreement=agreement,
        dsc=dsc,
        spread=spread,
        below=round(below, 4),
        above=round(above, 4),
        observations=observations,
    )
