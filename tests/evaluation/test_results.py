"""All files of an evaluation."""

from __future__ import annotations

import pytest
from working import run

from napari_abdoseg import evaluate
from napari_abdoseg.errors import AbdosegError, SaveError
from napari_abdoseg.evaluation.cohort import evaluating
from napari_abdoseg.evaluation.results import writing_results
from napari_abdoseg.image.files.saving import make_folder
from napari_abdoseg.progress import drain

FILES = {"metrics.csv", "summary.csv", "definitions.txt", "report.html"}


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_evaluate_scores_and_writes(cohort_folders, tmp_path):
    predictions, references, _ = cohort_folders
    output = tmp_path / "new" / "out"
    cohort = evaluate(predictions, str(references), output, tolerance=2)
    assert names(output) == FILES
    assert cohort.cases[0].scores[0].tolerance_mm == 2
    assert evaluate(predictions, references, tolerance="FLARE22").cases[0].scores[0].nsd == (
        pytest.approx(drain(evaluating(predictions, references)).cases[0].scores[0].nsd, abs=1)
    )


def test_two_predictions_give_a_table_of_differences(cohort_folders, tmp_path):
    predictions, references, worse = cohort_folders
    cohort, other = (drain(evaluating(folder, references)) for folder in (predictions, worse))
    steps, files = run(writing_results(tmp_path, cohort, other))
    assert names(tmp_path) == FILES | {"paired.csv"}
    assert {path.name for path in files} == names(tmp_path)
    assert steps[0].stage == "Drawing the worst cases"


def test_cancelling_leaves_nothing_half_written(cohort_folders, tmp_path):
    cohort = drain(evaluating(*cohort_folders[:2]))
    work = writing_results(tmp_path, cohort)
    next(work)
    next(work)
    work.close()
    assert not names(tmp_path)


def test_a_folder_that_cannot_be_is_a_clear_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SaveError, match="file can't be a folder for results"):
        make_folder(tmp_path / "file")


def test_an_unknown_tolerance_is_a_clear_error(cohort_folders):
    with pytest.raises(AbdosegError):
        evaluate(*cohort_folders[:2], tolerance="FLARE")
