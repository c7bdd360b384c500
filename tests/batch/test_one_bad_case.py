"""One bad case never stops the others, nor loses the tables."""

from __future__ import annotations

import csv
import json
import os
import shutil

import pytest

from napari_abdoseg.batch import pipeline
from napari_abdoseg.batch.finding import find_cases
from napari_abdoseg.batch.folder import predicting
from napari_abdoseg.batch.organ_table import read_organ_table
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.nifti.volumes import read_labels, write_labels
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.progress import drain


@pytest.mark.parametrize(
    ("stage", "error", "said"),
    [
        ("preparing_case", ZeroDivisionError("in a\ncase"), "ZeroDivisionError: in a case (at "),
        ("asking_case", RuntimeError("CUDA error"), "RuntimeError: CUDA error (at "),
        ("writing_case", MemoryError(), "too little memory"),
        ("asking_case", RuntimeError("can't start new thread"), "too little memory"),
    ],
)
def test_a_fault_is_told_on_one_line(stage, error, said, scans, tmp_path, ensemble, monkeypatch):
    work = getattr(pipeline, stage)

    def faulty(case, *arguments):
        if getattr(case, "name", case) == "case1":
            raise error
        return (yield from work(case, *arguments))

    monkeypatch.setattr(pipeline, stage, faulty)
    output = tmp_path / "out"
    outcome = drain(predicting(find_cases([scans], output), ensemble, "fast"))
    assert [case.name for case in outcome.made] == ["case2"]
    (row,) = csv.DictReader((output / "failed.csv").open())
    assert row["case"] == "case1"
    assert said in row["reason"]
    assert "\n" not in row["reason"]
    assert ("batch/test_one_bad_case.py:" in row["reason"]) != (said == "too little memory")
    assert {row.case for row in read_organ_table(output).rows} == {"case2"}


def cut(report):
    del report["organs"][0]["volume_ml"]


def mix_up(report):
    report["organs"][0]["box_mm"] = [1, 2]


def say_words(report):
    report["organs"][0]["mean_hu"] = "many"


def say_no_place(report):
    report["grid"]["affine"] = [1]


@pytest.mark.parametrize(
    "spoil",
    [
        *(mix_up, say_no_place, "[" * 200_000),
        *(pytest.param(each, marks=pytest.mark.slow) for each in (cut, say_words, "[]", "\udcff")),
    ],
)
def test_a_report_that_is_none_loses_no_table(spoil, scans, tmp_path, ensemble):
    cases = find_cases([scans], tmp_path / "out")
    drain(predicting(cases, ensemble, "fast"))
    table = (tmp_path / "out" / "organs.csv").read_bytes()
    if isinstance(spoil, str):
        cases[0].report.write_bytes(os.fsencode(spoil))
    else:
        report = json.loads(cases[0].report.read_text())
        spoil(report)
        cases[0].report.write_text(json.dumps(report))
    outcome = drain(predicting(cases, ensemble, "fast"))
    assert (outcome.made, outcome.kept) == (cases[:1], cases[1:])
    assert (tmp_path / "out" / "organs.csv").read_bytes() == table


@pytest.mark.parametrize(
    "name", [b"m\xfcller", pytest.param(b"=1+1", marks=pytest.mark.slow), b"'=a\rb [x]"]
)
def test_a_case_of_any_name_is_in_the_tables(name, scans, tmp_path, ensemble):
    name, output = os.fsdecode(name), tmp_path / "out"
    shutil.copy(scans / "case1_0000.nii.gz", scans / f"{name}.nii.gz")
    (scans / f"{name} bad.nii.gz").write_bytes(b"no scan")
    for _ in range(2):  # the second keeps what the first has written
        outcome = drain(predicting(find_cases([scans], output), ensemble, "fast"))
        assert len(outcome.finished) == 3
        assert {row.case for row in read_organ_table(output).rows} == {"case1", "case2", name}
    one, _ = find_cases([scans / "case1_0000.nii.gz", scans / "case2_0000.nii.gz"], output)
    drain(predicting([one], ensemble, "fast"))
    assert {row.case for row in read_organ_table(output).rows} == {"case1", "case2", name}
    assert len((output / "failed.csv").read_text().split("bad.nii.gz")) > 1


@pytest.mark.slow
def test_a_name_that_is_too_long_for_results(scans, tmp_path, ensemble):
    shutil.copy(scans / "case1_0000.nii.gz", scans / f"{'L' * 248}.nii.gz")
    shutil.copy(scans / "case1_0000.nii.gz", scans / "short.nii.gz")
    (scans / f"{'M' * 251}.nii").write_bytes(b"")
    outcome = drain(predicting(find_cases([scans], tmp_path / "out"), ensemble, "fast"))
    assert [case.name for case in outcome.finished] == ["L" * 248, "case1", "case2", "short"]
    ((_, reason),) = outcome.failed
    assert "too long" in reason
    assert len(list((tmp_path / "out").iterdir())) == 2 * 4 + 2


@pytest.mark.slow
def test_where_folds_disagree_never_replaces_another_cases_label_map(scans, tmp_path, make_model):
    for name in ("x", "x_disagreement"):
        shutil.copy(scans / "case1_0000.nii.gz", scans / f"{name}.nii.gz")
    two = load_ensemble(make_model(folds=(0, 1), mirror_axes=None, name="two"), device="cpu")
    cases = find_cases([scans], tmp_path / "out")
    with pytest.raises(AbdosegError, match=r"x_disagreement\.nii\.gz would be both where"):
        drain(predicting(cases, two, "exact", disagreement=True))
    assert not (tmp_path / "out").exists()
    assert len(drain(predicting(cases, two, "exact")).made) == 4


@pytest.mark.parametrize("overwrite", [pytest.param(False, marks=pytest.mark.slow), True])
def test_what_was_put_aside_is_not_replaced(overwrite, scans, tmp_path, ensemble):
    output = tmp_path / "out"
    (case,) = find_cases([scans / "case1_0000.nii.gz"], output)
    drain(predicting([case], ensemble, "fast"))
    labels = read_labels(case.labels)
    labels.data[:] = 1
    write_labels(case.labels, labels)
    case.report.unlink()
    drain(predicting([case], ensemble, "fast"))
    mine = (output / "case1_before.nii.gz").read_bytes()
    shutil.copy(scans / "case1_0000.nii.gz", scans / "case1_before.nii.gz")
    (other,) = find_cases([scans / "case1_before.nii.gz"], output)
    drain(predicting([other], ensemble, "fast", overwrite))
    assert mine in [path.read_bytes() for path in output.glob("case1_before_before*")]
