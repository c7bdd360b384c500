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


def sample_deviation(values: Sequence[float]) -> float:
    """Standard deviation with n − 1; NaN for a single value."""
    return statistics.stdev(values) if len(values) > 1 else math.nan


STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {
    "AVG": statistics.fmean,
    "STD": sample_deviation,
    "MEDIAN": statistics.median,
}


def summarize(cohort: CohortScores) -> dict[str, dict[tuple[str, str], float]]:
    """Statistics of DSC and NSD over the cases that were scored.

    Neither DSC nor NSD is ever NaN: rows with empty masks count with the value that
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
        for metric in METRICS
        for organ in cohort.organs
    }
    return {
        name: {column: statistic(column_values) for column, column_values in values.items()}
        for name, statistic in STATISTICS.items()
    }


def write_summary(path: Path, cohort: CohortScores) -> None:
    """Write a row for each statistic with columns ``liver_DSC`` and so on, NSD after DSC."""
    rows = summarize(cohort)
    columns = ["Name", *(f"{organ}_{metric}" for organ, metric in rows["AVG"])]
    cells = ([name, *map(number, row.values())] for name, row in rows.items())
    write_text(path, csv_text(columns, cells))
