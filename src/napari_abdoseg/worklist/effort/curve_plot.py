"""Geometry of a plot of values over the cases of a person."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 520, 210
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 10, 34
MOST_TICKS = 6
NICE = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Point:
    """A case, in pixels, and what is told of it."""

    x: float
    y: float
    title: str


@dataclass(frozen=True)
class Curve:
    """Points of one kind; ``line`` are corners of what goes through them, as SVG takes them."""

    name: str
    points: tuple[Point, ...]
    line: str = ""


@dataclass(frozen=True)
class CurvePlot:
    """Curves over one pair of axes, with places and texts of their ticks."""

    title: str
    curves: tuple[Curve, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Series:
    """Values of one kind.

    Parameters
    ----------
    name : str
    values : mapping of int to float
        By the place of their case, from 0.
    titles : mapping of int to str
        What is told of each.
    line : sequence of (int, float), optional
        Places and values of a line.
    """

    name: str
    values: Mapping[int, float]
    titles: Mapping[int, str]
    line: Sequence[tuple[int, float]] = ()


@dataclass(frozen=True)
class Range:
    """Ends of an axis, which are ticks, and how far ticks are apart."""

    low: float
    high: float
    step: float

    @classmethod
    def of(cls, values: Iterable[float], low: float | None = 0.0) -> Range:
        """The least range of whole steps that holds values, from ``low`` on, if that is given."""
        found = [*values]
        least = min(found, default=0.0) if low is None else low
        span = max(max(found, default=1.0) - least, 1e-6)
        step = _nice(span / (MOST_TICKS - 1))
        start = math.floor(least / step + 1e-9) * step
        return cls(start, start + step * math.ceil((least + span - start) / step - 1e-9), step)

    @property
    def ticks(self) -> tuple[float, ...]:
        """Values of ticks."""
        count = round((self.high - self.low) / self.step)
        return tuple(self.low + self.step * number for number in range(count + 1))


def curve_plot(title: str, series: Sequence[Series], cases: int, axis: Range) -> CurvePlot:
    """Lay out values over cases.

    Parameters
    ----------
    title : str
    series : sequence of Series
    cases : int
        At least one.
    axis : Range
        Of the values.
    """

    def x(place: float) -> float:
        share = (place + 0.5) / cases
        return round(LEFT + (WIDTH - LEFT - RIGHT) * share, 2)

    def y(value: float) -> float:
        share = (value - axis.low) / (axis.high - axis.low)
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share, 2)

    curves = tuple(
        Curve(
            each.name,
            tuple(Point(x(at), y(v), each.titles[at]) for at, v in each.values.items()),
            " ".join(f"{x(place)},{y(value)}" for place, value in each.line),
        )
        for each in series
    )
    step = max(1, math.ceil(_nice(cases / MOST_TICKS)))
    numbers = [1, *range(step, cases + 1, step)] if step > 1 else range(1, cases + 1)
    digits = max(0, -math.floor(math.log10(axis.step) + 1e-9))
    digits += not math.isclose(round(axis.step, digits), axis.step)
    return CurvePlot(
        title,
        curves,
        tuple((x(number - 1), str(number)) for number in numbers),
        tuple((y(value), f"{value:.{digits}f}") for value in axis.ticks),
    )


def _nice(least: float) -> float:
    """The next number that people count in."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * nice for nice in NICE if power * nice >= least * (1 - 1e-9))
