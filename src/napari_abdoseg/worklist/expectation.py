"""How good the label map of a case is expected to be, as the JSON beside it tells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_abdoseg.correction.provenance import CORRECTIONS
from napari_abdoseg.image.files.json_file import read_json

KEY = "expected_quality"
"""In the JSON beside a label map that `abdoseg predict` has made."""


@dataclass(frozen=True)
class Expectation:
    """How good a label map that nobody has corrected is expected to be.

    Parameters
    ----------
    dsc : float, optional
        Mean of its organs' expected DSC; None where the model has no calibration.
    agreement : float, optional
        Mean of its organs' DSC between folds.
    worst_organ : str
        The one of which the least is expected.
    worst : float, optional
        What is expected of that one: its DSC, or its agreement where `dsc` is None.
    """

    dsc: float | None = None
    agreement: float | None = None
    worst_organ: str = ""
    worst: float | None = None

    @property
    def rank(self) -> float:
        """The less the sooner a person should look; 2 where nothing is known."""
        known = self.dsc if self.dsc is not None else self.agreement
        return 2.0 if known is None else known


UNKNOWN = Expectation()


def expectation_beside(report: Path) -> Expectation:
    """What the JSON beside a label map tells, an empty one where it tells nothing of use.

    Nothing is expected of a label map that somebody has corrected.
    """
    try:
        content = read_json(report)
        if content.get(CORRECTIONS):
            return UNKNOWN
        return _expectation(content[KEY]["organs"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return UNKNOWN


def _expectation(organs: list[dict[str, Any]]) -> Expectation:
    scores = {str(organ["name"]): _share(organ["expected_dsc"]) for organ in organs}
    agreements = {str(organ["name"]): _share(organ["agreement"]) for organ in organs}
    dsc, agreement = _mean(scores.values()), _mean(agreements.values())
    told = agreements if dsc is None else scores
    organ, worst = min(
        ((name, value) for name, value in told.items() if value is not None),
        key=lambda each: each[1],
        default=("", None),
    )
    return Expectation(dsc, agreement, organ, worst)


def _share(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("it is no share of one")
    return float(value)


def _mean(values: Iterable[float | None]) -> float | None:
    """None where one of them is not known, or there is none."""
    found = list(values)
    known = [value for value in found if value is not None]
    return sum(known) / len(known) if found and len(known) == len(found) else None
