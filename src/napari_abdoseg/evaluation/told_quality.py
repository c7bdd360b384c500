"""How good organs of a prediction are expected to be, as the JSON beside it tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from napari_abdoseg.image.files.json_beside import CORRECTIONS, json_beside
from napari_abdoseg.image.files.json_file import read_json

KEY = "expected_quality"
CORRECTED = "Somebody has corrected the label map: nothing is expected of it."


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


@dataclass(frozen=True)
class ToldQualities:
    """What the JSON beside a label map tells.

    Parameters
    ----------
    organs : dict of str to ToldQuality
        By name.
    note : str
        Why it tells less than could be told; empty otherwise.
    """

    organs: Mapping[str, ToldQuality] = field(default_factory=dict)
    note: str = ""

    @classmethod
    def beside(cls, labels: Path) -> Self | None:
        """Of a label map; None where no JSON of use lies beside it."""
        try:
            report = read_json(json_beside(labels))
            told = {each.organ: each for each in told_qualities(report).values()}
            note = quality_note(report)
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return None
        if not told and not note:
            return None
        return cls(note=CORRECTED) if report.get(CORRECTIONS) else cls(told, note)
