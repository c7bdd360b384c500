"""What was expected of predictions, against what was measured."""

from __future__ import annotations

import json
import shutil

import pytest
from test_page import Outline

from napari_abdoseg.evaluation.cohort import evaluating
from napari_abdoseg.evaluation.report.expected import AGREEMENT_ALONE, NO_REPORT, expected_dsc
from napari_abdoseg.evaluation.report.page import render_report
from napari_abdoseg.evaluation.told_quality import CORRECTED, ToldQualities
from napari_abdoseg.progress import drain


@pytest.fixture
def folders(cohort_folders, tmp_path):
    """Predictions that reports can be written beside, and references."""
    return shutil.copytree(cohort_folders[2], tmp_path / "predictions"), cohort_folders[1]


def entry(name, dsc=None, interval=None):
    told = {"value": 1, "name": name, "agreement": 0.9, "in_doubt": False}
    return told | {"expected_dsc": dsc, "interval": interval}


def tell(folder, case, *organs, note=None, **more):
    for value, organ in enumerate(organs):
        organ["value"] = value
    told = {"expected_quality": {"note": note, "organs": organs}, **more}
    (folder / f"{case}.json").write_text(json.dumps(told))


def test_expected_and_measured_dsc_stand_side_by_side(folders):
    predictions, references = folders
    cohort = drain(evaluating(predictions, references))
    assert expected_dsc(cohort) is None
    assert "Expected DSC" not in render_report(cohort, {})
    first, second, *others = [case.case for case in cohort.cases]
    liver = cohort.of_organ("liver")
    near, far = (round(liver[case].dsc, 4) for case in (first, second))
    tell(predictions, first, entry("liver", near, [near, near]), entry("spleen"))
    tell(predictions, second, entry("liver", far - 0.1, [far - 0.2, far - 0.05]))
    for case in others[:1]:
        tell(predictions, case, entry("liver", 0.9, [0.8, 1]), corrections=[{"user": "Ann"}])
    found = expected_dsc(cohort)
    (row,) = found.rows
    assert (row.organ, row.cases, row.within) == ("liver", 2, 1)
    assert row.error == pytest.approx(0.05, abs=1e-4)
    assert row.expected == pytest.approx((near + far - 0.1) / 2)
    assert found.without[CORRECTED] == 1
    assert found.without.get(NO_REPORT, 0) == len(others) - 1
    marks = {mark.point.case: mark for mark in found.markers}
    assert marks[first].top == marks[first].bottom
    assert marks[first].y == pytest.approx(marks[first].top, abs=0.1)
    assert marks[second].y < marks[second].top < marks[second].bottom  # better than expected
    outline = Outline(render_report(cohort, {}))
    assert not outline.open
    assert "1 of 2" in outline.text
    assert f"Nothing is expected of 1 case. {CORRECTED}" in outline.text
    assert f"liver of {first}" in outline.text


def test_a_model_without_a_calibration_says_so(folders):
    predictions, references = folders
    cohort = drain(evaluating(predictions, references))
    first, second, *_ = [case.case for case in cohort.cases]
    tell(predictions, first, entry("liver"), note="The model has no calibration.")
    tell(predictions, second, entry("liver"))
    found = expected_dsc(cohort)
    assert not found.rows
    assert found.without["The model has no calibration."] == found.without[AGREEMENT_ALONE] == 1
    assert "The model has no calibration." in Outline(render_report(cohort, {})).text


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"expected_quality": {"organs": [{"value": 1}]}}', "{}"]
)
def test_a_report_that_is_of_no_use_is_none(tmp_path, content):
    (tmp_path / "case.json").write_text(content)
    assert ToldQualities.beside(tmp_path / "case.nii.gz") is None
    assert ToldQualities.beside(tmp_path / "other.nii.gz") is None
