"""From CTs by way of masks, corrections and a training to the masks of the new model."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.journal.corrections import Corrections, won_and_lost
from napari_abdoseg.correction.journal.effort import Effort
from napari_abdoseg.correction.provenance import add_provenance, provenance_entry, version_of
from napari_abdoseg.image.files.saving import backup_of
from napari_abdoseg.image.nifti.volumes import read_labels, write_labels, write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.progress import Progress, drain
from napari_abdoseg.worklist.opening.claims import claiming
from napari_abdoseg.worklist.opening.saving_in_list import saving_in_list
from napari_abdoseg.worklist.records.case_record import Status
from napari_abdoseg.worklist.records.work_folder import WorkFolder
from napari_abdoseg.worklist.versions.uncorrected import keep_uncorrected

SPACING = (10.0, 8.0, 8.0)
SCANS = {"a": "a_0000.nii.gz", "b": "b.nrrd", "c": "deep/c.mha", "d": "d.nii.gz", "e": "e.nii.gz"}
TRAINING = (
    *("--planner", "small", "--spacing", "10,8,8", "--trainer", "nnUNetTrainerNoDA"),
    *("--epochs", "2", "--iterations", "1", "--devices", "cpu", "--folds", "0"),
    *("--preset", "fast"),
)


@pytest.fixture
def abdoseg(tmp_path):
    """A function that runs the command in a process of its own, and gives what it prints."""
    places = {"XDG_DATA_HOME": tmp_path / "share", "XDG_STATE_HOME": tmp_path / "state"}
    environment = {**os.environ, **{name: str(path) for name, path in places.items()}}
    environment |= {"OMP_NUM_THREADS": "1", "COLUMNS": "300"}

    def run(*arguments):
        command = [sys.executable, "-c", "from napari_abdoseg.cli.app import main; main()"]
        ended = subprocess.run(
            [*command, *map(str, arguments)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return " ".join(ended.stdout.split())

    return run


def correct(folder, case, truth):
    """Paint what is false in a case, as somebody does who has it open in napari."""
    path = folder.labels_of(case)
    predicted = read_labels(path)
    where = np.nonzero(predicted.data != truth.data)
    edit = Edit(where, predicted.data[where], truth.data[where])
    effort = Effort().after(0.0, "brush", [edit]).after(30.0, "brush", [edit])
    corrections = Corrections("", {"brush": 2}, won_and_lost(edit), effort=effort)

    def save():
        yield Progress("Saving", 0, 0)
        began_from = version_of(path)
        keep_uncorrected(path)
        write_labels(path, truth, backup=backup_of(path))
        add_provenance(path, provenance_entry(path, truth, corrections, began_from, None))
        return path

    claim = claiming(folder, case)
    drain(saving_in_list(claim, path, save()))
    claim.end()


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_corrected_masks_become_a_model_that_predicts_again(abdoseg, make_model, tmp_path, rows):
    folder, truths = WorkFolder.of(tmp_path / "cts"), {}
    for number, (case, name) in enumerate(SCANS.items()):
        volume, truths[case] = make_phantom(number, SPACING)
        (folder.scans / name).parent.mkdir(parents=True, exist_ok=True)
        write_volume(folder.scans / name, volume)
    old = make_model(folds=(0,), name="old")
    assert "5 label maps made" in abdoseg(
        *("cases", "predict", folder.scans, "--model", old, "--preset", "fast", "--device", "cpu")
    )
    predicted = {case: folder.labels_of(case).read_bytes() for case in SCANS}
    for case, truth in truths.items():
        correct(folder, case, truth)
        abdoseg("cases", "set", folder.scans, case, "needs-review")
        abdoseg("cases", "accept", folder.scans, case)
    corrected = {case: folder.labels_of(case).read_bytes() for case in SCANS}
    assert all(row.record.status is Status.DONE for row in rows(folder).values())

    table = tmp_path / "effort.csv"
    abdoseg("cases", "effort", folder.scans, "--output", table, "--workers", "1")
    works = list(csv.DictReader(table.open(encoding="utf-8")))
    assert {work["case"] for work in works} == set(SCANS)
    assert sum(float(work["minutes"]) for work in works) == pytest.approx(2.5, abs=0.1)
    assert all(float(work["dsc_of_before_and_after"]) < 1 for work in works if work["minutes"])

    data = tmp_path / "Dataset018_Corrected"
    assert "5 cases converted" in abdoseg(
        *("cases", "export", folder.scans, "--output", data, "--workers", "1")
    )
    for case, truth in truths.items():
        exported = read_labels(data / "labelsTr" / f"{case}.nii.gz")
        assert (exported.data == truth.data).all()
    said = abdoseg("train", data, "--name", "new", "--work", tmp_path / "work", *TRAINING)
    assert "The model is new" in said

    changes = tmp_path / "changes.csv"
    said = abdoseg(
        *("cases", "changed-by", folder.scans, "--model", "new", "--preset", "fast"),
        *("--device", "cpu", "--workers", "1", "--flag", "again", "--output", changes),
    )
    assert "1 of 5 cases offered for review" in said
    first = next(csv.DictReader(changes.open(encoding="utf-8")))
    listed = rows(folder)
    assert [name for name, row in listed.items() if row.record.flags] == [first["case"]]
    for case, row in listed.items():
        files = {version.by: folder.masks / version.file for version in row.record.versions}
        assert files["old"].read_bytes() == predicted[case]
        assert files["new"].is_file()
        assert folder.current_of(row.record).read_bytes() == corrected[case]
        assert row.record.status is Status.DONE
        told = json.loads((folder.masks / f"{case}.json").read_text())
        assert len(told["corrections"]) == 1
