"""Predictions in a process of their own: what it says, and how it ends."""

from __future__ import annotations

import os
import sys

import psutil
import pytest
from small_models import COARSE

from napari_abdoseg.batch.claims import Claims
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.nifti.volumes import read_labels, write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.progress import drain
from napari_abdoseg.worklist.predicting.background import (
    dump_order,
    load_order,
    predicting_in_background,
)
from napari_abdoseg.worklist.predicting.predicting import Predicted, PredictionSettings
from napari_abdoseg.worklist.records.work_folder import WorkFolder


@pytest.fixture
def settings(make_model):
    model = make_model(folds=(0,), mirror_axes=None, spacing=COARSE)
    return PredictionSettings((str(model),), ("0",), "fast", "cpu")


@pytest.fixture
def folder(tmp_path):
    for number, name in enumerate("pq"):
        path = tmp_path / "cts" / f"{name}_0000.nii.gz"
        path.parent.mkdir(exist_ok=True)
        write_volume(path, make_phantom(number, (20.0, 16.0, 16.0))[0])
    return WorkFolder.of(tmp_path / "cts")


def background_processes() -> list[psutil.Process]:
    module = "napari_abdoseg.worklist.predicting.background_process"
    return [
        process
        for process in psutil.Process().children()
        if process.status() == psutil.STATUS_ZOMBIE or module in process.cmdline()
    ]


def test_it_predicts_with_the_lowest_priority_and_tells_of_each_case(folder, settings):
    (folder.scans / "damaged.nii.gz").write_bytes(b"no gzip")
    work = predicting_in_background(folder, settings, ["q"])
    told, stages, nice = [], set(), set()
    while True:
        try:
            progress = next(work)
        except StopIteration as end:
            done = end.value
            break
        stages.add(progress.stage)
        told += filter(None, [progress.interim])
        if progress.stage.startswith("q: "):
            (process,) = background_processes()
            nice |= {process.nice()}
            if sys.platform == "linux":
                threads = (thread.id for thread in process.threads())
                nice |= {os.getpriority(os.PRIO_PROCESS, thread) for thread in threads}
    ((failed, reason),) = done.failed
    assert failed == "damaged"
    assert "damaged.nii.gz" in reason
    assert done.made == ("q", "p")
    assert told == ["q", "p"]
    assert nice == {getattr(psutil, "IDLE_PRIORITY_CLASS", 19)}
    assert read_labels(folder.labels_of("p")).organs
    assert not background_processes()


def test_it_ends_at_once_and_leaves_what_it_has_begun_to_others(folder, settings):
    work = predicting_in_background(folder, settings)
    next(progress for progress in work if progress.stage.startswith("p: "))
    assert Claims(folder.predictions).is_taken("p")
    work.close()
    assert not background_processes()
    assert not Claims(folder.predictions).is_taken("p")
    assert not folder.labels_of("p").exists()
    assert drain(predicting_in_background(folder, settings)) == Predicted(("p", "q"))


@pytest.mark.slow
def test_two_of_them_share_the_cases(folder, settings):
    works = [predicting_in_background(folder, settings) for _ in range(2)]
    made = []
    while works:
        for work in tuple(works):
            try:
                next(work)
            except StopIteration as end:
                made += end.value.made
                works.remove(work)
    assert sorted(made) == ["p", "q"]
    assert {path.name for path in folder.masks.iterdir()} == {
        *(".worklist", "p.nii.gz", "p.json", "p.logits", "q.nii.gz", "q.json", "q.logits")
    }


def test_what_goes_wrong_there_is_said_here(folder, settings):
    with pytest.raises(AbdosegError, match="/no/such/model"):
        drain(predicting_in_background(folder, PredictionSettings(("/no/such/model",))))
    work = predicting_in_background(folder, settings)
    next(progress for progress in work if progress.stage.startswith("p: "))
    (process,) = background_processes()
    process.kill()
    with pytest.raises(AbdosegError, match=r"in the background was killed \(status -9\)"):
        drain(work)


def test_an_order_arrives_as_it_was_given(folder, settings):
    assert load_order(dump_order(folder, settings, ["q"])) == (folder, settings, ("q",))
    usual = PredictionSettings()
    assert load_order(dump_order(folder, usual, ()))[1:] == (usual, ())
