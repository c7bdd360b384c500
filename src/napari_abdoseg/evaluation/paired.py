"""Differences between two predictions of the same cases.

The confidence interval of the mean difference is a bias-corrected and accelerated
bootstrap: Efron, B. (1987). Better bootstrap confidence intervals. Journal of the
American Statistical Association, 82(397), 171-185. The test is Wilcoxon's for signed
ranks: Wilcoxon, F. (1945). Individual comparisons by ranking methods. Biometrics
Bulletin, 1(6), 80-83.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.cohort import CohortScores
from napari_abdoseg.evaluation.metrics_csv import number
from napari_abdoseg.image.files.csv_table import csv_text
from napari_abdoseg.image.files.saving import write_text

METRICS = ("dsc", "nsd", "hd95_mm")
OF_THIN = ("cldice", "centre_line_mm")
RESAMPLES = 9999
SEED = 0


@dataclass(frozen=True)
class PairedDifference:
    """One metric of one organ in two predictions of the same cases.

    Parameters
    ----------
    organ, metric : str
    n : int
        Cases in which both predictions have the metric.
    mean, other_mean : float
    difference : float
        Mean of this prediction's value minus the other's.
    low, high : float
        95 % confidence interval of it; NaN with fewer than two cases.
    p_value : float
        Of the two-sided Wilcoxon signed-rank test, ties left out, not adjusted for
        the number of tests; 1 where all differences are 0.
    """

    organ: str
    metric: str
    n: int
    mean: float
    other_mean: float
    difference: float
    low: float
    high: float
    p_value: float


def paired_differences(one: CohortScores, other: CohortScores) -> tuple[PairedDifference, ...]:
    """Compare two predictions, organ by organ, on the cases that both have.

    Raises
    ------
    AbdosegError
        They have no case and organ in common.
    """
    rows = [
        _difference(organ, metric, *_common(one, other, organ, metric))
        for organ in one.organs
        for metric in (*METRICS, *(OF_THIN if organ in one.thin_organs else ()))
        if one.of_organ(organ).keys() & other.of_organ(organ).keys()
    ]
    if not rows:
        raise AbdosegError(
            "The two predictions have no case with one organ in common: "
            "compare predictions of the same cases."
        )
    return tuple(rows)


def write_paired(path: Path, rows: tuple[PairedDifference, ...]) -> None:
    """Write a row an organ and metric."""
    columns = [field.name for field in fields(PairedDifference)]
    write_text(path, csv_text(columns, map(_cells, rows)))


def _cells(row: PairedDifference) -> list[object]:
    organ, metric, n, *numbers = astuple(row)
    return [organ, metric, n, *map(number, numbers)]


def _common(one: CohortScores, other: CohortScores, organ: str, metric: str) -> NDArray[Any]:
    """Values of cases that both have, shape (2, n)."""
    scores, others = one.of_organ(organ), other.of_organ(organ)
    pairs = [
        (getattr(scores[case], metric), getattr(others[case], metric))
        for case in scores
        if case in others
    ]
    values = np.array(pairs, dtype=np.float64).T
    return np.asarray(values[:, np.isfinite(values).all(axis=0)])


def _difference(
    organ: str, metric: str, values: NDArray[Any], others: NDArray[Any]
) -> PairedDifference:
    differences = values - others
    n = len(differences)
    if not n:
        return PairedDifference(organ, metric, 0, *[math.nan] * 6)
    low, high = _interval(differences)
    return PairedDifference(
        organ,
        metric,
        n,
        float(values.mean()),
        float(others.mean()),
        float(differences.mean()),
        low,
        high,
        _p_value(differences),
    )


def _interval(differences: NDArray[Any]) -> tuple[float, float]:
    from scipy.stats import bootstrap

    if len(differences) < 2:
        return math.nan, math.nan
    if np.ptp(differences) == 0:
        return float(differences[0]), float(differences[0])
    interval = bootstrap(
        (differences,),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=0.95,
        method="BCa",
        random_state=np.random.default_rng(SEED),
    ).confidence_interval
    return float(interval.low), float(interval.high)


def _p_value(differences: NDArray[Any]) -> float:
    from scipy.stats import wilcoxon

    return float(wilcoxon(differences).pvalue) if differences.any() else 1.0
