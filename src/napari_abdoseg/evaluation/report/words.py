"""Numbers as the page shows them."""

from __future__ import annotations

import math

from napari_abdoseg.evaluation.score import Emptiness

DASH = "–"


def fixed(value: float, digits: int = 3) -> str:
    """A number with a true minus sign; a dash where there is none."""
    return DASH if math.isnan(value) else f"{value:.{digits}f}".replace("-", "−")


def signed(value: float, digits: int = 3) -> str:
    """A difference with its sign."""
    return DASH if math.isnan(value) else f"{value:+.{digits}f}".replace("-", "−")


def probability(value: float) -> str:
    """A p value to three digits, or that it is smaller."""
    return "< 0.001" if value < 0.001 else fixed(value)


def metric(column: str) -> str:
    """What a column of a table measures."""
    named = {"hd95_mm": "HD95, mm", "cldice": "clDice", "centre_line_mm": "centre lines, mm"}
    return named.get(column, column.upper())


def emptiness(kind: Emptiness) -> str:
    """Which mask holds no voxel."""
    return kind.value
