"""CT files in, label maps, reports and a table out."""

from __future__ import annotations

import csv
import json
import shutil
import threading

import nibabel as nib
import numpy as np
import pytest
from working import run

from napari_abdoseg.batch.finding import find_cases
from napari_abdoseg.batch.folder import predicting
from napari_abdoseg.batch.run_state import Outcome
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.nifti.volumes import read_labels
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.segmentation import segment
from napari_abdoseg.progress import drain


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
    assert [step.stage for step in steps[:2]] == ["Looking at what is there", "case1: Reading"]
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1].done == steps[-1].total == 2000

    reports = list(outcome.reports())
    for case, report in zip(cases, reports, strict=True):
        assert json.loads(case.report.read_text()) == report
        assert report["image_path"] == f"../../scans/{case.image.name}"
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
        report["case"] for report in reports for _ in report["organs"]
    ]


def _volume(case):
    from napari_abdoseg.image.nifti.volumes import read_volume

    return read_volume(case.image)


def test_it_tells_of_the_case_and_the_fold_that_work(scans, tmp_path, make_model):
    ensemble = load_ensemble(make_model(folds=(0, 1), mirror_axes=None), device="cpu")
    work = predicting(find_cases([scans], tmp_path / "out"), ensemble, "exact")
    told = {progress.words for progress in work if progress.part}
    assert told == {
        f"{case}: Segmenting, {fold} of 2 folds" for case in ("case1", "case2") for fold in (1, 2)
    }


def test_a_report_says_how_it_was_made(scans, tmp_path, make_model):
    ensemble = load_ensemble(make_model(folds=(0, 1)), device="cpu")
    cases = find_cases([scans / "case2_0000.nii.gz"], tmp_path / "out")
    (report,) = drain(predicting(cases, ensemble, "fast")).reports()
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
    (report,) = drain(predicting(cases, ensemble, "exact", disagreement=True)).reports()
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


def test_finished_cases_are_kept(scans, tmp_path, ensemble):
    cases = find_cases([scans], tmp_path / "out")
    drain(predicting(cases, ensemble, "exact"))
    written = [case.labels.stat().st_mtime_ns for case in cases]
    steps, outcome = run(predicting(cases, ensemble, "exact"))
    assert outcome.kept == cases
    assert not outcome.made
    assert {step.stage for step in steps} == {"Looking at what is there", "Writing tables"}
    assert [case.labels.stat().st_mtime_ns for case in cases] == written
    outcome = drain(predicting(cases, ensemble, "exact", overwrite=True))
    assert outcome.made == cases
    assert not (tmp_path / "out" / "case1_before.nii.gz").exists()


def test_no_cases_are_no_work(ensemble):
    assert drain(predicting((), ensemble, "fast")) == Outcome((), (), ())


def test_a_broken_case_is_reported_and_the_others_go_on(scans, tmp_path, ensemble):
    (scans / "broken.nii.gz").write_bytes(b"no scan")
    outcome = drain(predicting(find_cases([scans], tmp_path / "out"), ensemble, "exact"))
    ((case, reason),) = outcome.failed
    assert case.name == "broken"
    assert "broken.nii.gz" in reason
    assert [report["case"] for report in outcome.reports()] == ["case1", "case2"]
    assert not case.labels.exists()
    ((row),) = csv.DictReader((tmp_path / "out" / "failed.csv").open())
    assert row == {"case": "broken", "file": str(scans / "broken.nii.gz"), "reason": reason}


def test_a_case_that_is_mended_is_struck_off(scans, tmp_path, ensemble):
    broken, output = scans / "broken.nii.gz", tmp_path / "out"
    broken.write_bytes(b"no scan")
    (scans / "worse.nii.gz").write_bytes(b"nor this")
    drain(predicting(find_cases([scans], output), ensemble, "fast"))
    shutil.copy(scans / "case1_0000.nii.gz", broken)
    drain(predicting(find_cases([broken], output), ensemble, "fast"))
    assert [row["case"] for row in csv.DictReader((output / "failed.csv").open())] == ["worse"]
    (scans / "worse.nii.gz").unlink()
    shutil.copy(scans / "case1_0000.nii.gz", scans / "worse.nii.gz")
    outcome = drain(predicting(find_cases([scans], output), ensemble, "fast"))
    assert not outcome.failed
    assert not (output / "failed.csv").exists()


def test_weights_that_fail_fail_each_case(scans, tmp_path, model):
    ensemble = load_ensemble(model, device="cpu")
    for member in ensemble.configurations[0].members:
        for weight in member.weights.values():
            weight.fill_(float("nan"))
    outcome = drain(predicting(find_cases([scans], tmp_path / "out"), ensemble, "exact"))
    assert [case.name for case, _ in outcome.failed] == ["case1", "case2"]
    assert "damaged" in outcome.failed[0][1]


@pytest.mark.parametrize("steps", [1, 2, 3, 6, 20])
def test_cancelling_leaves_nothing_half_written(steps, scans, tmp_path, ensemble):
    output, threads = tmp_path / "out", threading.active_count()
    work = predicting(find_cases([scans], output), ensemble, "exact", workers=2)
    for _ in range(steps):
        next(work)
    work.close()
    assert threading.active_count() == threads
    names = {path.name for path in output.glob("*")}
    assert names in (set(), {"case1.nii.gz", "case1.json"})


def test_as_many_cases_are_ahead_as_there_are_workers(scans, tmp_path, ensemble):
    for number in range(6):
        shutil.copy(scans / "case1_0000.nii.gz", scans / f"more{number}.nii.gz")
    output = tmp_path / "out"
    work = predicting(find_cases([scans], output), ensemble, "fast", workers=2)
    most = 0
    for _ in work:
        most = max(most, len(list(output.glob(".abdoseg/*.case"))))
    assert 3 <= most <= 2 + 1 + 2


def test_what_the_first_case_will_take_is_told_once(scans, tmp_path, ensemble):
    cases = find_cases([scans], tmp_path / "out")
    steps, _ = run(predicting(cases, ensemble, "fast", foretell=True))
    assert [step.stage for step in steps if step.notice and step.notice.startswith("About")] == [
        "case1: Measuring this machine"
    ]
