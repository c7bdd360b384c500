"""CT files in, label maps, reports and a table out."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from working import run

from napari_abdoseg.batch.folder import find_cases, predicting
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.nifti import read_labels, write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.inference.ensemble import load_ensemble
from napari_abdoseg.inference.segmentation import segment
from napari_abdoseg.progress import drain


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    for seed, orientation in ((1, "LPS"), (2, "RAS")):
        volume, _ = make_phantom(seed, (10.0, 8.0, 8.0), orientation)
        write_volume(folder / f"case{seed}_0000.nii.gz", volume)
    return folder


@pytest.fixture
def ensemble(make_model):
    return load_ensemble(make_model(folds=(0,), mirror_axes=None), device="cpu")


def test_writes_label_maps_reports_and_a_table(scans, tmp_path, ensemble):
    output = tmp_path / "new" / "out"
    cases = find_cases([scans], output)
    steps, outcome = run(predicting(cases, ensemble, "exact"))
    assert sorted(path.name for path in output.iterdir()) == [
        "case1.json",
        "case1.nii.gz",
        "case2.json",
        "case2.nii.gz",
        "organs.csv",
    ]
    assert not outcome.failed
    assert steps[0].stage == "case1: Reading"
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1].done == steps[-1].total == 2000

    for case, report in zip(cases, outcome.reports, strict=True):
        assert json.loads(case.report.read_text()) == report
        labels = read_labels(case.labels)
        image = nib.load(case.image)
        assert np.allclose(nib.load(case.labels).affine, image.affine)
        for entry in report["organs"]:
            stored = np.argwhere(np.asanyarray(nib.load(case.labels).dataobj) == entry["value"])
            assert entry["voxels"] == len(stored)
            assert entry["box_voxels"]["start"] == stored.min(axis=0).tolist()
            assert entry["box_voxels"]["stop"] == (stored.max(axis=0) + 1).tolist()
            volume = np.abs(np.linalg.det(image.affine)) / 1000 * len(stored)
            assert entry["volume_ml"] == pytest.approx(volume, abs=1e-3)
        assert np.array_equal(labels.data, segment(_volume(case), ensemble, "exact").data)

    rows = list(csv.DictReader((output / "organs.csv").open()))
    assert [row["case"] for row in rows] == [
        report["case"] for report in outcome.reports for _ in report["organs"]
    ]


def _volume(case):
    from napari_abdoseg.image.nifti import read_volume

    return read_volume(case.image)


def test_a_report_says_how_it_was_made(scans, tmp_path, make_model):
    ensemble = load_ensemble(make_model(folds=(0, 1)), device="cpu")
    cases = find_cases([scans / "case2_0000.nii.gz"], tmp_path / "out")
    (report,) = drain(predicting(cases, ensemble, "fast")).reports
    assert report["preset"] == "fast"
    assert report["device"] == "cpu"
    (model,) = report["models"]
    assert model["folds"] == ["0"]
    assert model["sha256"] == ensemble.configurations[0].model.sha256(["0"])
    assert model["configuration"] == "3d_fullres"
    assert model["passes"] == model["passes_everywhere"] > 0
    shape = nib.load(cases[0].image).shape
    assert model["region"]["box_voxels"] == {"start": [0, 0, 0], "stop": list(shape)}
    assert set(report["seconds"]) == {
        "Reading",
        "Preprocessing",
        "Segmenting",
        "Resampling to the scan",
    }
    assert {"python", "torch", "nnunetv2", "napari-abdoseg"} <= set(report["versions"])


def test_writes_where_folds_disagree_on_request(scans, tmp_path, make_model):
    ensemble = load_ensemble(make_model(folds=(0, 1), mirror_axes=None), device="cpu")
    cases = find_cases([scans / "case2_0000.nii.gz"], tmp_path / "out")
    (report,) = drain(predicting(cases, ensemble, "exact", disagreement=True)).reports
    image, saved = nib.load(cases[0].image), nib.load(tmp_path / "out/case2_disagreement.nii.gz")
    assert np.array_equal(saved.affine, nib.load(cases[0].labels).affine)
    assert saved.shape == image.shape
    assert saved.get_data_dtype() == np.uint8
    dissenting = np.asanyarray(saved.dataobj)
    assert set(np.unique(dissenting)) <= {0, 1, 2}
    assert report["review"]
    for place in report["review"]:
        assert place["organ"] in ("liver", "kidney", "spleen", "pancreas")
        assert dissenting[tuple(place["voxel"])]
        assert 0 < place["folds"] <= place["of_folds"] == 2
        assert place["volume_ml"] > 0
        position = image.affine @ [*place["voxel"], 1]
        assert place["position_mm"] == pytest.approx(position[:3], abs=1e-2)
    assert json.loads(cases[0].report.read_text()) == report


def test_a_single_fold_disagrees_with_none(scans, tmp_path, ensemble, make_model):
    cases = find_cases([scans], tmp_path / "out")
    two = load_ensemble(make_model(folds=(0, 1), mirror_axes=None, name="two"), device="cpu")
    for folds, preset in ((ensemble, "exact"), (two, "fast")):
        with pytest.raises(AbdosegError, match="A single fold has none to disagree with"):
            drain(predicting(cases, folds, preset, disagreement=True))
    assert not (tmp_path / "out").exists()


def test_label_maps_that_are_there_are_kept(scans, tmp_path, ensemble):
    output = tmp_path / "out"
    cases = find_cases([scans], output)
    drain(predicting(cases, ensemble, "exact"))
    mine = cases[0].labels
    mine.write_bytes(b"corrected by hand")
    outcome = drain(predicting(cases, ensemble, "exact"))
    assert outcome.kept == cases
    assert len(outcome.reports) == 2
    assert mine.read_bytes() == b"corrected by hand"
    outcome = drain(predicting(cases, ensemble, "exact", overwrite=True))
    assert not outcome.kept
    assert read_labels(mine).data.any()


def test_a_broken_case_is_reported_and_the_others_go_on(scans, tmp_path, ensemble):
    (scans / "broken.nii.gz").write_bytes(b"no scan")
    outcome = drain(predicting(find_cases([scans], tmp_path / "out"), ensemble, "exact"))
    ((case, reason),) = outcome.failed
    assert case.name == "broken"
    assert "broken.nii.gz" in reason
    assert [report["case"] for report in outcome.reports] == ["case1", "case2"]
    assert not case.labels.exists()


def test_cancelling_leaves_nothing_half_written(scans, tmp_path, ensemble):
    work = predicting(find_cases([scans], tmp_path / "out"), ensemble, "exact")
    for _ in range(6):
        next(work)
    work.close()
    assert not list((tmp_path / "out").glob("*"))


def test_two_inputs_of_one_name_are_a_clear_error(scans, tmp_path):
    other = tmp_path / "case1.nii.gz"
    other.write_bytes((scans / "case1_0000.nii.gz").read_bytes())
    with pytest.raises(AbdosegError, match="both the case 'case1'"):
        find_cases([scans, other], tmp_path / "out")


def test_results_never_replace_their_input(tmp_path):
    scan = tmp_path / "scan.nii.gz"
    scan.touch()
    with pytest.raises(AbdosegError, match="would replace it: choose another output folder"):
        find_cases([scan], tmp_path)
