"""Expected DSC, as predictions brought it along, against the DSC that was measured."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean

from napari_abdoseg.evaluation.cohort import CohortScores
from napari_abdoseg.evaluation.report.box_plot import ticks_from
from napari_abdoseg.evaluation.told_quality import ToldQualities

SIZE, LEFT, RIGHT, TOP, BOTTOM = 420, 44, 12, 8, 40
NO_REPORT = "No JSON that tells what is expected lies beside the prediction."
AGREEMENT_ALONE = "The JSON tells nothing of the organ but how far folds agree."


@dataclass(frozen=True)
class Point:
    """An organ of a case, its DSC and what was expected of it."""

    case: str
    organ: str
    dsc: float
    expected: float
    lowest: float
    highest: float

    @property
    def is_within(self) -> bool:
        """Whether the DSC lies in the interval, as exactly as both are told."""
        return self.lowest <= round(self.dsc, 4) <= self.highest


@dataclass(frozen=True)
class OrganRow:
    """An organ in all cases of which something is expected."""

    organ: str
    cases: int
    expected: float
    dsc: float
    error: float
    within: int


@dataclass(frozen=True)
class Marker:
    """A point in pixels; the line is its interval."""

    point: Point
    x: float
    y: float
    top: float
    bottom: float


@dataclass(frozen=True)
class ExpectedDsc:
    """What was expected of a cohort, and what came of it.

    Parameters
    ----------
    rows : tuple of OrganRow
    markers : tuple of Marker
    ticks : tuple of (float, float, str)
        Place along x and along y, and the DSC there.
    without : dict of str to int
        Why nothing is expected of cases, and of how many.
    """

    rows: tuple[OrganRow, ...]
    markers: tuple[Marker, ...]
    ticks: tuple[tuple[float, float, str], ...]
    without: Mapping[str, int]


def expected_dsc(cohort: CohortScores) -> ExpectedDsc | None:
    """Read what lies beside the predictions of a cohort; None where none tells anything."""
    files = {pair.case: pair.prediction for pair in cohort.pairing.pairs}
    told = {scored.case: ToldQualities.beside(files[scored.case]) for scored in cohort.cases}
    if not any(told.values()):
        return None
    points = list(_points(cohort, told))
    known = {point.case for point in points}
    reasons = (_why_none(each) for case, each in told.items() if case not in known)
    start, labels = ticks_from(min((p for q in points for p in (q.dsc, q.expected)), default=0.9))
    axis = _Axis(start)
    return ExpectedDsc(
        tuple(_rows(cohort, points)),
        tuple(axis.marker(point) for point in points),
        tuple((axis.x(value), axis.y(value), label) for value, label in labels),
        dict(Counter(reasons).most_common()),
    )


def _why_none(told: ToldQualities | None) -> str:
    return NO_REPORT if told is None else told.note or AGREEMENT_ALONE


def _points(cohort: CohortScores, told: Mapping[str, ToldQualities | None]) -> Iterator[Point]:
    for scored in cohort.cases:
        qualities = told[scored.case]
        for score in scored.scores if qualities is not None else ():
            known = qualities and qualities.organs.get(score.organ.name)
            if not known or known.dsc is None or math.isnan(score.dsc):
                continue
            lowest, highest = known.lowest or 0.0, 1.0 if known.highest is None else known.highest
            name = score.organ.name
            yield Point(scored.case, name, score.dsc, known.dsc, lowest, highest)


def _rows(cohort: CohortScores, points: list[Point]) -> Iterator[OrganRow]:
    for organ in cohort.organs:
        own = [point for point in points if point.organ == organ]
        if own:
            yield OrganRow(
                organ,
                len(own),
                fmean(point.expected for point in own),
                fmean(point.dsc for point in own),
                fmean(abs(point.expected - point.dsc) for point in own),
                sum(point.is_within for point in own),
            )


@dataclass(frozen=True)
class _Axis:
    """Both axes, from ``start`` to 1."""

    start: float

    def x(self, value: float) -> float:
        return LEFT + (SIZE - LEFT - RIGHT) * self._share(value)

    def y(self, value: float) -> float:
        return SIZE - BOTTOM - (SIZE - TOP - BOTTOM) * self._share(value)

    def _share(self, value: float) -> float:
        return (max(value, self.start) - self.start) / (1 - self.start)

    def marker(self, point: Point) -> Marker:
        ends = self.y(point.highest), self.y(point.lowest)
        return Marker(point, self.x(point.expected), self.y(point.dsc), *ends)
