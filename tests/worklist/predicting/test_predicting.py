"""Label maps by a model for cases that have none, beside people who work on others."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from clusters import cluster_in_threads
from small_models import COARSE
from small_scans import write_label_map
from unpacked import unpacked

from napari_abdoseg.batch.case_logits import logits_of_case
from napari_abdoseg.batch.case_scan import reading_scan
from napari_abdoseg.batch.finding import find_cases
from napari_abdoseg.batch.folder import predicting
from napari_abdoseg.errors import ModelError, SaveError
from napari_abdoseg.image.files.json_beside import CORRECTIONS
from napari_abdoseg.image.nifti.volumes import read_labels, read_volume, write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.logits.file import logits_path
from napari_abdoseg.progress import drain
from napari_abdoseg.worklist.predicting.missing_masks import take_in
from napari_abdoseg.worklist.predicting.predicting import (
    Predicted,
    PredictionSettings,
    predicting_missing,
)
from napari_abdoseg.worklist.records.case_record import Status
from napari_abdoseg.worklist.records.changing import change_record, open_case, with_status
from napari_abdoseg.worklist.records.leases import kept_alive
from napari_abdoseg.worklist.records.work_folder import WorkFolder


@pytest.fixture
def phantoms(tmp_path):
    """Cases p, q and r."""
    for number, name in enumerate("pqr"):
        path = tmp_path / "cts" / f"{name}_0000.nii.gz"
        path.parent.mkdir(exist_ok=True)
        write_volume(path, make_phantom(number, (20.0, 16.0, 16.0))[0])
    return WorkFolder.of(tmp_path / "cts")


@pytest.fixture
def settings(make_model):
    model = make_model(folds=(0,), mirror_axes=None, spacing=COARSE)
    return PredictionSettings((str(model),), preset="fast", device="cpu")


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


NO_MODEL = PredictionSettings(("/no/such/model",))


def run_until(work, stage: str) -> None:
    next(progress for progress in work if progress.stage.startswith(stage))


def run(work):
    """What a work gives, and the cases that it told of meanwhile."""
    told = []
    while True:
        try:
            told += filter(None, [next(work).interim])
        except StopIteration as end:
            return end.value, told


def test_cases_without_a_label_map_get_the_one_of_predict(phantoms, settings, rows, tmp_path):
    write_label_map(phantoms.labels_of("q"))
    drawn = phantoms.labels_of("q").read_bytes()
    done, told = run(predicting_missing(phantoms, settings, first=["r"]))
    assert done == Predicted(("r", "p"))
    assert told == ["r", "p"]
    assert phantoms.labels_of("q").read_bytes() == drawn
    listed = rows(phantoms)
    assert {name: row.record.status for name, row in listed.items()} == dict.fromkeys(
        "pqr", Status.PREDICTED
    )
    assert files_in(phantoms.masks) == {
        *(".worklist", "q.nii.gz"),
        *(f"{name}{end}" for name in "pr" for end in (".nii.gz", ".json", ".logits")),
    }
    assert not files_in(phantoms.predictions)
    ensemble = load_ensemble(settings.models[0], device="cpu")
    usual = tmp_path / "usual"
    drain(predicting(find_cases([phantoms.scans], usual), ensemble, "fast"))
    for name in "pr":
        assert unpacked(phantoms.labels_of(name)) == unpacked(usual / f"{name}.nii.gz")
    kept = drain(predicting(find_cases([phantoms.scans], phantoms.masks)[::2], ensemble, "fast"))
    assert [case.name for case in kept.kept] == ["p", "r"]
    labels = read_labels(phantoms.labels_of("p"))
    scan = drain(reading_scan("p", labels, phantoms.masks / "p.json", None))
    assert scan.path.name == "p_0000.nii.gz"
    assert logits_of_case(phantoms.labels_of("p"), scan).contested.folds == 1
    assert drain(predicting_missing(phantoms, settings)) == Predicted()


WORKED_ON = (Status.IN_PROGRESS, Status.NEEDS_REVIEW, Status.DONE, Status.REJECTED)


@pytest.mark.parametrize("status", WORKED_ON)
def test_a_case_that_is_somebodys_work_is_left_out(phantoms, status):
    for name in "pq":
        change_record(phantoms, name, with_status(status))
    with kept_alive(open_case(phantoms, "r")):
        assert drain(predicting_missing(phantoms, NO_MODEL)) == Predicted()


def test_a_case_that_somebody_opens_before_its_turn_is_left_out(phantoms, settings):
    work = predicting_missing(phantoms, settings)
    run_until(work, "Loading")
    with kept_alive(open_case(phantoms, "q")):
        change_record(phantoms, "r", with_status(Status.IN_PROGRESS))
        assert drain(work) == Predicted(("p",))
    assert not files_in(phantoms.predictions)


def test_what_is_found_of_a_case_that_is_open_waits_until_it_is_closed(phantoms, settings):
    work = predicting_missing(phantoms, settings)
    run_until(work, "p: ")
    with kept_alive(open_case(phantoms, "p")):
        assert drain(work) == Predicted(("q", "r"))
        assert take_in(phantoms) == []
        assert not phantoms.labels_of("p").exists()
    assert run(predicting_missing(phantoms, NO_MODEL))[0] == Predicted(("p",))
    assert read_labels(phantoms.labels_of("p")).organs
    assert not files_in(phantoms.predictions)


def saves(folder, name):
    write_label_map(folder.labels_of(name))


def begins(folder, name):
    change_record(folder, name, with_status(Status.IN_PROGRESS))


def had_corrected(folder, name):
    entry = {CORRECTIONS: [{"user": "anna"}]}
    (folder.masks / f"{name}.json").write_text(json.dumps(entry))


@pytest.mark.parametrize("somebody", [saves, begins, had_corrected])
def test_what_people_have_made_meanwhile_is_never_replaced(phantoms, settings, somebody):
    work = predicting_missing(phantoms, settings)
    run_until(work, "p: ")
    somebody(phantoms, "p")
    before = {path: path.read_bytes() for path in phantoms.masks.glob("p.*")}
    assert drain(work) == Predicted(("q", "r"))
    assert {path: path.read_bytes() for path in phantoms.masks.glob("p.*")} == before
    assert not files_in(phantoms.predictions)


@pytest.fixture
def found(phantoms, settings):
    """The result of case p, where it waits to be taken in."""
    work = predicting_missing(phantoms, settings)
    run_until(work, "p: ")
    with kept_alive(open_case(phantoms, "p")):
        drain(work)
    return phantoms.predictions / "p.nii.gz"


@pytest.mark.parametrize("logits_are_there", [False, True])
def test_a_process_that_was_killed_while_it_took_a_result_in_has_lost_nothing(
    phantoms, found, logits_are_there
):
    os.link(found, phantoms.labels_of("p"))
    if logits_are_there:
        logits_path(found).rename(logits_path(phantoms.labels_of("p")))
    assert take_in(phantoms) == ["p"]
    for name in ("p.json", "p.logits"):
        assert (phantoms.masks / name).is_file()
    assert not files_in(phantoms.predictions)


def test_a_result_that_is_damaged_is_thrown_away(phantoms, found):
    found.with_name("p.json").write_text("{")
    assert take_in(phantoms) == []
    assert not files_in(phantoms.predictions)
    assert not phantoms.labels_of("p").exists()


@pytest.mark.parametrize("there_is_one", [False, True])
def test_a_disk_without_hard_links(phantoms, found, monkeypatch, there_is_one):
    def link(*_):
        if there_is_one:  # somebody is faster
            write_label_map(phantoms.labels_of("p"), (4, 2))
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    assert take_in(phantoms) == ([] if there_is_one else ["p"])
    organs = [organ.value for organ in read_labels(phantoms.labels_of("p")).organs]
    assert organs == ([2, 4] if there_is_one else organs)
    assert logits_path(phantoms.labels_of("p")).exists() != there_is_one
    assert not files_in(phantoms.predictions)


def test_a_damaged_scan_is_told_of_and_the_others_are_done(phantoms, settings):
    (phantoms.scans / "q_0000.nii.gz").write_bytes(b"no gzip")
    done = drain(predicting_missing(phantoms, settings))
    assert done.made == ("p", "r")
    ((name, reason),) = done.failed
    assert name == "q"
    assert "q_0000.nii.gz" in reason


def test_what_can_not_begin_is_said_in_a_sentence(phantoms, settings):
    with pytest.raises(ModelError, match="/no/such/model"):
        drain(predicting_missing(phantoms, NO_MODEL))
    phantoms.predictions.parent.mkdir(parents=True, exist_ok=True)
    phantoms.predictions.touch()
    with pytest.raises(SaveError, match="predictions can't be a folder for results"):
        drain(predicting_missing(phantoms, settings))


@pytest.mark.slow
def test_several_devices_do_the_same(phantoms, settings):
    work = predicting_missing(phantoms, replace(settings, device="cpu,cpu"))
    run_until(work, "Loading")
    with kept_alive(open_case(phantoms, "q")):
        assert sorted(drain(work).made) == ["p", "r"]


def test_workers_of_a_cluster_do_the_same(phantoms, settings):
    change_record(phantoms, "q", with_status(Status.DONE))
    with cluster_in_threads(1) as cluster:
        there = replace(settings, scheduler=cluster.scheduler_address)
        assert drain(predicting_missing(phantoms, there)) == Predicted(("p", "r"))
    assert (phantoms.masks / "r.json").is_file()
    scan = read_volume(phantoms.scans / "r_0000.nii.gz")
    assert logits_of_case(phantoms.labels_of("r"), scan) is not None


def test_of_several_configurations_no_logits_are_kept(phantoms, settings, make_model):
    other = make_model((0,), None, name="other", spacing=COARSE)
    both = replace(settings, models=(*settings.models, str(other)))
    assert drain(predicting_missing(phantoms, both, ["p"])).made
    assert "p.nii.gz" in files_in(phantoms.masks)
    assert not list(phantoms.masks.glob("*.logits"))
