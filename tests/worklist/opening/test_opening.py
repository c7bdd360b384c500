"""Cases are opened by one session at a time, saved by that alone, and noted in their records."""

from __future__ import annotations

import json
import os
import shutil
import time

import pytest
from small_scans import write_label_map

from napari_abdoseg.errors import AbdosegError, WorkListError
from napari_abdoseg.progress import Progress, drain
from napari_abdoseg.worklist.opening.claims import claiming, taking_over
from napari_abdoseg.worklist.opening.opening import opening
from napari_abdoseg.worklist.opening.saving_in_list import saving_in_list
from napari_abdoseg.worklist.records.case_record import CaseRecord, Place, Status, Verdict
from napari_abdoseg.worklist.records.changing import change_record, open_case, with_flags
from napari_abdoseg.worklist.records.leases import DEAD_AFTER, holder_of
from napari_abdoseg.worklist.records.record_files import read_record, write_record
from napari_abdoseg.worklist.versions.versions import saved_version

STROKES = {"user": "anna", "when": "2026-11-27T09:12:00+00:00", "strokes": {"paint": 2}}
MADE = {"user": "anna", "when": "2026-11-27T09:12:00+00:00", "model": {"name": "demo"}}


@pytest.fixture
def listed(folder, rows):
    """A function that gives the row of a case as it is listed now."""
    return lambda name: rows(folder)[name]


def writing(path, *entries):
    """Work that saves a label map with the JSON beside it."""
    yield Progress("Saving", 0, 0)
    write_label_map(path)
    report = path.with_name(f"{path.name.removesuffix('.nii.gz')}.json")
    report.write_text(json.dumps({"corrections": list(entries)}))
    return path


def test_who_opens_a_case_has_it_and_others_only_read(folder, listed):
    opened = drain(opening(folder, listed("a")))
    assert opened.claim.lease is not None
    assert opened.labels is None
    other = drain(opening(folder, listed("a")))
    assert other.claim.lease is None
    assert "read-only" in other.claim.why_not
    assert not other.claim.is_left
    with pytest.raises(WorkListError, match="another name"):
        other.claim.require()
    opened.claim.end()
    assert drain(opening(folder, listed("a"))).claim.lease is not None


def test_a_dead_session_is_taken_over_and_told_of_it(folder, listed):
    dead = claiming(folder, "a")
    place = folder.session_of("a")
    place.write_text(json.dumps({**json.loads(place.read_text()), "machine": "another"}))
    with pytest.raises(WorkListError, match="open by"):
        taking_over(folder, "a")
    long_ago = time.time() - 2 * DEAD_AFTER
    os.utime(place, (long_ago, long_ago))
    left = claiming(folder, "a")
    assert left.is_left
    assert "on another since" in left.why_not
    assert "taken over" in left.why_not
    opened = drain(opening(folder, listed("a"), claiming=taking_over))
    assert opened.claim.lease is not None
    with pytest.raises(WorkListError, match="taken over"):
        drain(saving_in_list(dead, folder.labels_of("a"), writing(folder.labels_of("a"))))
    assert not folder.labels_of("a").exists()


@pytest.mark.parametrize("spoil", ["labels", "record", "scan"])
def test_what_cannot_be_read_is_left_to_others(folder, listed, spoil):
    row = listed("a")
    if spoil == "labels":
        folder.masks.mkdir(exist_ok=True)
        folder.labels_of("a").write_bytes(b"none")
    elif spoil == "record":
        folder.records.mkdir(parents=True)
        folder.record_of("a").write_text("{")
    else:
        (folder.scans / row.case.image).unlink()
    with pytest.raises(AbdosegError):
        drain(opening(folder, row))
    assert holder_of(folder.session_of("a")) is None


def test_a_reading_that_is_cancelled_lets_the_case_go(folder, listed):
    work = opening(folder, listed("a"))
    next(work)
    next(work)
    assert holder_of(folder.session_of("a")) is not None
    work.close()
    assert holder_of(folder.session_of("a")) is None


def test_a_case_whose_folder_of_masks_is_gone_is_not_opened_without_them(folder, listed):
    write_label_map(folder.labels_of("a"))
    row = listed("a")
    shutil.rmtree(folder.masks)
    with pytest.raises(AbdosegError, match="scans_masks is not there any more"):
        drain(opening(folder, row))
    assert not folder.masks.exists()


def test_where_nothing_may_be_written_cases_are_read(folder, listed):
    row = listed("a")
    folder.locks.parent.mkdir(parents=True, exist_ok=True)
    folder.locks.write_text("a file where the folder would be")
    opened = drain(opening(folder, row))
    assert opened.claim.lease is None
    assert "folder" in opened.claim.why_not


def test_a_save_begins_a_case_and_notes_the_work(folder, listed):
    claim = claiming(folder, "a")
    assert claim.new_place == folder.labels_of("a")
    drain(saving_in_list(claim, claim.new_place, writing(claim.new_place, STROKES)))
    record = read_record(folder.record_of("a"))
    assert (record.status, record.current) == (Status.IN_PROGRESS, "")
    assert record.user
    change_record(folder, "a", lambda r: CaseRecord("a", status=Status.DONE), claim.lease)
    drain(saving_in_list(claim, folder.labels_of("a"), writing(folder.labels_of("a"), STROKES)))
    assert read_record(folder.record_of("a")).status is Status.DONE


def test_another_label_map_is_a_version_that_counts_once_somebody_has_worked_on_it(folder):
    claim = claiming(folder, "a")
    drain(saving_in_list(claim, claim.new_place, writing(claim.new_place)))
    second = claim.new_place
    assert second == folder.masks / "versions" / "a_2.nii.gz"
    drain(saving_in_list(claim, second, writing(second, MADE)))
    record = read_record(folder.record_of("a"))
    assert [(v.file, v.kind, v.by) for v in record.versions] == [
        ("versions/a_2.nii.gz", "prediction", "demo")
    ]
    assert record.current == ""
    drain(saving_in_list(claim, second, writing(second, MADE, STROKES)))
    record = read_record(folder.record_of("a"))
    assert [(v.kind, v.by) for v in record.versions] == [("correction", "anna")]
    assert record.current == "versions/a_2.nii.gz"
    assert claim.new_place == folder.masks / "versions" / "a_3.nii.gz"


def test_files_elsewhere_are_the_users_own(folder, tmp_path):
    open_case(folder, "a")
    reader = claiming(folder, "a")
    elsewhere = tmp_path / "mine.nii.gz"
    drain(saving_in_list(reader, elsewhere, writing(elsewhere)))
    assert elsewhere.is_file()
    assert read_record(folder.record_of("a")) is None


def test_a_record_that_cannot_be_written_is_told_and_the_label_map_saved(folder):
    claim = claiming(folder, "a")
    folder.records.mkdir(parents=True)
    folder.record_of("a").write_text("{")
    told = list(saving_in_list(claim, claim.new_place, writing(folder.labels_of("a"))))
    assert "not noted in the work list" in told[-1].notice
    assert folder.labels_of("a").is_file()
    assert folder.record_of("a").read_text() == "{"


def test_a_label_map_that_nobody_has_changed_is_a_prediction(folder):
    folder.masks.mkdir(exist_ok=True)
    path = folder.labels_of("a")
    for entries, kind in (((), "prediction"), ((MADE,), "prediction"), ((STROKES,), "correction")):
        drain(writing(path, *entries))
        assert saved_version(folder, path).kind == kind


def test_flags_are_those_words_alone(folder):
    assert with_flags(["stent", "late", "stent"])(CaseRecord("a")).flags == ("late", "stent")


def test_the_place_of_a_case_that_was_sent_back(folder, listed):
    place = Place((1, 2, 3), (0.0, 0.0, 0.0))
    back = Verdict(False, "dora", "2026-11-27T09:12:00+00:00", "more", place)
    record = CaseRecord("a", status=Status.IN_PROGRESS, verdicts=(back,))
    write_record(folder.record_of("a"), record)
    assert listed("a").place == place
    assert drain(opening(folder, listed("a"))).record == record
    write_record(folder.record_of("a"), CaseRecord("a", status=Status.DONE, verdicts=(back,)))
    assert listed("a").place is None
