"""Looking at trainings that go on, end, break off and vanish."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest
from training_logs import copied_model, log_of

from napari_abdoseg.training.watching.curves import Stage
from napari_abdoseg.training.watching.finding import Trouble
from napari_abdoseg.training.watching.watch import Watch


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Three folds, all written to a moment ago."""
    folder = copied_model("tiny", tmp_path)
    for log in folder.glob("*/*.txt"):
        os.utime(log)
    return folder


def states(watch: Watch, now: float | None = None) -> list[tuple[int, str, list[str]]]:
    return [
        (
            len(fold.curves.epochs),
            fold.curves.stage.value,
            [found.trouble.value for found in fold.findings],
        )
        for fold in watch.look(now)
    ]


def test_all_folds_at_once(model):
    assert states(Watch(model)) == [
        (30, "finished", []),
        (30, "finished", []),
        (10, "training", []),
    ]


def test_a_log_that_grows_is_followed_piece_by_piece(model):
    log = log_of(model / "fold_0")
    text = log.read_text()
    watch = Watch(model / "fold_0")
    seen = []
    for end in range(2000, len(text) + 1500, 1500):
        log.write_text(text[:end])
        (fold,) = watch.look()
        seen.append(len(fold.curves.epochs))
        assert fold.is_finished == (
            "Training done. \n" in text[:end] and not validating(text[:end])
        )
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0, 30)
    assert len(set(seen)) > 5


def validating(text: str) -> bool:
    last = text[: text.rfind("\n") + 1]
    return "predicting " in last and "Validation complete" not in last


def test_what_has_not_changed_is_not_read_again(model):
    watch = Watch(model)
    first, second = watch.look(), watch.look()
    assert all(one.curves is other.curves for one, other in zip(first, second))
    with log_of(model / "fold_2").open("a") as log:
        log.write("\n")
    third = watch.look()
    assert [one.curves is other.curves for one, other in zip(first, third)] == [True, True, False]


def test_a_fold_that_stops_writing_and_goes_on(model):
    watch = Watch(model)
    watch.look()
    later = time.time() + 20 * 60
    assert states(watch, later)[2] == (10, "training", ["stopped writing"])
    (stop,) = watch.look(later)[2].findings
    assert stop.trouble is Trouble.STOPPED
    assert watch.look(later)[2].has_stopped
    with log_of(model / "fold_2").open("a") as log:
        log.write("\n")
    assert states(watch, later)[2] == (10, "training", [])


def test_a_fold_that_is_started_again_is_no_longer_silent(model):
    first = min((model / "fold_1").glob("*.txt"))
    os.utime(first, (0, 0))
    second = log_of(model / "fold_1")
    second.write_text(second.read_text()[:9000])
    assert states(Watch(model))[1] == (22, "training", [])


def test_trouble_of_the_curves(tmp_path):
    folder = copied_model("hot", tmp_path)
    assert states(Watch(folder)) == [(12, "finished", ["diverges"])]
    log = log_of(folder / "fold_0")
    log.write_text(log.read_text().split("Epoch 9")[0])
    os.utime(log, (0, 0))
    assert states(Watch(folder)) == [(9, "training", ["stopped writing", "diverges"])]


def test_a_folder_that_comes_and_goes(model, tmp_path):
    watch = Watch(tmp_path)
    assert len(watch.look()) == 3
    away = model.rename(tmp_path.parent / f"{tmp_path.name}_away")
    assert watch.look() == ()
    shutil.move(away, model)
    assert len(watch.look()) == 3
    assert Watch(tmp_path / "nothing").look() == ()
    assert Watch(tmp_path / ("x" * 300)).look() == ()


def test_a_log_that_cannot_be_read_leaves_the_other_folds(model):
    log = log_of(model / "fold_0")
    log.unlink()
    log.mkdir()
    assert [fold.curves.name for fold in Watch(model).look()] == ["fold 1", "fold 2"]


def test_a_new_fold_is_seen(model):
    watch = Watch(model)
    watch.look()
    shutil.copytree(model / "fold_2", model / "fold_3")
    assert watch.look()[3].curves.stage is Stage.TRAINING
