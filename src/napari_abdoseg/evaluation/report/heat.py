"""Cases × organs, the worst case first."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from napari_abdoseg.evaluation.cohort import CohortScores
from napari_abdoseg.evaluation.score import Score
from napari_abdoseg.evaluation.summary import organs_by_metric

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
    """A row a case, with the cells of each metric, an organ a cell; None where there is none.

    ``organs`` are the names by metric, ``least`` is the score of the deepest colour.
    """

    rows: tuple[tuple[str, tuple[tuple[Cell | None, ...], ...]], ...]
    organs: dict[str, tuple[str, ...]]
    least: dict[str, float]


def heat_map(cohort: CohortScores) -> HeatMap:
    """Colour all scores, the same score of a metric always the same."""
    organs_of = organs_by_metric(cohort)
    least = {
        metric: min(
            1 - LEAST_SPAN,
            *(_value(s, metric) for organ in organs for s in cohort.of_organ(organ).values()),
        )
        for metric, organs in organs_of.items()
    }
    cases = sorted(cohort.cases, key=lambda case: fmean([s.dsc for s in case.scores] or [1]))
    rows = []
    for case in cases:
        scores = {score.organ.name: score for score in case.scores}
        rows.append(
            (
                case.case,
                tuple(
                    tuple(
                        _cell(scores[organ], metric, least[metric]) if organ in scores else None
                        for organ in organs
                    )
                    for metric, organs in organs_of.items()
                ),
            )
        )
    return HeatMap(tuple(rows), organs_of, least)


def _value(score: Score, metric: str) -> float:
    return float(getattr(score, metric.lower()))


def _cell(score: Score, metric: str, least: float) -> Cell:
    value = _value(score, metric)
    return Cell(score, value, round(100 * (1 - value) / (1 - least)))
