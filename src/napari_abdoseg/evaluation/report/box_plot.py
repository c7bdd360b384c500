"""Geometry of a box plot in which every case is a point."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

WIDTH, RIGHT = 520, 14
NAME_GAP, CHARACTER = 12, 7.2
ROW, TOP, BOTTOM = 38, 6, 26
BOX, SPREAD = 20, 16
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2)
MOST_TICKS = 6
FEW_CASES = 40
GOLDEN = 0.6180339887498949
"""Spreads points evenly, however many there are."""


@dataclass(frozen=True)
class Point:
    """A case."""

    x: float
    y: float
    case: str
    value: float


@dataclass(frozen=True)
class Row:
    """Box, whiskers and points of an organ, in pixels.

    The box holds the middle half of the cases, the whiskers reach to the last case
    within one and a half box lengths of it: Tukey, J. W. (1977). Exploratory data
    analysis.
    """

    name: str
    color: str
    y: float
    low: float
    first_quartile: float
    median: float
    third_quartile: float
    high: float
    points: tuple[Point, ...]


@dataclass(frozen=True)
class BoxPlot:
    """A row for each organ over one axis that ends at 1.

    ``left`` is where the axis begins, ``radius`` that of a point.
    """

    left: float
    height: float
    radius: float
    rows: tuple[Row, ...]
    ticks: tuple[tuple[float, str], ...]


def box_plot(values: Mapping[str, Mapping[str, float]], colors: Mapping[str, str]) -> BoxPlot:
    """Lay out values between 0 and 1.

    Parameters
    ----------
    values : mapping
        By organ, then by case.
    colors : mapping of str to str
        By organ, as ``#rrggbb``.
    """
    start, ticks = ticks_from(min(min(of_organ.values()) for of_organ in values.values()))
    left = NAME_GAP + CHARACTER * max(len(name) for name in values)
    axis = _Axis(left, start)
    rows = tuple(
        _row(name, colors[name], TOP + ROW * (number + 0.5), of_organ, axis)
        for number, (name, of_organ) in enumerate(values.items())
    )
    return BoxPlot(
        left=left,
        height=TOP + ROW * len(rows) + BOTTOM,
        radius=2.6 if max(map(len, values.values())) <= FEW_CASES else 1.7,
        rows=rows,
        ticks=tuple((axis.x(value), label) for value, label in ticks),
    )


@dataclass(frozen=True)
class _Axis:
    left: float
    start: float

    def x(self, value: float) -> float:
        share = (value - self.start) / (1 - self.start)
        return self.left + (WIDTH - self.left - RIGHT) * share


def ticks_from(least: float) -> tuple[float, tuple[tuple[float, str], ...]]:
    """Where an axis begins that ends at 1, and the values and texts of its ticks."""
    for step in STEPS:
        steps = max(1, math.ceil((1 - least) / step - 1e-9))
        if steps < MOST_TICKS:
            break
    start = max(0.0, 1 - step * steps)
    digits = 2 if step < 0.1 else 1
    values = [start + step * number for number in range(round((1 - start) / step) + 1)]
    return start, tuple((value, f"{value:.{digits}f}") for value in values)


def _row(name: str, color: str, y: float, values: Mapping[str, float], axis: _Axis) -> Row:
    ordered = sorted(values.items(), key=lambda item: item[1])
    numbers = np.array([value for _, value in ordered])
    first, median, third = map(float, np.percentile(numbers, (25, 50, 75)))
    reach = 1.5 * (third - first)
    within = numbers[(numbers >= first - reach) & (numbers <= third + reach)]
    low, high = float(within.min()), float(within.max())
    return Row(
        name=name,
        color=color,
        y=y,
        low=axis.x(low),
        first_quartile=axis.x(first),
        median=axis.x(median),
        third_quartile=axis.x(third),
        high=axis.x(high),
        points=tuple(
            Point(axis.x(value), y + SPREAD * ((number * GOLDEN) % 1 - 0.5), case, value)
            for number, (case, value) in enumerate(ordered)
        ),
    )
