"""What a table of a work list shows, which rows, in which order, and what it offers."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_scans import write_label_map

from napari_abdoseg.correction.journal.holder import Holder
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.nifti.volumes import write_labels, write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.progress import drain
from napari_abdoseg.worklist.export import exporting
from napari_abdoseg.worklist.listing.expectation import Expectation
from napari_abdoseg.worklist.listing.filtering import Wanted
from napari_abdoseg.worklist.listing.finding import WorkCase
from napari_abdoseg.worklist.listing.listing import Row, listing_anew
from napari_abdoseg.worklist.listing.order import neighbour
from napari_abdoseg.worklist.listing.thumbnails import SIDE, draw, thumbnail
from napari_abdoseg.worklist.listing.watching import FolderStamp, listing_changes
from napari_abdoseg.worklist.listing.words import (
    changed_words,
    details_words,
    expected_words,
    row_words,
    status_words,
    summary_words,
)
from napari_abdoseg.worklist.opening.steps import ACCEPT, DONE, REOPEN, SEND_BACK, STEPS, steps_of
from napari_abdoseg.worklist.records.case_record import CaseRecord, Status, Verdict
from napari_abdoseg.worklist.records.record_files import write_record

WHEN = "2026-11-27T09:12:00+00:00"
ANNA = Holder("anna", "ws3", WHEN, 1)


def row(name="a", status=Status.IN_PROGRESS, holder=None, has_scan=True, **told) -> Row:
    case = WorkCase(name, f"{name}.nii.gz", name) if has_scan else None
    return Row(CaseRecord(name, status=status, **told), case, holder=holder)


def test_the_next_case_passes_over_those_of_others_and_without_scan():
    rows = [row("a"), row("b", holder=ANNA), row("c", has_scan=False), row("d"), row("e")]
    assert neighbour(rows, "a", 0, 1) == 3
    assert neighbour(rows, "d", 3, -1) == 0
    assert neighbour(rows, "e", 4, 1) is None
    assert neighbour(rows, "a", 0, -1) is None
    assert neighbour(rows, "e", 4, -1) == 3
    assert neighbour([], "a", 0, 1) is None
    own = Holder.here()
    assert neighbour([row("a"), row("b", holder=own)], "a", 0, 1) == 1


@pytest.mark.parametrize(
    ("place", "step", "found"), [(0, 1, 0), (1, 1, 1), (1, -1, 0), (2, 1, None)]
)
def test_a_case_that_is_shown_no_more_is_gone_on_from_its_place(place, step, found):
    assert neighbour([row("a"), row("c")], "gone", place, step) == found


def test_rows_are_chosen_by_status_user_flag_and_words():
    back = Verdict(False, "dora", WHEN, "Vein is missing")
    rows = [
        row("a", Status.DONE, user="anna", flags=("stent",)),
        row("b", user="bengt", comment="late contrast"),
        row("c", verdicts=(back,)),
    ]
    for wanted, names in (
        (Wanted(), "abc"),
        (Wanted(statuses=(Status.DONE,)), "a"),
        (Wanted(user="bengt"), "b"),
        (Wanted(flag="stent"), "a"),
        (Wanted(text="CONTRAST late"), "b"),
        (Wanted(text="vein"), "c"),
        (Wanted(text="vein stent"), ""),
    ):
        assert "".join(each.name for each in wanted.of(rows)) == names


def test_the_worst_are_chosen_of_all():
    rows = [
        replace(row(name), expectation=Expectation(0.5 + n / 10)) for n, name in enumerate("ab")
    ]
    assert [each.name for each in Wanted(percent=5.0).of([*rows, row("c")])] == ["a"]
    assert Wanted(percent=5.0, text="b").of(rows) == []


def test_steps_are_those_that_all_cases_can_take():
    assert steps_of([]) == ()
    review, done = row(status=Status.NEEDS_REVIEW), row(status=Status.DONE)
    assert ACCEPT in steps_of([review])
    assert steps_of([review, done]) == (SEND_BACK,)
    assert steps_of([row(status=Status.REJECTED)]) == (REOPEN,)
    assert DONE in steps_of([row(status=Status.TO_DO), row()])
    assert all(set(steps_of([row(status=status)])) <= set(STEPS) for status in Status)


def test_steps_give_a_status_in_ones_own_name(folder):
    write_label_map(folder.labels_of("a"))
    after = DONE.change(folder, row(has_scan=False))(CaseRecord("a"))
    assert after.status is Status.DONE
    assert after.user


def test_a_case_in_words():
    back = Verdict(False, "dora", WHEN, "vein")
    sent = row(verdicts=(back,), user="anna", when=WHEN, comment="<late>", holder=ANNA)
    assert status_words(sent) == "sent back, open by anna"
    assert status_words(row(holder=Holder.here())) == "in progress, open here"
    assert status_words(replace(row(), problem="damaged")) == "⚠ in progress"
    assert "Sent back by dora" in row_words(sent)
    assert "Open by anna on ws3" in row_words(sent)
    told = details_words([row(user="<x>", when=WHEN)], "It is read-only.")
    assert "&lt;x&gt;" in told
    assert "read-only" in told
    assert details_words([]) == ""
    assert "2 cases" in details_words([row(), row()])
    accepted = row(status=Status.DONE, verdicts=(Verdict(True, "dora", WHEN),))
    assert "Accepted by dora" in details_words([accepted])
    assert changed_words(row(voxels_changed={"liver": (1200, 3)})) == "liver +1,200 −3"


def test_what_is_expected_in_words():
    known = Row(CaseRecord("a"), None, expectation=Expectation(0.9, 0.95, "pancreas", 0.8))
    assert "0.90" in expected_words(known)
    assert "pancreas: 0.80" in expected_words(known)
    assert expected_words(row()) == ""


def test_a_summary_says_how_far_cases_are():
    rows = [row(), row("b", Status.DONE)]
    assert summary_words(rows, 2) == "<b>2 cases</b>: 1 in progress, 1 done."
    assert summary_words(rows[:1], 2) == "<b>1 of 2 cases</b>: 1 in progress."
    assert summary_words([], 1) == "<b>0 of 1 case</b>."


def test_cases_that_are_done_are_exported_and_looked_at(phantoms, rows, tmp_path):
    found, target = rows(phantoms), tmp_path / "Dataset018_Corrected"
    assert "1 case" in drain(exporting(phantoms, [found["a"]], target))
    assert (target / "labelsTr" / "a.nii.gz").is_file()
    with pytest.raises(AbdosegError, match="no name of a data set"):
        drain(exporting(phantoms, [found["a"]], tmp_path / "Corrected"))
    with pytest.raises(AbdosegError, match="is done"):
        drain(exporting(phantoms, [], tmp_path / "Dataset019_None"))
    phantoms.labels_of("b").write_bytes(b"no label map")
    with pytest.raises(AbdosegError, match=r"b\.nii\.gz"):
        drain(exporting(phantoms, [rows(phantoms)["b"]], tmp_path / "Dataset020_Bad"))


@pytest.fixture
def phantoms(folder):
    """The folder, with a phantom and its organs as case a."""
    scan, labels = make_phantom(1, (12.0, 10.0, 10.0))
    write_volume(folder.scans / "a_0000.nii.gz", scan)
    folder.masks.mkdir(exist_ok=True)
    write_labels(folder.labels_of("a"), labels)
    return folder


def test_thumbnails_are_kept_until_a_file_is_another(phantoms, rows):
    found = rows(phantoms)
    picture = thumbnail(phantoms, found["a"])
    assert picture.shape == (SIDE, SIDE, 3)
    assert np.ptp(picture.astype(int), axis=2).max() > 50  # organs have colours
    (kept,) = phantoms.masks.rglob("*.png")
    assert np.array_equal(thumbnail(phantoms, found["a"]), picture)
    phantoms.labels_of("a").unlink()
    bare = thumbnail(phantoms, found["a"])
    assert np.ptp(bare.astype(int), axis=2).max() == 0
    (now,) = phantoms.masks.rglob("*.png")
    assert now != kept
    now.write_bytes(b"no picture")
    assert np.array_equal(thumbnail(phantoms, found["a"]), bare)


def test_there_is_no_thumbnail_of_what_cannot_be_read(phantoms, rows):
    found = rows(phantoms)
    (phantoms.scans / "a_0000.nii.gz").write_bytes(b"none")
    assert thumbnail(phantoms, found["a"]) is None
    assert thumbnail(phantoms, row("gone", has_scan=False)) is None


def test_a_thumbnail_is_head_up_and_as_wide_as_the_patient(phantom):
    scan, labels = phantom
    flat = draw(scan, None)
    high, _, wide = np.multiply(scan.data.shape, scan.grid.spacing)
    drawn = np.flatnonzero(flat.any(axis=(0, 2)))
    assert len(drawn) <= np.ceil(SIDE * min(wide / high, 1))
    colored = np.ptp(draw(scan, labels).astype(int), axis=2) > 50
    at = int(np.argmax(np.count_nonzero(labels.data, axis=(0, 2))))
    middle = np.argwhere(labels.data[:, at])[:, 0].mean() / scan.data.shape[0]
    row_of_middle = np.argwhere(colored)[:, 0].mean() / SIDE
    assert abs((1 - middle) - row_of_middle) < 0.1


def test_a_change_is_told_from_one_of_the_same_moment(folder):
    write_record(folder.record_of("a"), CaseRecord("a", status=Status.DONE))
    stamp, before = FolderStamp.of(folder), drain(listing_anew(folder))
    told = folder.records.stat()
    write_record(folder.record_of("b"), CaseRecord("b", status=Status.DONE))
    os.utime(folder.records, ns=(told.st_atime_ns, told.st_mtime_ns))
    now = FolderStamp.of(folder)
    assert now == stamp
    assert not stamp.is_settled
    again = drain(listing_changes(folder, before, stamp, now))
    assert [each.record.status for each in again.rows][:2] == [Status.DONE, Status.DONE]
    for place in (folder.scans, folder.masks, folder.records):
        _long_ago(place)
    assert FolderStamp.of(folder).is_settled


def _long_ago(place: Path) -> None:
    """Let a folder have changed before whatever a file system gives one time."""
    os.utime(place, (0, 0))


def test_only_what_may_have_changed_is_looked_at_again(folder, monkeypatch):
    _long_ago(folder.scans)
    first, before = FolderStamp.of(folder), drain(listing_anew(folder))
    write_record(folder.record_of("b"), CaseRecord("b", status=Status.DONE))
    now = FolderStamp.of(folder)
    assert now != first
    monkeypatch.setattr("napari_abdoseg.worklist.listing.listing.finding_work", None)
    again = drain(listing_changes(folder, before, first, now))
    assert [each.record.status for each in again.rows][1] is Status.DONE
    monkeypatch.undo()
    (folder.scans / "a_0000.nii.gz").unlink()
    last = drain(listing_changes(folder, again, now, FolderStamp.of(folder)))
    assert [each.name for each in last.rows] == ["b", "c"]
    assert drain(listing_changes(folder, None, None, now)).rows == last.rows


@pytest.mark.parametrize("what", ["labels", "record"])
def test_a_folder_of_masks_that_is_gone_leaves_what_was_listed(folder, what):
    nothing = drain(listing_anew(folder))  # and its masks are yet to come
    shutil.rmtree(folder.masks)
    stamp = FolderStamp.of(folder)
    assert drain(listing_changes(folder, nothing, stamp, stamp)).rows == nothing.rows
    if what == "labels":
        write_label_map(folder.labels_of("a"))
    else:
        write_record(folder.record_of("a"), CaseRecord("a", status=Status.REJECTED))
    before, stamp = drain(listing_anew(folder)), FolderStamp.of(folder)
    away = folder.masks.rename(folder.masks.with_name("away"))
    with pytest.raises(AbdosegError, match="scans_masks is not there any more"):
        listing_changes(folder, before, stamp, FolderStamp.of(folder))
    away.rename(folder.masks)
    now = FolderStamp.of(folder)
    assert drain(listing_changes(folder, before, stamp, now)).rows == before.rows
