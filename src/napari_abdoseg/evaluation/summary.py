"""Average, spread and median of a cohort's scores."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

from napari_abdoseg.evaluation.cohort import CohortScores
from napari_abdoseg.evaluation.metrics_csv import number
from napari_abdoseg.image.files.csv_table import csv_text
from napari_abdoseg.image.files.saving import write_text

METRICS = ("DSC", "NSD")
CLDICE = "clDice"
"""The one more that thin structures have."""


def organs_by_metric(cohort: CohortScores) -> dict[str, tuple[str, ...]]:
    """The metrics that a cohort is summed up by, and the names of the organs that have each."""
    of_all = dict.fromkeys(METRICS, cohort.organs)
    return of_all | ({CLDICE: cohort.thin_organs} if cohort.thin_organs else {})


def sample_deviation(values: Sequence[float]) -> float:
    """Standard deviation with n − 1; NaN for a single value."""
    return statistics.stdev(values) if len(values) > 1 else math.nan


STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {
    "AVG": statistics.fmean,
    "STD": sample_deviation,
    "MEDIAN": statistics.median,
}


def summarize(cohort: CohortScores) -> dict[str, dict[tuple[str, str], float]]:
    """Statistics of DSC and NSD, and clDice of thin structures, over the cases that were scored.

    None of them is ever NaN: rows with empty masks count with the value that
    the rule gives them. A missing or failed case counts nowhere.

    Returns
    -------
    dict of str to dict
        ``AVG``, ``STD`` (of the sample) and ``MEDIAN`` by (organ, metric).
    """
    values = {
        (organ, metric): [
            getattr(score, metric.lower()) for score in cohort.of_organ(organ).values()
        ]
        for metric, organs in organs_by_metric(cohort).items()
        for organ in organs
    }
    return {
        name: {column: statistic(column_values) for column, column_values in values.items()}
        for name, statistic in STATISTICS.items()
    }


def write_summary(path: Path, cohort: CohortScores) -> None:
    """Write a row for each statistic with columns ``liver_DSC`` and so on, metric by metric."""
    rows = summarize(cohort)
    columns = ["Name", *(f"{organ}_{metric}" for organ, metric in rows["AVG"])]
    cells = ([name, *map(number, row.values())] for name, row in rows.items())
    write_text(path, csv_text(columns, cells))
