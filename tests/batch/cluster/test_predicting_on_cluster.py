"""Cases on the workers of a real cluster."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from clusters import cluster_in_threads
from unpacked import unpacked
from working import run

from napari_abdoseg.batch.claims import Claims
from napari_abdoseg.batch.cluster import connection, service
from napari_abdoseg.batch.cluster.introduction import UnfitWorkerError
from napari_abdoseg.batch.cluster.predicting import predicting_on_cluster, segmenting_on_cluster
from napari_abdoseg.batch.finding import find_cases
from napari_abdoseg.batch.folder import predicting
from napari_abdoseg.batch.goal import Goal, SegmentationJob
from napari_abdoseg.errors import AbdosegError, DeviceError
from napari_abdoseg.image.nifti.volumes import read_labels, read_volume
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.progress import drain


def test_results_are_those_of_one_machine(scans, tmp_path, ensemble, scheduler, job_for_one_fold):
    here, there = tmp_path / "here", tmp_path / "there"
    drain(predicting(find_cases([scans], here), ensemble, "exact"))
    cases = find_cases([scans], there)
    steps, outcome = run(predicting_on_cluster(cases, job_for_one_fold, scheduler))
    assert outcome.made == cases
    assert sorted(path.name for path in there.iterdir()) == sorted(
        path.name for path in here.iterdir()
    )
    for case in cases:
        assert unpacked(case.labels) == unpacked(here / case.labels.name)
        reports = [json.loads((folder / case.report.name).read_text()) for folder in (here, there)]
        for report in reports:
            assert report.pop("seconds")
            assert report.pop("device_reason")
        assert reports[0] == reports[1]
    assert (here / "organs.csv").read_bytes() == (there / "organs.csv").read_bytes()
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1].done == steps[-1].total == 2000
    assert {"case1: Segmenting", "case2: Segmenting"} <= {step.stage for step in steps}
    notices = [step.notice for step in steps if step.notice]
    assert len(notices) == 2
    assert all("runs on cpu" in notice for notice in notices)


def test_finished_cases_are_kept_without_a_cluster(scans, tmp_path, ensemble, job_for_one_fold):
    cases = find_cases([scans], tmp_path / "out")
    drain(predicting(cases, ensemble, "exact"))
    outcome = drain(predicting_on_cluster(cases, job_for_one_fold, "tcp://127.0.0.1:1"))
    assert outcome.kept == cases


def test_finished_cases_are_made_again_on_request(
    scans, tmp_path, ensemble, scheduler, job_for_one_fold
):
    cases = find_cases([scans], tmp_path / "out")
    drain(predicting(cases, ensemble, "exact"))
    written = [case.labels.stat().st_mtime_ns for case in cases]
    job = SegmentationJob.for_others(ensemble, Goal.of(ensemble, "exact", overwrite=True))
    work = predicting_on_cluster(cases, job, scheduler)
    assert drain(work).made == cases
    assert all(
        case.labels.stat().st_mtime_ns > before for case, before in zip(cases, written, strict=True)
    )


def test_a_broken_case_is_reported_and_the_others_go_on(
    scans, tmp_path, scheduler, job_for_one_fold
):
    (scans / "broken.nii.gz").write_bytes(b"no scan")
    cases = find_cases([scans], tmp_path / "out")
    outcome = drain(predicting_on_cluster(cases, job_for_one_fold, scheduler))
    ((case, reason),) = outcome.failed
    assert case.name == "broken"
    assert "broken.nii.gz" in reason
    assert [case.name for case in outcome.made] == ["case1", "case2"]


def test_a_scan_that_is_gone_is_reported(scans, tmp_path, scheduler, job_for_one_fold):
    cases = find_cases([scans], tmp_path / "out")
    cases[0].image.unlink()
    outcome = drain(predicting_on_cluster(cases, job_for_one_fold, scheduler))
    ((case, reason),) = outcome.failed
    assert case == cases[0]
    assert str(case.image) in reason


def test_a_case_of_another_run_is_waited_for(
    scans, tmp_path, ensemble, scheduler, job_for_one_fold
):
    cases = find_cases([scans], tmp_path / "out")
    claim = Claims(tmp_path / "out").claim("case1")
    work = predicting_on_cluster(cases, job_for_one_fold, scheduler)
    stages = set()
    for progress in work:
        stages.add(progress.stage)
        if progress.stage == "Waiting for another run":
            break
    claim.release()
    outcome = drain(work)
    assert outcome.made == cases
    assert not (tmp_path / "out" / ".abdoseg").exists()


@pytest.mark.slow
def test_asks_where_folds_disagree_and_for_logits(scans, tmp_path, make_model, scheduler):
    ensemble = load_ensemble(make_model(folds=(0, 1), mirror_axes=None, name="two"), device="cpu")
    goal = Goal.of(ensemble, "exact", disagreement=True, logits=True)
    job = SegmentationJob.for_others(ensemble, goal)
    here, there = (find_cases([scans], tmp_path / name) for name in ("here", "there"))
    drain(predicting(here, ensemble, "exact", disagreement=True, keep_logits=True))
    drain(predicting_on_cluster(there, job, scheduler))
    for one, other in zip(here, there, strict=True):
        assert unpacked(one.disagreement) == unpacked(other.disagreement)
        reports = [json.loads(case.report.read_text())["review"] for case in (one, other)]
        assert reports[0] == reports[1]
        assert one.logits.read_bytes() == other.logits.read_bytes()


def test_closing_ends_the_work_on_the_workers(scans, tmp_path, job_for_one_fold, make_model):
    big = tmp_path / "big"
    big.mkdir()
    shutil.copy(scans / "case1_0000.nii.gz", big / "case1_0000.nii.gz")
    slow = make_model(folds=range(8), patch=(8, 8, 8), spacing=(4.0, 4.0, 4.0), name="slow")
    ensemble = load_ensemble(slow, device="cpu")
    job = SegmentationJob.for_others(ensemble, Goal.of(ensemble, "exact"))
    cases = find_cases([big], tmp_path / "out")
    with cluster_in_threads() as cluster:
        (worker,) = cluster.workers.values()
        work = predicting_on_cluster(cases, job, cluster.scheduler_address)
        while next(work).stage != "Segmenting":
            pass
        assert worker.state.executing_count == 1
        work.close()
        cluster.sync(_until_idle, worker)
    assert not list((tmp_path / "out").iterdir())


async def _until_idle(worker):
    import asyncio

    while worker.active_threads or worker.state.tasks:
        await asyncio.sleep(0.05)


def test_a_scan_in_memory(scans, ensemble, scheduler, job_for_one_fold, tmp_path):
    case = find_cases([scans], tmp_path / "out")[1]
    drain(predicting([case], ensemble, "exact"))
    volume = read_volume(case.image)
    steps, result = run(segmenting_on_cluster(volume, job_for_one_fold, scheduler))
    assert np.array_equal(result.labels.data, read_labels(case.labels).data)
    assert result.labels.grid.matches(volume.grid)
    assert result.report["image"] == case.image.name
    assert "Segmenting" in {step.stage for step in steps}


def test_a_scan_that_is_in_no_file_and_can_not_be_segmented(phantom, scheduler, model, tmp_path):
    import torch

    checkpoint = model / "fold_0" / "checkpoint_final.pth"
    content = torch.load(checkpoint, weights_only=False)
    for weight in content["network_weights"].values():
        weight.fill_(float("nan"))
    torch.save(content, checkpoint)
    ensemble = load_ensemble(model, device="cpu")
    job = SegmentationJob.for_others(ensemble, Goal.of(ensemble, "exact"))
    volume, _ = phantom
    nowhere = Volume(volume.data, volume.grid)
    with pytest.raises(AbdosegError, match="damaged"):
        drain(segmenting_on_cluster(nowhere, job, scheduler))


def test_an_output_of_another_model_is_an_error(
    scans, tmp_path, ensemble, scheduler, job_for_one_fold
):
    cases = find_cases([scans], tmp_path / "out")
    drain(predicting(cases, ensemble, "fast"))
    with pytest.raises(AbdosegError, match="another model or preset"):
        drain(predicting_on_cluster(cases, job_for_one_fold, scheduler))


def without_gpu(_):
    raise DeviceError("There is no GPU.")


def without_package(_):
    raise ImportError("No module named 'nnunetv2'")


@pytest.mark.parametrize(
    ("introduce", "words"),
    [
        (without_gpu, "can't take part: There is no GPU."),
        (
            without_package,
            "can't begin (ImportError: No module named 'nnunetv2'): install \"napari-ab",
        ),
    ],
)
def test_workers_that_can_not_begin_are_named(
    introduce, words, phantom, scheduler, job_for_one_fold, monkeypatch
):
    monkeypatch.setattr(service, "introduce", introduce)
    with pytest.raises(UnfitWorkerError) as caught:
        drain(segmenting_on_cluster(phantom[0], job_for_one_fold, scheduler))
    assert str(caught.value).startswith(f"The worker {caught.value.address} {words}")


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:1", "no address", "carrier-pigeon://host:1", "tls://127.0.0.1:1"]
)
def test_a_scheduler_that_does_not_answer(address, phantom, job_for_one_fold, monkeypatch):
    monkeypatch.setattr(connection, "PATIENCE", 1.0)
    with pytest.raises(AbdosegError, match=f"No scheduler of Dask answers at {address}"):
        drain(segmenting_on_cluster(phantom[0], job_for_one_fold, address))
