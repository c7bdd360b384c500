"""How good organs are expected to be, as it is written into files."""

from __future__ import annotations

from typing import Any

from napari_abdoseg.evaluation.told_quality import ToldQuality
from napari_abdoseg.inference.model.quality_calibration import COVERAGE
from napari_abdoseg.inference.review.expected_quality import ExpectedQuality, OrganQuality

DIGITS = 4
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
