"""What is logged, where it is kept, and what is never in it."""

from __future__ import annotations

import logging
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import nibabel as nib
import pytest
from clusters import cluster_in_threads
from distributed import Client
from typer.testing import CliRunner

from napari_abdoseg import log
from napari_abdoseg.batch.cluster import service
from napari_abdoseg.batch.cluster.predicting import predicting_on_cluster
from napari_abdoseg.batch.finding import find_cases
from napari_abdoseg.batch.folder import predicting
from napari_abdoseg.batch.goal import Goal, SegmentationJob
from napari_abdoseg.cli import app as command
from napari_abdoseg.cli.console import LogLines
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.nifti.volumes import write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.inference.hardware.device import choose_devices
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.log import attach, keep_log, log_error, logged
from napari_abdoseg.progress import Progress, Work, drain

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="keeps logs apart by XDG folders")
PATIENT = "DOE^JANE"
FIELDS = ("descrip", "aux_file", "intent_name", "db_name")


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Two scans with a patient's name in all of their texts, and one that is cut off."""
    folder = tmp_path / "scans"
    folder.mkdir()
    for seed in (1, 2):
        path = folder / f"scan{seed}.nii.gz"
        write_volume(path, make_phantom(seed, (20.0, 16.0, 16.0))[0])
        image = nib.load(path)
        for field in FIELDS:
            image.header[field] = PATIENT
        image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", PATIENT.encode()))
        nib.save(image, path)
    whole = (folder / "scan2.nii.gz").read_bytes()
    (folder / "broken.nii.gz").write_bytes(whole[: len(whole) // 2])
    return folder


def text_of(folder: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.log"))


def work(error: Exception | None = None) -> Work[str]:
    yield Progress("Reading", 0, 2)
    yield Progress("Writing", 1, 2)
    if error:
        raise error
    return "result"


def test_a_script_that_asks_for_no_log_prints_none():
    script = (
        "import logging\n"
        "from napari_abdoseg import log\n"
        "logging.getLogger('napari_abdoseg.image').error('something')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_a_run_over_a_folder_keeps_what_a_developer_needs_and_no_patient(
    scans, logs, tmp_path, make_model
):
    model = make_model(folds=(0,), mirror_axes=None)
    options = ["--output", str(tmp_path / "out"), "--model", str(model), "--device", "cpu"]
    result = CliRunner().invoke(command.app, ["-v", "predict", str(scans), *options])
    assert result.exit_code == 1, result.output
    kept = text_of(logs)
    digest = load_ensemble(model, device="cpu").configurations[0].sha256(("0",))
    versions = "napari-abdoseg 0", "nnunetv2 2", "torch 2", "Python 3"
    for said in (*versions, str(model), digest, "on cpu", "preset balanced", "Segmenting took"):
        assert said in kept
        assert said in " ".join(result.stderr.split())
    assert "scan1: made" in kept
    assert f"{scans / 'scan1.nii.gz'}, a scan of" in kept
    assert "broken: failed" in kept
    assert "Traceback" not in kept
    assert "INFO" not in result.stdout
    assert "DOE" not in kept + result.output


@pytest.mark.slow
def test_one_scan_leaves_no_log_and_prints_as_much_as_before(scans, logs, tmp_path, make_model):
    options = ["--output", str(tmp_path / "out"), "--model", str(make_model()), "--device", "cpu"]
    result = CliRunner().invoke(command.app, ["predict", str(scans / "scan1.nii.gz"), *options])
    assert result.exit_code == 0, result.output
    assert not logs.exists()
    assert result.stderr == ""


@pytest.mark.slow
def test_processes_on_devices_keep_logs_of_their_own(scans, logs, tmp_path, make_model):
    ensemble = load_ensemble(make_model(folds=(0,), mirror_axes=None), device="cpu")
    keep_log("predict")
    cases = find_cases([scans], tmp_path / "out")
    drain(predicting(cases, ensemble, "exact", devices=choose_devices("cpu,cpu")))
    files = list(logs.iterdir())
    assert len(files) == 3
    kept = text_of(logs)
    assert "scan1: Reading took" in kept
    assert "scan2: made" in kept
    assert "SHA-256" in kept
    assert "DOE" not in kept


def test_a_worker_of_a_cluster_names_the_case_in_its_own_log(
    scans, logs, tmp_path, make_model, monkeypatch
):
    monkeypatch.setattr(service.FileIdentity, "of", lambda path: None)  # scans are sent
    ensemble = load_ensemble(make_model(folds=(0,), mirror_axes=None), device="cpu")
    cases = find_cases([scans], tmp_path / "out")
    with cluster_in_threads() as cluster, Client(cluster) as client:
        address = cluster.scheduler_address
        drain(
            predicting_on_cluster(
                cases, SegmentationJob.for_others(ensemble, Goal.of(ensemble, "exact")), address
            )
        )
        (lines,) = client.get_worker_logs().values()
    kept = "\n".join(line for _, line in lines)
    assert "scan1: Segmenting" in kept
    assert "scan2: done in" in kept
    assert "SHA-256" in kept
    assert "DOE" not in kept


def test_stages_are_kept_with_their_seconds_and_how_it_ended(logs):
    keep_log("train")
    assert drain(logged(work(), "Train")) == "result"
    cancelled = logged(work(), "Cancel")
    next(cancelled)
    cancelled.close()
    kept = text_of(logs)
    for said in ("Train: Reading", "Train: Writing (Reading for 0.", "Train: done in"):
        assert said in kept
    assert "Cancel: stopped after 0.00 s, in Reading" in kept


def test_a_fault_comes_once_with_its_traceback_and_a_mistake_without(logs):
    keep_log("train")
    for error in (KeyError("lost"), AbdosegError("Choose another file.")):
        with pytest.raises(type(error)) as raised:
            drain(logged(work(error), "Train"))
        log_error("abdoseg", raised.value)
    kept = text_of(logs)
    assert kept.count("Traceback") == kept.count("KeyError: 'lost'") == 1
    assert kept.count("Choose another file.") == 1


def test_the_file_is_one_a_process_and_turns_over(logs, monkeypatch):
    monkeypatch.setattr(log, "MOST_BYTES", 2000)
    path = keep_log("napari")
    assert path == keep_log("napari")
    for number in range(100):
        logging.getLogger("napari_abdoseg.cli").info("Line %d", number)
    older = path.with_name(f"{path.name}.1")
    assert sorted(logs.iterdir()) == [path, older]
    assert max(file.stat().st_size for file in (path, older)) <= 2000
    assert "Line 99" in path.read_text()
    for file in (path, older):
        assert "napari-abdoseg 0" in file.read_text().splitlines()[0]


def test_old_files_go(logs):
    logs.mkdir(parents=True)
    for number in range(log.MOST_FILES + 5):
        (logs / f"old{number}.log").touch()
    path = keep_log("napari")
    assert len(list(logs.iterdir())) == log.MOST_FILES
    assert path.exists()


def test_without_a_place_for_it_work_goes_on(logs):
    logs.parent.mkdir(parents=True)
    logs.touch()
    assert keep_log("napari") is None
    assert drain(logged(work(), "Train")) == "result"


def test_a_full_disk_is_no_matter(logs, capsys):
    path = keep_log("napari")
    for handler in logging.getLogger("napari_abdoseg").handlers:
        if isinstance(handler, log.LogFile):
            handler.stream = Path("/dev/full").open("w")  # noqa: SIM115
    logging.getLogger("napari_abdoseg").info("Lost")
    assert "Lost" not in path.read_text()
    assert capsys.readouterr().err == ""


def test_work_goes_on_where_nothing_can_be_printed(logs, monkeypatch):
    attach(LogLines())
    with suppress(OSError), Path("/dev/full").open("w", buffering=1) as full:
        monkeypatch.setattr(sys, "stderr", full)
        result = drain(logged(work(), "Train"))
    assert result == "result"


def test_no_name_of_a_file_forges_a_line(logs):
    keep_log("napari")
    logging.getLogger("napari_abdoseg").info("Read %s", "a\nERROR b\x1b[31m\udcfc Müller")
    line = text_of(logs).splitlines()[-1]
    assert line.endswith(r"Read a\nERROR b\x1b[31m\udcfc Müller")


def test_other_logs_get_what_they_would_have_had(logs):
    others = logging.Handler()
    heard: list[str] = []
    others.emit = lambda record: heard.append(record.getMessage())
    root = logging.getLogger()
    root.addHandler(others)
    try:
        attach(logging.NullHandler())
        logging.getLogger("napari_abdoseg.image").info("quiet")
        logging.getLogger("napari_abdoseg.image").warning("loud")
    finally:
        root.removeHandler(others)
    assert heard == ["loud"]
