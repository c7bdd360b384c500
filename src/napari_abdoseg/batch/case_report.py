"""What is written beside a label map: how it was made and what it holds."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from napari_abdoseg.anatomy.bile_duct import (
    WIDE_MM,
    NoCourseError,
    RegionNotFoundError,
    bile_duct_region,
    is_duct,
    measure_duct,
)
from napari_abdoseg.anatomy.measure import measure_organs
from napari_abdoseg.anatomy.orientation.check import ScanAlone, look_at
from napari_abdoseg.anatomy.orientation.finding import AXIS_NAMES, Orientation
from napari_abdoseg.anatomy.plausibility.check import check_plausibility
from napari_abdoseg.batch.doubt_entries import box_entry, doubt_entry, kinds_by_value
from napari_abdoseg.batch.quality_entries import quality_entry
from napari_abdoseg.evaluation.told_quality import KEY, told_qualities
from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.image.files.saving import write_text
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.inference.result import Segmentation, Share
from napari_abdoseg.inference.review.expected_quality import expected_quality
from napari_abdoseg.inference.review.places import places_to_review

Report = dict[str, Any]

NUMBERS = 11
"""That an organ has in tables: five measures, and the corners of its box."""
PACKAGES = ("napari-abdoseg", "nnunetv2", "torch", "numpy", "nibabel", "scikit-image", "scipy")


def case_report(
    case: str,
    volume: Volume,
    segmentation: Segmentation,
    preset: str,
    review: bool = False,
    lies: ScanAlone | None = None,
) -> Report:
    """Everything worth knowing of a segmented case, ready for JSON.

    Boxes are half open in voxels of the file's own axis order, and in RAS+ mm. ``checks`` are
    places that no healthy abdomen explains, ``expected_quality`` what folds, these and the model's
    calibration tell of each organ. With ``review``, places where folds disagree are
    listed; ``lies`` is what `look_at` gives of the scan, if it was looked at before.
    """
    labels = segmentation.labels
    device = segmentation.shares[0].trained.device
    orientation = (lies or look_at(volume)).with_organs(labels)
    has_duct = any(map(is_duct, labels.organs))
    alarms = [orientation.alarm] if orientation.alarm else []
    doubts = check_plausibility(labels, volume)
    quality = expected_quality(segmentation.disagreement, preset, doubts)
    return {
        "case": case,
        "image": volume.path.name if volume.path else None,
        "orientation": _orientation_entry(orientation),
        "grid": {
            "shape": list(labels.grid.stored_shape),
            "affine": labels.grid.affine.tolist(),
        },
        "organs": [
            _organ_entry(organ, measures, labels)
            for organ, measures in measure_organs(labels, volume).items()
        ],
        "checks": [doubt_entry(doubt, labels.grid) for doubt in doubts],
        KEY: quality_entry(quality),
        "bile_duct_search_region": _region_entry(labels),
        **({"candidate_bile_duct": _duct_entry(labels)} if has_duct else {}),
        **({"review": _review_entries(segmentation)} if review else {}),
        "models": [_model_entry(share, labels) for share in segmentation.shares],
        "preset": preset,
        "device": device.name,
        "device_reason": device.reason,
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in PACKAGES},
        },
        "warnings": [*alarms, *volume.notices, *labels.notices],
    }


def swapped_axes(report: Report) -> list[str]:
    """Axes along which the content of a case lies the other way than its header says.

    None in reports that were written before this was looked at.
    """
    return list(report.get("orientation", {}).get("swapped", []))


def doubted_organs(report: Report) -> dict[int, str]:
    """What is in doubt of each organ that is, by its value; see `kinds_by_value`.

    None in reports that were written before this was looked at.
    """
    return kinds_by_value(report.get("checks", []))


def _orientation_entry(orientation: Orientation) -> dict[str, Any]:
    return {
        "alarm": orientation.alarm or None,
        "swapped": [AXIS_NAMES[axis] for axis in orientation.swapped],
        "axes": [
            {
                "axis": name,
                "swapped": axis in orientation.swapped,
                "evidence": round(orientation.evidence(axis), 2),
                "confidence": round(orientation.confidence(axis), 3),
                "seen": [cue.seen for cue in orientation.cues if cue.axis == axis],
            }
            for axis, name in AXIS_NAMES.items()
        ],
    }


def _model_entry(share: Share, labels: LabelMap) -> dict[str, Any]:
    model = share.trained.model
    return {
        "name": model.name,
        "description": model.description,
        "sha256": share.trained.sha256(share.folds),
        "configuration": share.trained.name,
        "folds": list(share.folds),
        "passes": share.passes,
        "passes_everywhere": share.passes_everywhere,
        "region": None if share.region is None else box_entry(share.region, labels.grid),
    }


def _review_entries(segmentation: Segmentation) -> list[dict[str, Any]]:
    grid = segmentation.labels.grid
    return [
        {
            "organ": place.organ.name,
            "volume_ml": round(place.volume_ml, 3),
            "folds": round(place.folds, 2),
            "of_folds": segmentation.disagreement.folds,
            "voxel": [round(index) for index in grid.stored_index(place.voxel)],
            "position_mm": [round(float(value), 3) for value in grid.ras_position(place.voxel)],
        }
        for place in places_to_review(segmentation.disagreement)
    ]


def _region_entry(labels: LabelMap) -> dict[str, Any]:
    try:
        region = bile_duct_region(labels)
    except RegionNotFoundError as error:
        return {"found": False, "reason": str(error)}
    voxels = int(region.mask.sum())
    return {
        "found": True,
        "note": "A place to look, never a finding.",
        "found_by": list(region.landmarks),
        "expected_coverage": region.coverage,
        "volume_ml": round(voxels * labels.grid.voxel_volume, 3),
        **box_entry(region.box, labels.grid),
    }


def _duct_entry(labels: LabelMap) -> dict[str, Any]:
    try:
        duct = measure_duct(labels)
    except NoCourseError as error:
        return {"found": False, "reason": str(error)}
    return {
        "found": True,
        "note": "A candidate, as a model labelled it: a place to look, never a finding.",
        "volume_ml": round(duct.volume_ml, 3),
        "length_mm": round(duct.course.length_mm, 1),
        "widest_mm": round(duct.widest_mm, 1),
        f"wider_than_{WIDE_MM:g}_mm": duct.is_wide,
        "widest_voxel": _stored_voxel(duct.widest_voxel, labels),
        "breaks": [
            {"length_mm": round(gap.length_mm, 1), "voxel": _stored_voxel(gap.voxel, labels)}
            for gap in duct.breaks
        ],
    }


def _stored_voxel(voxel: tuple[float, float, float], labels: LabelMap) -> list[int]:
    return [round(index) for index in labels.grid.stored_index(voxel)]


def _organ_entry(organ: Any, measures: Any, labels: LabelMap) -> dict[str, Any]:
    return {
        "value": organ.value,
        "name": organ.name,
        "voxels": measures.voxels,
        "volume_ml": round(measures.volume_ml, 3),
        "mean_hu": round(measures.mean_hu, 2),
        **box_entry(measures.box, labels.grid),
        "touches_edge": measures.touches_edge,
    }


def write_report(path: Path, report: Report, by_way_of: Path | None = None) -> None:
    """Write a case's report as JSON; see `replaced_file`."""
    write_text(path, json.dumps(report, indent=2) + "\n", by_way_of)


def read_report(path: Path) -> Report:
    """Read a report that `write_report` wrote.

    Raises
    ------
    OSError
        It can't be read.
    ValueError
        It is another file, or something that tables are made of is missing or damaged.
    """
    report = read_json(path)
    try:
        if not _is_whole(report):
            raise ValueError("it is no report of a case")
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is no report of a case: {error!r}") from error
    return report


def _is_whole(report: Report) -> bool:
    texts = [report["case"], *report["warnings"], *swapped_axes(report)]
    texts += (organ["name"] for organ in report["organs"])
    texts += doubted_organs(report).values()
    told_qualities(report)
    numbers = [
        number
        for organ in report["organs"]
        for number in (
            *(organ[key] for key in ("value", "voxels", "volume_ml", "mean_hu", "touches_edge")),
            *organ["box_mm"]["min"],
            *organ["box_mm"]["max"],
        )
    ]
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(number, (int, float)) for number in numbers)
        and len(numbers) == NUMBERS * len(report["organs"])
    )
