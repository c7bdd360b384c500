"""How much work a case was, from what each save has noted to what came of it."""

from __future__ import annotations

import csv
import errno
import json
from dataclasses import replace

import numpy as np
import pytest
from limits import no_file_above

from napari_abdoseg.cli.cases_words import case_table, write_cases
from napari_abdoseg.correction.journal.recorded_labels import sha256_of
from napari_abdoseg.correction.provenance import add_provenance, provenance_entry, version_of
from napari_abdoseg.evaluation.added_path_length import added_path_length
from napari_abdoseg.evaluation.dice import dice_of_masks
from napari_abdoseg.evaluation.normalized_surface_dice import normalized_surface_dice
from napari_abdoseg.image.files.saving import backup_of
from napari_abdoseg.image.nifti.volumes import read_labels, write_labels, write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.progress import drain
from napari_abdoseg.worklist.effort.effort import noted_work, with_work, write_effort
from napari_abdoseg.worklist.effort.measuring_effort import measuring_effort
from napari_abdoseg.worklist.effort.scoring import note_scores
from napari_abdoseg.worklist.listing.words import (
    organ_nsd_words,
    organ_score_words,
    score_words,
)
from napari_abdoseg.worklist.records.case_record import Version
from napari_abdoseg.worklist.records.changing import (
    change_record,
    open_case,
    with_current,
    with_version,
)
from napari_abdoseg.worklist.records.work_folder import HIDDEN, WorkFolder
from napari_abdoseg.worklist.versions.uncorrected import KEPT, keep_uncorrected

SPACING = (10.0, 8.0, 8.0)
LIVER, SPLEEN = 1, 3


def entry(seconds, slices, added, removed, **more):
    effort = {"seconds": seconds, "strokes": {"brush": 2}, "slices": slices}
    return {
        **{"user": "anna", "when": "2026-11-27T09:12:00+01:00", "effort": {"liver": effort}},
        "voxels": {"liver": {"added": added, "removed": removed}},
        **more,
    }


def test_what_saves_have_noted_is_added_up():
    entries = [
        entry(90.0, [3, 4], 10, 2),
        entry(30.0, [4, 5], 5, 1, user="ben", when="2026-11-28T09:12:00+01:00"),
        {
            "user": "ben",
            "when": "2026-11-28",
            "strokes": {"brush": 1},
            "voxels": {},
        },  # an older one
        {"effort": {"liver": {"seconds": "long"}}, "voxels": [1]},
    ]
    (liver,) = noted_work("a", entries[:3]).values()
    assert (liver.seconds, liver.added, liver.removed, liver.slices) == (120.0, 15, 3, 3)
    assert (liver.users, liver.strokes) == (("anna", "ben"), {"brush": 4})
    assert noted_work("a", entries)["liver"].seconds == 120.0


def test_the_added_path_is_what_of_the_contour_was_not_there():
    before = np.zeros((3, 12, 12), bool)
    before[1, 2:8, 2:8] = True
    after = before.copy()
    after[1, 2:8, 8:10] = True  # two columns more
    drawn = 6 + 2 * 2 - 2  # the new right side, top and bottom of both columns, corners once
    assert added_path_length(before, after, (5.0, 0.5, 0.5)) == drawn * 0.5
    assert added_path_length(after, after, (5.0, 0.5, 0.5)) == 0
    assert added_path_length(np.zeros_like(after), before, (5.0, 1.0, 1.0)) == 20


@pytest.fixture
def folder(tmp_path):
    """A case whose liver was cut by a prediction in two slices, and corrected, and a reference."""
    folder = WorkFolder.of(tmp_path / "cts")
    volume, truth = make_phantom(1, SPACING)
    for part in ("imagesTr", "labelsTr"):
        (folder.scans / part).mkdir(parents=True)
    folder.masks.mkdir()
    write_volume(folder.scans / "imagesTr" / "a_0000.nii.gz", volume)
    write_volume(folder.scans / "imagesTr" / "b_0000.nii.gz", make_phantom(2, SPACING)[0])
    write_labels(folder.scans / "labelsTr" / "a.nii.gz", truth)
    predicted = truth.data.copy()
    planes = np.flatnonzero((predicted == LIVER).any(axis=(1, 2)))[3:5]
    predicted[planes] = np.where(predicted[planes] == LIVER, 0, predicted[planes])
    write_labels(folder.masks / "a.nii.gz.bak.nii.gz", replace(truth, data=predicted))
    (folder.masks / "a.nii.gz.bak.nii.gz").rename(folder.masks / "a.nii.gz.bak")
    corrected = truth.data.copy()
    corrected[corrected == SPLEEN] = 0  # nobody has noted that
    write_labels(folder.labels_of("a"), replace(truth, data=corrected))
    return folder


def told(folder, **more):
    report = {"case": "a", "corrections": [entry(90.0, [3], 50, 0, **more)]}
    (folder.masks / "a.json").write_text(json.dumps(report))


def test_what_came_of_it_is_measured_where_the_label_map_from_before_is_there(folder, rows):
    told(folder)
    (liver,) = drain(measuring_effort(folder, list(rows(folder).values())))
    assert (liver.dsc_after, liver.dsc_before, liver.path_mm, liver.slices) == (1, None, None, 1)
    told(folder, began_from={"sha256": sha256_of(folder.masks / "a.nii.gz.bak")})
    liver, _ = drain(measuring_effort(folder, list(rows(folder).values())))
    assert (liver.slices, liver.dsc_before < 1) == (2, True)
    (folder.masks / "old").mkdir()
    (folder.masks / "a.nii.gz.bak").rename(folder.masks / "old" / "a.nii.gz")
    began = {"file": "a.nii.gz", "sha256": sha256_of(folder.masks / "old" / "a.nii.gz")}
    told(folder, began_from=began)
    change_record(folder, "a", with_version(Version("old/a.nii.gz", "prediction", "demo")))
    liver, spleen = drain(measuring_effort(folder, list(rows(folder).values())))
    own, reference = folder.labels_of("a"), read_labels(folder.scans / "labelsTr" / "a.nii.gz")
    assert (liver.organ, liver.slices, liver.dsc_after) == ("liver", 2, 1)
    assert liver.dsc_before == liver.dsc_of_both < 1
    assert liver.path_mm > 0
    spacing, tolerance = reference.grid.spacing, 1.0
    masks = [read_labels(path).data == LIVER for path in (folder.masks / "old" / "a.nii.gz", own)]
    assert [liver.nsd_before, liver.nsd_after] == [
        normalized_surface_dice(mask, reference.data == LIVER, spacing, tolerance) for mask in masks
    ]
    assert liver.nsd_before < liver.nsd_after == 1
    assert (spleen.nsd_before, spleen.nsd_after) == (1, 0)
    assert (spleen.organ, spleen.dsc_before, spleen.dsc_after) == ("spleen", 1, 0)
    assert (spleen.seconds, spleen.path_mm) == (0, 0)
    table = folder.masks / "effort.csv"
    write_effort(table, [liver, spleen])
    first, _ = csv.DictReader(table.open(encoding="utf-8"))
    assert [first[key] for key in ("case", "organ", "users", "minutes", "strokes", "tools")] == [
        *("a", "liver", "anna", "1.50", "2", "brush 2")
    ]
    assert [first[key] for key in ("nsd_before", "nsd_after", "nsd_tolerance_mm")] == [
        *(f"{liver.nsd_before:.4f}", "1.0000", "1")
    ]


def test_how_near_a_case_has_come_to_its_reference_is_noted(folder, rows):
    found = rows(folder)
    note_scores(folder, found["b"])
    told(folder, began_from={"sha256": sha256_of(folder.masks / "a.nii.gz.bak")})
    session = open_case(folder, "a")
    note_scores(folder, found["a"], session)
    row = rows(folder)["a"]
    assert row.record.dsc["liver"][0] < row.record.dsc["liver"][1] == 1
    assert row.record.dsc["spleen"] == (1, 0)
    assert row.dsc == 0.5
    before = np.mean([pair[0] for pair in row.record.dsc.values()])
    assert score_words(row.record.dsc) == f"{before:.2f} → 0.50"
    assert "spleen 1.000 → 0.000" in organ_score_words(row.record.dsc)
    assert row.record.nsd["liver"][0] < row.record.nsd["liver"][1] == 1
    assert (row.nsd, row.record.nsd_tolerance_mm) == (0.5, 1.0)
    assert organ_nsd_words(row).endswith("spleen 1.000 → 0.000\nat 1 mm")
    write_cases(folder.masks / "cases.csv", [row])
    (cells,) = csv.DictReader((folder.masks / "cases.csv").open(encoding="utf-8"))
    assert [column.header for column in case_table([row]).columns].count("NSD at 1 mm") == 1
    told_of = ("dsc_before", "dsc_after", "nsd_after", "nsd_tolerance_mm")
    assert [cells[key] for key in told_of] == [f"{before:.4f}", "0.5000", "0.5000", "1"]
    change_record(folder, "a", lambda record: replace(record, dsc={"liver": (None, 0.9)}), session)
    assert score_words(rows(folder)["a"].record.dsc) == "0.90"
    note_scores(folder, found["a"])  # somebody has it open: it stays as it is
    assert score_words(rows(folder)["a"].record.dsc) == "0.90"
    session.release()
    note_scores(folder, found["a"], session)
    assert rows(folder)["a"].dsc == 0.5
    assert score_words(rows(folder)["b"].record.dsc) == ""


def test_label_maps_of_another_grid_are_told_and_what_was_noted_stays(folder, rows):
    told(folder)
    write_labels(folder.scans / "labelsTr" / "a.nii.gz", make_phantom(1, (12.0, 8.0, 8.0))[1])
    work, notices = measuring_effort(folder, list(rows(folder).values())), []
    while True:
        try:
            notices.append(next(work).notice)
        except StopIteration as end:
            (liver,) = end.value
            break
    assert (liver.seconds, liver.dsc_after) == (90.0, None)
    assert any("is on another grid than" in notice for notice in notices if notice)


def test_a_record_has_the_minutes_and_voxels_of_the_version_that_counts(folder):
    told(folder)
    record = change_record(folder, "a", with_work(folder))
    assert (record.minutes, record.voxels_changed) == (1.5, {"liver": (50, 0)})
    (folder.masks / "a.json").unlink()
    assert change_record(folder, "a", with_work(folder)) == record


def saved(path, labels):
    """As napari saves a label map over the one that was corrected."""
    keep_uncorrected(path)
    began_from = version_of(path)
    write_labels(path, labels, backup=backup_of(path))
    add_provenance(path, provenance_entry(path, labels, None, began_from, None))


def test_what_was_before_is_known_after_any_number_of_saves(tmp_path, rows):
    folder = WorkFolder.of(tmp_path / "cts")
    volume, truth = make_phantom(1, SPACING)
    for part in (folder.scans / "imagesTr", folder.scans / "labelsTr", folder.masks):
        part.mkdir(parents=True)
    write_volume(folder.scans / "imagesTr" / "a_0000.nii.gz", volume)
    write_labels(folder.scans / "labelsTr" / "a.nii.gz", truth)
    own = folder.labels_of("a")
    stages = [truth.data.copy() for _ in range(4)]
    for number, data in enumerate(stages):  # each nearer to the truth
        data[(data == LIVER) & (np.arange(len(data)) % 4 >= number + 1)[:, None, None]] = 0
    write_labels(own, replace(truth, data=stages[0]))
    (folder.masks / "a.json").write_text(json.dumps({"models": [{"name": "demo"}]}))
    first = own.read_bytes()
    rows(folder)  # from now on it is a work list
    for data in stages[1:]:
        saved(own, replace(truth, data=data))
    liver = next(iter(drain(measuring_effort(folder, list(rows(folder).values())))))
    assert (liver.dsc_before, liver.dsc_after) == (
        dice_of_masks(stages[0] == LIVER, truth.data == LIVER),
        1,
    )
    record = change_record(folder, "a", with_work(folder))
    (version,) = record.versions
    assert (version.kind, version.by, record.current) == ("prediction", "demo", "")
    assert (folder.masks / version.file).read_bytes() == first
    assert change_record(folder, "a", with_work(folder)) == record
    change_record(folder, "a", with_current(version.file))


def test_what_is_of_no_work_list_is_kept_nowhere(tmp_path):
    truth = make_phantom(1, SPACING)[1]
    write_labels(tmp_path / "a.nii.gz", truth)
    saved(tmp_path / "a.nii.gz", truth)
    keep_uncorrected(tmp_path / "none.nii.gz")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("a.json", "a.nii.gz", "a.nii.gz.bak")
    ]


def test_a_disk_that_has_no_room_for_what_was_before_is_no_obstacle(tmp_path, monkeypatch):
    truth = make_phantom(1, SPACING)[1]
    (tmp_path / HIDDEN).mkdir()
    write_labels(tmp_path / "a.nii.gz", truth)
    before = (tmp_path / "a.nii.gz").read_bytes()
    monkeypatch.setattr("os.link", no_links)
    with no_file_above(10):
        keep_uncorrected(tmp_path / "a.nii.gz")
    assert not [path for path in (tmp_path / HIDDEN).rglob("*") if path.is_file()]
    keep_uncorrected(tmp_path / "a.nii.gz")
    assert (tmp_path / HIDDEN / KEPT / "a.nii.gz").read_bytes() == before


def no_links(*_):
    raise OSError(errno.EPERM, "no hard links")
