"""Processes on devices that share the cases of a folder, and what becomes of them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from small_models import cascade
from unpacked import unpacked

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.claims import Claims
from napari_abdoseg.batch.device_messages import dump_case, dump_job, load_job
from napari_abdoseg.batch.finding import find_cases
from napari_abdoseg.batch.folder import predicting
from napari_abdoseg.batch.goal import Goal, SegmentationJob
from napari_abdoseg.batch.recipe import Recipe
from napari_abdoseg.errors import AbdosegError, ModelError, SaveError
from napari_abdoseg.image.nifti.volumes import write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.inference.hardware.device import Device, choose_devices
from napari_abdoseg.inference.model import model_folder
from napari_abdoseg.inference.model.ensemble import Ensemble, load_ensemble
from napari_abdoseg.progress import Progress, Work, drain, relay

fcntl = pytest.importorskip("fcntl")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs leases of files")
LOWRES = "nnUNetTrainer__nnUNetPlans__3d_lowres"
SPACING = (20.0, 16.0, 16.0)
TWO = choose_devices("cpu,cpu")


@pytest.fixture
def ensemble(make_model):
    """One of two folds, which processes are to take, too."""
    return load_ensemble(make_model(folds=(0, 1), mirror_axes=None), [1], "cpu")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(5):
        write_volume(folder / f"c{number}.nii.gz", make_phantom(number, SPACING)[0])
    return folder


@pytest.fixture
def cases(folder, tmp_path) -> tuple[Case, ...]:
    return find_cases([folder], tmp_path / "out")


@pytest.fixture
def stall() -> Iterator[Callable[[Case], None]]:
    """Takes a lease of a scan: who opens it waits for most of a minute, or until `mend`."""
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)  # which tells that somebody waits

    def take_lease(case: Case) -> None:
        held[case] = os.open(case.image, os.O_RDWR)
        fcntl.fcntl(held[case], fcntl.F_SETLEASE, fcntl.F_WRLCK)

    yield take_lease
    for case in list(held):
        mend(case)
    signal.signal(signal.SIGIO, before)


held: dict[Case, int] = {}
"""Files with a lease."""


def mend(case: Case) -> None:
    os.close(held.pop(case))


def device_processes() -> list[psutil.Process]:
    """Processes of this one that work, or worked, on a device."""
    module = "napari_abdoseg.batch.device_process"
    return [
        process
        for process in psutil.Process().children()
        if process.status() == psutil.STATUS_ZOMBIE or module in process.cmdline()
    ]


def holder(case: Case) -> psutil.Process | None:
    """The process that has a case."""
    lock = str(case.output / ".abdoseg" / f"{case.name}.case" / "lock")
    for process in device_processes():
        with suppress(psutil.Error):
            if lock in [file.path for file in process.open_files()]:
                return process
    return None


def run_until(work: Work, reached: Callable[[Progress], object]) -> Progress:
    for progress in work:
        if reached(progress):
            return progress
    raise AssertionError


def label_maps(output: Path) -> dict[str, bytes]:
    return {path.name: unpacked(path) for path in output.glob("*.nii.gz")}


def require_as_on_one(output: Path, folder: Path, ensemble) -> None:
    """Nothing else is there, and all is what one device makes of the same scans."""
    one = output.with_name("one")
    drain(predicting(find_cases([folder], one), ensemble, "fast"))
    assert label_maps(output) == label_maps(one)
    assert sorted(path.name for path in output.iterdir()) == sorted(
        path.name for path in one.iterdir()
    )
    assert (output / "organs.csv").read_bytes() == (one / "organs.csv").read_bytes()


@pytest.mark.slow
def test_a_slow_case_keeps_one_device_and_is_done_elsewhere_when_that_dies(
    cases, folder, ensemble, stall
):
    stall(cases[0])
    work = predicting(cases, ensemble, "fast", devices=TWO)
    run_until(work, lambda _: holder(cases[0]))
    slow = holder(cases[0])
    slow.suspend()
    run_until(work, lambda progress: progress.done == 3000)
    assert [next(work).done for _ in range(5)] == [3000] * 5
    mend(cases[0])
    slow.kill()
    outcome = drain(work)
    assert outcome.made == cases
    assert not device_processes()
    require_as_on_one(cases[0].output, folder, ensemble)


@pytest.mark.slow
def test_no_device_has_two_cases_while_another_has_none(cases, ensemble, stall):
    two = cases[:2]
    for case in two:
        stall(case)
    work = predicting(two, ensemble, "fast", devices=TWO)
    run_until(work, lambda _: all(map(holder, two)))
    assert holder(two[0]) != holder(two[1])
    work.close()
    assert not device_processes()
    assert not list(two[0].output.iterdir())


@pytest.mark.slow
def test_a_case_that_kills_its_process_is_given_up_and_the_others_are_done(
    cases, folder, ensemble, stall
):
    deadly, output = cases[1], cases[0].output
    stall(deadly)
    killed = set()
    work = predicting(cases, ensemble, "fast", devices=TWO)

    def kill(_) -> None:
        if process := holder(deadly):
            killed.add(process.pid)
            process.kill()

    outcome = drain(relay(work, kill))
    assert len(killed) == 3
    ((case, reason),) = outcome.failed
    assert case == deadly
    assert reason == (
        "3 processes that worked on it died; the last one was killed (status -9), maybe for want "
        "of memory."
    )
    assert outcome.made == (cases[0], *cases[2:])
    assert (output / "failed.csv").exists()
    mend(deadly)
    assert drain(predicting(cases, ensemble, "fast")).made == (deadly,)
    require_as_on_one(output, folder, ensemble)


def test_a_device_that_is_not_there(cases, ensemble):
    with pytest.raises(AbdosegError, match=r"(?i)cuda"):
        drain(predicting(cases, ensemble, "fast", devices=[Device("cuda:99", "")] * 2))
    assert not device_processes()
    assert not list(cases[0].output.iterdir())


@pytest.mark.slow
def test_results_that_can_not_be_written(cases, ensemble):
    cases[0].output.mkdir()
    (cases[0].output / ".abdoseg").touch()
    with pytest.raises(SaveError, match="out can't take results"):
        drain(predicting(cases, ensemble, "fast", devices=TWO))
    assert not device_processes()


def test_processes_that_can_not_begin(cases, ensemble, tmp_path, monkeypatch):
    (tmp_path / "torch.py").write_text("raise OSError('libtorch.so: cannot open shared object')")
    paths = (str(tmp_path), os.environ.get("PYTHONPATH", ""))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    with pytest.raises(AbdosegError) as error:
        drain(predicting(cases, ensemble, "fast", devices=TWO))
    assert str(error.value) == (
        "No process can work on cpu: the last one stopped: OSError: libtorch.so: cannot open "
        "shared object. Choose another device."
    )


def test_a_process_ends_with_the_one_that_started_it(cases, ensemble, stall):
    case = cases[0]
    stall(case)
    job = SegmentationJob.for_this_machine(ensemble, Goal.of(ensemble, "fast"))
    module = "napari_abdoseg.batch.device_process"
    with subprocess.Popen(
        [sys.executable, "-m", module, "cpu"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        process.stdin.write(dump_job(job) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline()) == "ready"
        process.stdin.write(dump_case(case) + "\n")
        process.stdin.flush()
        name, stage, *_ = json.loads(process.stdout.readline())
        assert (name, stage) == (case.name, "Reading")
        assert Claims(case.output).is_taken(case.name)
    assert process.returncode
    assert not Claims(case.output).is_taken(case.name)


def test_a_job_brings_its_checked_model(ensemble, monkeypatch):
    job = load_job(dump_job(SegmentationJob.for_this_machine(ensemble, Goal.of(ensemble, "fast"))))

    def check_again(*_):
        raise AssertionError

    monkeypatch.setattr(model_folder, "check", check_again)
    monkeypatch.setattr(model_folder, "read_json", check_again)
    (trained,) = job.load("cpu").configurations
    assert (trained.folds, trained.model.folder) == (
        ("1",),
        ensemble.configurations[0].model.folder,
    )
    assert Recipe.of(Ensemble((trained,)), "fast") == job.goal.recipe


@pytest.mark.parametrize(
    "file",
    ["dataset.json", "plans.json", "fold_1/checkpoint_final.pth", f"../{LOWRES}/plans.json"],
)
def test_a_model_that_has_changed_since_the_run_began_is_refused(file, make_model):
    ensemble = load_ensemble(cascade(make_model), ["1"], "cpu")
    job = SegmentationJob.for_this_machine(ensemble, Goal.of(ensemble, "fast"))
    path = ensemble.configurations[0].model.folder / file
    if path.suffix == ".pth":
        shutil.copy(path.parent.with_name("fold_0") / path.name, path)
    else:
        path.write_text(json.dumps(json.loads(path.read_text()) | {"description": "another"}))
    with pytest.raises(ModelError, match=r"has changed since the run began: start the same"):
        job.load("cpu")
