"""A real scheduler with workers in processes of their own, which die and share no disk."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from clusters import cluster_of_processes, processes_of
from unpacked import unpacked
from working import run

from napari_abdoseg.batch.cluster.predicting import predicting_on_cluster
from napari_abdoseg.batch.finding import find_cases
from napari_abdoseg.batch.folder import predicting
from napari_abdoseg.batch.goal import Goal, SegmentationJob
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.progress import drain

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills processes")
OWN_FOLDER = Path("/proc/self/cwd")
"""A path that leads each process to the folder it has begun in."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two workers that have begun in a folder of their own."""
    folder = tmp_path_factory.mktemp("workers")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME"):
            patch.setenv(name, str(folder))
        with cluster_of_processes(2) as cluster:
            yield cluster


def copy_scans(scans: Path, count: int) -> None:
    for number in range(count - 2):
        shutil.copy(scans / "case1_0000.nii.gz", scans / f"more{number}_0000.nii.gz")


def require_same(cases, here: Path) -> None:
    for case in cases:
        assert unpacked(case.labels) == unpacked(here / case.labels.name)


@pytest.mark.slow
def test_a_worker_that_dies_has_its_case_made_by_another(scans, tmp_path, ensemble, cluster):
    copy_scans(scans, 4)
    here, output = tmp_path / "here", tmp_path / "out"
    drain(predicting(find_cases([scans], here), ensemble, "exact"))
    cases = find_cases([scans], output)
    job = SegmentationJob.for_others(ensemble, Goal.of(ensemble, "exact"))
    work = predicting_on_cluster(cases, job, cluster.scheduler_address)
    killed = 0
    while True:
        try:
            progress = next(work)
        except StopIteration as end:
            outcome = end.value
            break
        if not killed and progress.stage.endswith(": Segmenting"):
            killed = processes_of(cluster)[0]
            os.kill(killed, signal.SIGKILL)
    assert killed
    assert outcome.made == cases
    assert not outcome.failed
    require_same(cases, here)
    assert not (output / ".abdoseg").exists()


@pytest.mark.slow
@pytest.mark.skipif(not OWN_FOLDER.exists(), reason="needs /proc")
def test_workers_without_the_scan_and_the_model_are_sent_both(
    scans, tmp_path, make_model, cluster, monkeypatch
):
    folder = make_model(folds=(0,), mirror_axes=None, name="sent")
    ensemble = load_ensemble(folder, device="cpu")
    here, there = tmp_path / "here", tmp_path / "there"
    drain(predicting(find_cases([scans], here), ensemble, "exact"))
    monkeypatch.chdir(tmp_path)
    job = SegmentationJob.for_others(ensemble, Goal.of(ensemble, "exact"))
    job = job.with_models(tuple(model.below(OWN_FOLDER) for model in job.models))
    cases = find_cases([OWN_FOLDER / "scans"], there)
    steps, outcome = run(predicting_on_cluster(cases, job, cluster.scheduler_address))
    assert outcome.made == cases
    require_same(cases, here)
    assert any(step.stage.startswith("Sending the model sent to tcp://") for step in steps)
    again = [replace(case, output=tmp_path / "again") for case in cases]
    steps, outcome = run(predicting_on_cluster(again, job, cluster.scheduler_address))
    assert len(outcome.made) == 2
    assert not any("Sending" in step.stage for step in steps)


@pytest.mark.slow
def test_a_case_that_kills_workers_is_given_up(scans, tmp_path, ensemble):
    cases = find_cases([scans], tmp_path / "out")
    with cluster_of_processes(1) as cluster:
        job = SegmentationJob.for_others(ensemble, Goal.of(ensemble, "exact"))
        work = predicting_on_cluster(cases, job, cluster.scheduler_address)
        killed, armed = [], True
        while True:
            try:
                stage = next(work).stage
            except StopIteration as end:
                outcome = end.value
                break
            if armed and stage == "case1: Segmenting":
                killed += processes_of(cluster)
                os.kill(killed[-1], signal.SIGKILL)
            armed = stage != "case1: Segmenting"
    assert len(set(killed)) == 3
    assert outcome.made == cases[1:]
    ((case, reason),) = outcome.failed
    assert case == cases[0]
    assert reason.startswith("3 workers that had it died; the last was tcp://")
    assert "case1" in (tmp_path / "out" / "failed.csv").read_text()
