"""Cases × organs, the worst case first."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from napari_abdoseg.evaluation.cohort import CohortScores
from napari_abdoseg.evaluation.score import Score
from napari_abdoseg.evaluation.summary import METRICS

LEAST_SPAN = 0.1
"""Scores above 1 minus this stay pale, however good the rest is."""


@dataclass(frozen=True)
class Cell:
    """A score and how deep its colour is, 0 for a perfect score to 100 for the worst."""

    score: Score
    value: float
    depth: int


@dataclass(frozen=True)
class HeatMap:
    """A row a case, with a cell for each organ of DSC, then of NSD; None where there is none.

    ``least`` is the score of the deepest colour, by metric.
    """

    rows: tuple[tuple[str, tuple[Cell | None, ...]], ...]
    least: dict[str, float]


def heat_map(cohort: CohortScores) -> HeatMap:
    """Colour all scores, the same score of a metric always the same."""
    least = {
        metric: min(
            1 - LEAST_SPAN,
            *(_value(score, metric) for case in cohort.cases for score in case.scores),
        )
        for metric in METRICS
    }
    cases = sorted(cohort.cases, key=lambda case: fmean([s.dsc for s in case.scores] or [1]))
    rows = []
    for case in cases:
        scores = {score.organ.name: score for score in case.scores}
        rows.append(
            (
                case.case,
                tuple(
                    _cell(scores[organ], metric, least[metric]) if organ in scores else None
                    for metric in METRICS
                    for organ in cohort.organs
                ),
            )
        )
    return HeatMap(tuple(rows), least)


def _value(score: Score, metric: str) -> float:
    return float(getattr(score, metric.lower()))


def _cell(score: Score, metric: str, least: float) -> Cell:
    value = _value(score, metric)
    return Cell(score, value, round(100 * (1 - value) / (1 - least)))
