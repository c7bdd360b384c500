"""How good organs are expected to be, as files name it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_abdoseg.inference.model.quality_calibration import COVERAGE
from napari_abdoseg.inference.review.expected_quality import ExpectedQuality, OrganQuality

KEY = "expected_quality"
DIGITS = 4


@dataclass(frozen=True)
class ToldQuality:
    """What a report tells of an organ.

    Parameters
    ----------
    organ : str
    agreement : float
        Mean DSC between two folds.
    dsc, lowest, highest : float, optional
        Expected DSC and its interval, where the model is calibrated.
    """

    organ: str
    agreement: float
    dsc: float | None = None
    lowest: float | None = None
    highest: float | None = None

    @property
    def cells(self) -> tuple[float | str, ...]:
        """Agreement, expected DSC and its interval, as tables have them."""
        values = (self.agreement, self.dsc, self.lowest, self.highest)
        return tuple("" if value is None else value for value in values)

    @property
    def words(self) -> str:
        """Expected DSC with its interval, or how far folds agree."""
        if self.dsc is None:
            return f"folds agree: {self.agreement:.3f}"
        return f"{self.dsc:.3f} ({self.lowest:.3f} to {self.highest:.3f})"


NO_CELLS = ("",) * len(ToldQuality("", 0.0).cells)


def quality_entry(quality: ExpectedQuality) -> dict[str, Any]:
    """What is expected of a label map, ready for JSON."""
    return {
        "note": quality.note or None,
        "coverage_of_intervals": COVERAGE,
        "organs": [_organ_entry(organ) for organ in quality.organs],
    }


def _organ_entry(quality: OrganQuality) -> dict[str, Any]:
    expected = quality.expected
    interval = None if expected is None else [expected.lowest, expected.highest]
    return {
        "value": quality.organ.value,
        "name": quality.organ.name,
        "agreement": round(quality.agreement, DIGITS),
        "in_doubt": quality.in_doubt,
        "expected_dsc": None if expected is None else round(expected.dsc, DIGITS),
        "interval": interval and [round(end, DIGITS) for end in interval],
    }


def told_qualities(report: Mapping[str, Any]) -> dict[int, ToldQuality]:
    """What a report tells of each organ, by its value; nothing in earlier ones.

    Raises
    ------
    KeyError, TypeError, ValueError, AttributeError
        It is damaged.
    """
    entries = report.get(KEY, {}).get("organs", [])
    return {int(entry["value"]): _told(entry) for entry in entries}


def quality_note(report: Mapping[str, Any]) -> str:
    """Why a report tells less than could be told; empty otherwise."""
    return str(report.get(KEY, {}).get("note") or "")


def _told(entry: Mapping[str, Any]) -> ToldQuality:
    organ, agreement = str(entry["name"]), _share(entry["agreement"])
    if entry["expected_dsc"] is None:
        return ToldQuality(organ, agreement)
    lowest, highest = map(_share, entry["interval"])
    return ToldQuality(organ, agreement, _share(entry["expected_dsc"]), lowest, highest)


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("it is no share of one")
    return float(value)
