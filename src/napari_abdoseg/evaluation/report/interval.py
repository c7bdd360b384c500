"""Mean differences with their confidence intervals, drawn along one axis a metric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from napari_abdoseg.evaluation.paired import PairedDifference

WIDTH, EDGE = 160, 6


@dataclass(frozen=True)
class Interval:
    """Pixels of a difference and the ends of its interval; zero is in the middle."""

    low: float
    at: float
    high: float


def interval_plot(rows: Sequence[PairedDifference]) -> dict[tuple[str, str], Interval]:
    """Intervals by (organ, metric), those of one metric on one scale."""
    drawn = [row for row in rows if not math.isnan(row.low)]
    reach = {
        metric: max(
            max(abs(row.low), abs(row.high), 1e-12) for row in drawn if row.metric == metric
        )
        for metric in {row.metric for row in drawn}
    }

    def x(value: float, metric: str) -> float:
        return WIDTH / 2 + (WIDTH / 2 - EDGE) * value / reach[metric]

    return {
        (row.organ, row.metric): Interval(
            *(x(value, row.metric) for value in (row.low, row.difference, row.high))
        )
        for row in drawn
    }
