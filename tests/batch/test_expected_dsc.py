"""What a run says of how good its label maps are expected to be."""

from __future__ import annotations

import csv
import json
from functools import partial

import pytest

from napari_abdoseg.batch.finding import find_cases
from napari_abdoseg.batch.folder import predicting
from napari_abdoseg.cli.predict_words import organ_table
from napari_abdoseg.evaluation.told_quality import ToldQuality, quality_note, told_qualities
from napari_abdoseg.image.nifti.volumes import write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.inference.model.quality_calibration import (
    OrganCurves,
    QualityCalibration,
    QualityCurve,
    write_quality,
)
from napari_abdoseg.inference.preset import DEFAULT
from napari_abdoseg.inference.review.expected_quality import (
    NO_CALIBRATION,
    ONE_FOLD,
    OTHER_MODEL,
)
from napari_abdoseg.progress import drain
from napari_abdoseg.worklist.listing.expectation import expectation_beside

FLAT = QualityCurve(
    agreement=[0.0, 1.0], dsc=[0.4, 0.6], spread=[0.1, 0.1], below=-1.0, above=2.0, observations=50
)


def calibrate(folder, **changes) -> None:
    """Have a model expect something of each organ."""
    model = read_model(folder)
    known = {"sha256": model.sha256(model.folds), "folds": list(model.folds), "preset": DEFAULT}
    curves = OrganCurves(plausible=FLAT, in_doubt=FLAT)
    organs = {organ.name: curves for organ in model.organs}
    content = known | {"cases": 9, "organs": organs} | changes
    write_quality(folder, QualityCalibration(**content))


@pytest.fixture
def predicted(tmp_path):
    """A function that has a model predict a phantom, and gives the report and the rows of it."""

    def predict(folder, folds=None, preset=DEFAULT):
        (tmp_path / "in").mkdir()
        write_volume(tmp_path / "in" / "a_0000.nii.gz", make_phantom(5, (12.0, 10.0, 10.0))[0])
        output = tmp_path / "out"
        ensemble = load_ensemble(folder, folds, "cpu")
        drain(predicting(find_cases([tmp_path / "in"], output), ensemble, preset, overwrite=True))
        with (output / "organs.csv").open() as file:
            rows = list(csv.DictReader(file))
        return output / "a.json", json.loads((output / "a.json").read_text()), rows

    return predict


def test_expected_dsc_is_in_the_report_the_table_and_the_work_list(make_model, predicted):
    folder = make_model((0, 1, 2), None)
    calibrate(folder)
    path, report, rows = predicted(folder)
    entries = report["expected_quality"]["organs"]
    assert entries
    assert report["expected_quality"]["note"] is None
    for entry in entries:
        dsc = 0.4 + 0.2 * entry["agreement"]
        assert entry["expected_dsc"] == pytest.approx(dsc, abs=1e-4)
        assert entry["interval"] == pytest.approx([dsc - 0.1, dsc + 0.2], abs=1e-4)
    told = told_qualities(report)
    for row in rows:
        cells = [row[f"expected_dsc{end}"] for end in ("", "_lowest", "_highest")]
        mine = told[int(row["value"])]
        assert [float(cell) for cell in cells] == [mine.dsc, mine.lowest, mine.highest]
        assert float(row["agreement"]) == mine.agreement
    (column,) = (each for each in organ_table([report]).columns if each.header == "expected DSC")
    assert list(column.cells) == [told[organ["value"]].words for organ in report["organs"]]
    bare = organ_table([report | {"expected_quality": {}}])
    assert all(each.header != "expected DSC" for each in bare.columns)
    mean = sum(entry["expected_dsc"] for entry in entries) / len(entries)
    assert expectation_beside(path).dsc == pytest.approx(mean)


slow = partial(pytest.param, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    ("changes", "folds", "preset", "note"),
    [
        (None, None, DEFAULT, NO_CALIBRATION),
        ({"sha256": "0" * 64}, None, DEFAULT, OTHER_MODEL),
        slow({}, (0, 1), DEFAULT, "Folds 0, 1, 2 were calibrated together"),
        slow({}, None, "exact", "The preset balanced was calibrated"),
        slow({"organs": {}}, None, DEFAULT, ""),
    ],
)
def test_where_nothing_was_learnt_agreement_alone_is_told(
    make_model, predicted, changes, folds, preset, note
):
    folder = make_model((0, 1, 2), (0,) if preset == "exact" else None)
    if changes is not None:
        calibrate(folder, **changes)
    path, report, rows = predicted(folder, folds, preset)
    assert quality_note(report).startswith(note)
    assert {entry["expected_dsc"] for entry in report["expected_quality"]["organs"]} == {None}
    assert all(row["agreement"] and not row["expected_dsc"] for row in rows)
    found = expectation_beside(path)
    assert (found.dsc, found.agreement is None) == (None, False)


@pytest.mark.parametrize(("folds", "preset"), [((0,), DEFAULT), (None, "fast")])
def test_of_one_fold_nothing_is_told_and_it_is_said_why(make_model, predicted, folds, preset):
    folder = make_model((0, 1), None)
    calibrate(folder)
    _, report, rows = predicted(folder, folds, preset)
    assert report["expected_quality"]["organs"] == []
    assert quality_note(report) == ONE_FOLD
    assert {row["agreement"] for row in rows} == {""}


def test_presets_whose_folds_say_the_same_share_a_calibration(make_model, predicted):
    folder = make_model((0, 1), None)
    calibrate(folder)
    _, report, _ = predicted(folder, None, "exact")
    assert quality_note(report) == ""


def test_words_of_a_table():
    assert ToldQuality("liver", 0.9, 0.87, 0.8, 0.91).words == "0.870 (0.800 to 0.910)"
    assert ToldQuality("liver", 0.9).words == "folds agree: 0.900"
