"""Scores of two folders."""

from __future__ import annotations

import multiprocessing
import shutil

import pytest
from working import run

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.cohort import evaluating
from napari_abdoseg.evaluation.tolerance import FLARE21, FLARE22
from napari_abdoseg.progress import drain


def test_all_cases_are_scored_with_progress(cohort_folders):
    predictions, references, _ = cohort_folders
    steps, cohort = run(evaluating(predictions, references))
    assert [(step.stage, step.done, step.total) for step in steps] == [
        ("Comparing", done, 3) for done in range(4)
    ]
    assert [case.case for case in cohort.cases] == ["one", "three", "two"]
    assert cohort.organs == ("liver", "kidney", "spleen", "pancreas")
    assert cohort.complete
    assert cohort.tolerances == FLARE21
    assert cohort.of_organ("liver")["one"].dsc == cohort.cases[0].scores[0].dsc
    assert 0.5 < cohort.cases[0].scores[0].dsc < 1
    assert cohort.pair("two").reference == references / "two.nii.gz"


def test_several_processes_give_the_same(cohort_folders):
    predictions, references, _ = cohort_folders
    one = drain(evaluating(predictions, references, FLARE22))
    two = drain(evaluating(predictions, references, FLARE22, workers=2))
    assert repr(one) == repr(two)
    assert not multiprocessing.active_children()


def test_broken_missing_and_surplus_cases_are_told_and_the_rest_goes_on(cohort_folders, tmp_path):
    predictions = shutil.copytree(cohort_folders[0], tmp_path / "predictions")
    (predictions / "one.nii.gz").write_bytes(b"no scan")
    (predictions / "two.nii.gz").rename(predictions / "extra.nii.gz")
    cohort = drain(evaluating(predictions, cohort_folders[1]))
    assert [case.case for case in cohort.cases] == ["three"]
    ((case, reason),) = cohort.failed
    assert case == "one"
    assert "one.nii.gz is not a NIfTI file" in reason
    assert cohort.pairing.missing == ("two",)
    assert cohort.pairing.surplus == ("extra",)
    assert not cohort.complete


def test_organs_of_one_side_are_told(write_blocks, name_labels):
    name_labels("predictions", {"liver": 1})
    name_labels("references", {"liver": 1, "aorta": 2})
    found, truth = write_blocks(values=(1,), folder="predictions"), write_blocks(values=(1, 2))
    cohort = drain(evaluating(found, truth))
    assert cohort.organs == ("liver",)
    assert cohort.unmatched == ("aorta",)


def test_when_no_case_can_be_compared_the_first_reason_is_given(write_blocks):
    found = write_blocks(folder="predictions", shape=(16, 12, 9))
    with pytest.raises(AbdosegError, match=r"No case could be compared; case: .* shape is 16 × 12"):
        drain(evaluating(found.parent, write_blocks().parent))
