"""Which masks a new model would change most."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
from limits import no_file_above
from typer.testing import CliRunner

from napari_abdoseg.cli import app as command
from napari_abdoseg.cli import console as terminal
from napari_abdoseg.errors import AbdosegError, SaveError
from napari_abdoseg.evaluation.dice import dice_of_masks
from napari_abdoseg.image.nifti.volumes import read_labels, write_labels, write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.progress import drain
from napari_abdoseg.worklist.comparing.model_changes import comparing_with_model, write_changes
from napari_abdoseg.worklist.comparing.model_versions import note_versions, versions_in
from napari_abdoseg.worklist.listing.index import read_records
from napari_abdoseg.worklist.records.case_record import Status
from napari_abdoseg.worklist.records.changing import change_record, open_case, with_status
from napari_abdoseg.worklist.records.work_folder import WorkFolder

SPACING = (10.0, 8.0, 8.0)
CASES = "abc"
LIVER, SPLEEN = 1, 3


@pytest.fixture
def folder(tmp_path):
    """Three cases that are done, and what a model says of them: less and less of the liver."""
    folder = WorkFolder.of(tmp_path / "cts")
    for place in (folder.scans, folder.masks, tmp_path / "new"):
        place.mkdir()
    for number, name in enumerate(CASES):
        volume, labels = make_phantom(number, SPACING)
        write_volume(folder.scans / f"{name}_0000.nii.gz", volume)
        write_labels(folder.labels_of(name), labels)
        data = labels.data.copy()
        planes = np.flatnonzero((data == LIVER).any(axis=(1, 2)))[:number]
        data[planes] = np.where(data[planes] == LIVER, 0, data[planes])
        write_labels(tmp_path / "new" / f"{name}.nii.gz", replace(labels, data=data))
        change_record(folder, name, with_status(Status.DONE))
    return folder


def compared(folder, rows, new):
    listed = list(rows(folder).values())
    versions = versions_in(new, listed, "new")
    return versions, drain(comparing_with_model(folder, listed, versions.files))


def test_the_case_that_would_change_most_is_first_with_what_would_change(folder, rows, tmp_path):
    _, changes = compared(folder, rows, tmp_path / "new")
    assert [case.case for case in changes.cases] == ["c", "b", "a"]
    worst, organ = changes.cases[0], changes.cases[0].organs[0]
    before, after = (
        read_labels(place / "c.nii.gz").data == LIVER for place in (folder.masks, tmp_path / "new")
    )
    ml = SPACING[0] * SPACING[1] * SPACING[2] / 1000
    assert organ.organ == "liver"
    assert organ.dsc == pytest.approx(dice_of_masks(before, after))
    assert worst.dsc == pytest.approx((organ.dsc + 3) / 4)
    assert organ.added_ml == 0
    assert organ.removed_ml == pytest.approx((before.sum() - after.sum()) * ml)
    assert organ.model_ml == pytest.approx(organ.ml - organ.removed_ml)
    assert changes.cases[-1].dsc == 1
    assert [case.case for case in changes.most(5)] == ["c"]
    assert [case.case for case in changes.most(100)] == ["c", "b"]  # the third would stay
    for percent in (0, 101):
        with pytest.raises(AbdosegError, match="is no share of cases"):
            changes.most(percent)
    table = tmp_path / "changes.csv"
    write_changes(table, changes)
    first = next(csv.DictReader(table.open(encoding="utf-8")))
    assert (first["case"], first["organ"]) == ("c", "liver")
    assert float(first["removed_ml"]) == pytest.approx(organ.removed_ml)
    with no_file_above(20), pytest.raises(SaveError, match=r"changes\.csv was not saved"):
        write_changes(table, changes)
    assert next(csv.DictReader(table.open(encoding="utf-8"))) == first


def test_an_organ_that_the_model_has_lost_or_found_is_told(folder, rows, tmp_path):
    lost = read_labels(tmp_path / "new" / "a.nii.gz")
    write_labels(
        tmp_path / "new" / "a.nii.gz", replace(lost, data=lost.data * (lost.data != SPLEEN))
    )
    _, changes = compared(folder, rows, tmp_path / "new")
    (spleen,) = (o for case in changes.cases if case.case == "a" for o in case.organs[:1])
    assert (spleen.organ, spleen.dsc, spleen.model_ml) == ("spleen", 0, 0)


def test_what_can_not_be_compared_is_told_and_the_rest_goes_on(folder, rows, tmp_path):
    write_labels(tmp_path / "new" / "a.nii.gz", make_phantom(0, (12.0, 8.0, 8.0))[1])
    (tmp_path / "new" / "b.nii.gz").unlink()
    versions, changes = compared(folder, rows, tmp_path / "new")
    assert list(changes.failed) == ["a"]
    assert list(versions.failed) == ["b"]
    assert [case.case for case in changes.cases] == ["c"]
    (tmp_path / "new" / "c.nii.gz").rename(tmp_path / "new" / "z.nii.gz")
    (tmp_path / "new" / "a.nii.gz").unlink()
    with pytest.raises(AbdosegError, match=r"has no prediction of these cases, such as a\.nii\.gz"):
        versions_in(tmp_path / "new", list(rows(folder).values()), "new")


def test_predictions_become_versions_and_nothing_else_changes(folder, rows, tmp_path):
    before = {name: folder.labels_of(name).read_bytes() for name in CASES}
    session = open_case(folder, "b")
    versions, _ = compared(folder, rows, tmp_path / "new")
    refused = note_versions(folder, versions)
    session.release()
    assert list(refused) == ["b"]
    assert "b is open by" in refused["b"]
    for name in CASES:
        record = rows(folder)[name].record
        assert (record.status, record.current) == (Status.DONE, "")
        assert [version.by for version in record.versions] == ([] if name == "b" else ["new"])
        assert folder.labels_of(name).read_bytes() == before[name]
    assert note_versions(folder, versions) == {}
    records = read_records(folder, {}).kept
    note_versions(folder, versions)
    note_versions(folder, versions_in(folder.masks, list(rows(folder).values()), "new"))
    assert read_records(folder, {}).kept == records


def changed_by(*arguments):
    result = CliRunner().invoke(command.app, ["cases", "changed-by", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


def test_on_the_command_line_the_worst_are_flagged(folder, rows, tmp_path, monkeypatch):
    monkeypatch.setattr(terminal.console, "_width", None)
    new = ("--model", "new", "--predictions", tmp_path / "new", "--workers", 1)
    status, said = changed_by(folder.scans, *new, "--worst", 50, "--flag", "look again")
    assert status == 0
    assert "2 of 3 cases offered for review; 1 would stay as they are." in said
    assert [name for name, row in rows(folder).items() if row.record.flags] == ["b", "c"]
    (tmp_path / "new" / "b.nii.gz").write_bytes(b"broken")
    table = tmp_path / "changes.csv"
    status, said = changed_by(folder.scans, *new, "--output", table)
    assert status == 1
    assert "b failed" in said
    assert table.is_file()
    status, said = changed_by(folder.scans, *new, "--status", "rejected")
    assert status == 1
    assert "No such case is there" in said


def test_a_model_predicts_what_is_missing_and_corrected_masks_stay(
    folder, rows, make_model, monkeypatch
):
    monkeypatch.setattr(terminal.console, "_width", None)
    model, before = make_model(folds=(0,)), folder.labels_of("a").read_bytes()
    change_record(folder, "c", with_status(Status.REJECTED))
    arguments = (folder.scans, "--model", model, "--preset", "fast", "--device", "cpu")
    status, said = changed_by(*arguments, "--workers", 1, "--flag", "again")
    assert status == 0
    assert "1 of 2 cases offered" in said
    listed = rows(folder)
    (version,) = listed["a"].record.versions
    made = (folder.masks / version.file).stat()
    assert (version.kind, version.by, listed["a"].record.current) == ("prediction", "model", "")
    assert folder.labels_of("a").read_bytes() == before
    assert not listed["c"].record.versions
    assert changed_by(*arguments, "--workers", 1)[0] == 0
    assert (folder.masks / version.file).stat().st_mtime_ns == made.st_mtime_ns
    assert listed["a"].record.versions == rows(folder)["a"].record.versions
