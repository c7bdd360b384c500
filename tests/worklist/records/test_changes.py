"""Records of cases: changed by several at once, held, damaged, moved, on a full disk."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from limits import no_file_above
from malformed_json import broken, malformed
from small_scans import write_image, write_label_map

from napari_abdoseg.correction.journal.holder import Holder, moment
from napari_abdoseg.errors import AbdosegError, SaveError, WorkListError
from napari_abdoseg.progress import drain
from napari_abdoseg.worklist.listing import index
from napari_abdoseg.worklist.listing.index import read_index
from napari_abdoseg.worklist.listing.listing import NO_LABELS, NO_SCAN, chosen, listing, next_row
from napari_abdoseg.worklist.listing.words import details_words
from napari_abdoseg.worklist.opening import taking
from napari_abdoseg.worklist.opening.taking import take_next
from napari_abdoseg.worklist.records import changing, leases
from napari_abdoseg.worklist.records.case_record import CaseRecord, Place, Status, Verdict, Version
from napari_abdoseg.worklist.records.changing import (
    change_record,
    flagging,
    open_case,
    take_over,
    with_comment,
    with_current,
    with_flag,
    with_status,
    with_version,
    without_flag,
)
from napari_abdoseg.worklist.records.leases import Lease, holder_of, kept_alive, last_holder
from napari_abdoseg.worklist.records.record_files import as_json, read_record, record_of
from napari_abdoseg.worklist.records.work_folder import WorkFolder

PROCESSES, CHANGES, CASES = 4, 500, 12
WORKER = """
import random, sys
from pathlib import Path
from napari_abdoseg.worklist.records.changing import change_record, with_flag
from napari_abdoseg.worklist.records.work_folder import WorkFolder
folder, name = WorkFolder(Path(sys.argv[1]), Path(sys.argv[2])), sys.argv[3]
changes = int(sys.argv[4])
for number in random.Random(name).sample(range(changes), changes):
    case = f"shared{number % 3}" if number % 2 else f"{name}{number % int(sys.argv[5])}"
    change_record(folder, case, with_flag(f"{name}-{number}"))
"""
FULL = CaseRecord(
    *("a", "a_0000.nii.gz", Status.NEEDS_REVIEW, "anna", "2026-11-27T09:12:00+01:00", "see \u00e4"),
    ("hard",),
    (Version("models/a.nii.gz", "prediction", "demo"), Version("b.nii.gz", "correction", "ben")),
    "b.nii.gz",
    (
        Verdict(
            False, "ben", "2026-11-27T10:00:00+01:00", "here", Place((1, 2, 3), (1.5, 2.0, -3.0))
        ),
    ),
    12.5,
    {"liver": (10, 20)},
    {"liver": (0.91, 0.97), "spleen": (None, 0.5)},
    {"liver": (0.81, 0.99), "spleen": (None, 0.4)},
    1.0,
    7,
)


def run(*arguments):
    return subprocess.Popen([sys.executable, "-c", *map(str, arguments)], stderr=subprocess.PIPE)


@pytest.mark.slow
def test_four_processes_lose_none_of_2000_changes(tmp_path, rows):
    folder = WorkFolder(tmp_path / "scans", tmp_path / "masks")
    write_image(folder.scans / "x.nii.gz")
    workers = [
        run(WORKER, folder.scans, folder.masks, name, CHANGES, CASES) for name in "klmn"[:PROCESSES]
    ]
    while any(worker.poll() is None for worker in workers):
        rows(folder)  # others list meanwhile
        time.sleep(0.05)
    assert [worker.communicate()[1] for worker in workers] == [b""] * PROCESSES
    listed = rows(folder)
    folder.index.unlink()
    assert rows(folder) == listed
    records = [row.record for row in listed.values()]
    assert sum(record.revision for record in records) == PROCESSES * CHANGES
    flags = [flag for record in records for flag in record.flags]
    assert sorted(flags) == sorted(f"{name}-{n}" for name in "klmn" for n in range(CHANGES))
    assert len(records) == 1 + 3 + PROCESSES * CASES // 2
    assert not list(folder.locks.iterdir())


def test_a_record_is_read_back_as_it_was_and_is_text_that_people_read(folder):
    change_record(folder, "a", lambda _: FULL)
    path = folder.record_of("a")
    assert read_record(path) == replace(FULL, revision=1)
    assert '"status": "needs review"' in path.read_text(encoding="utf-8")
    assert "see \u00e4" in path.read_text(encoding="utf-8")


def test_what_is_malformed_is_no_record_and_never_another_one():
    whole = as_json(FULL)
    for what, text in malformed(whole):
        try:
            record = record_of(json.loads(text))
        except ValueError:
            continue
        assert record.case, what
        assert math.isfinite(record.minutes), what
        pairs = (*record.dsc.values(), *record.nsd.values(), (record.nsd_tolerance_mm,))
        scores = [score for both in pairs for score in both if score is not None]
        assert all(map(math.isfinite, scores)), what


@pytest.mark.parametrize("content", [content for _, content in broken(json.dumps(as_json(FULL)))])
def test_a_damaged_record_is_told_of_its_case_alone_and_stays(folder, rows, content):
    change_record(folder, "a", with_comment("mine"))
    change_record(folder, "b", with_comment("yours"))
    path = folder.record_of("a")
    path.write_bytes(content)
    listed = rows(folder)
    assert "damaged" in listed["a"].problem
    assert str(path) in listed["a"].problem
    assert (listed["b"].record.comment, listed["b"].problem) == ("yours", "")
    with pytest.raises(WorkListError, match="put back a copy of it, or move"):
        change_record(folder, "a", with_comment("again"))
    assert path.read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"[]", b'{"format": 1, "found": 3}', b"\xff"])
def test_a_damaged_index_is_made_anew(folder, rows, content):
    change_record(folder, "a", with_comment("mine"))
    listed = rows(folder)
    folder.index.write_bytes(content)
    assert rows(folder) == listed
    assert set(read_index(folder).records) == {"a"}


def test_of_records_that_are_as_they_were_none_is_read(folder, rows, monkeypatch):
    for name in "abc":
        change_record(folder, name, with_comment(name))
    listed, read = rows(folder), []
    monkeypatch.setattr(index, "read_record", lambda path: read.append(path) or read_record(path))
    assert rows(folder) == listed
    change_record(folder, "b", with_comment("other"))
    assert rows(folder)["b"].record.comment == "other"
    assert read == [folder.record_of("b")]


def test_a_file_of_another_case_is_told(folder, rows):
    change_record(folder, "a", with_comment("mine"))
    folder.record_of("a").rename(folder.record_of("b"))
    assert "is of the case 'a'" in rows(folder)["b"].problem
    kept = folder.record_of("b").read_bytes()
    with pytest.raises(WorkListError, match="is of the case 'a': rename or remove it"):
        change_record(folder, "b", with_comment("other"))
    assert folder.record_of("b").read_bytes() == kept


def test_scans_and_masks_that_come_and_go(folder, rows):
    assert {row.record.status for row in rows(folder).values()} == {Status.TO_DO}
    write_label_map(folder.labels_of("a"))
    change_record(folder, "b", with_status(Status.DONE))
    change_record(folder, "c", with_comment("mine"))
    (folder.scans / "c_0000.nii.gz").rename(folder.scans / "d_0000.nii.gz")
    listed = rows(folder)
    assert [row.record.status for row in listed.values()] == [
        *(Status.PREDICTED, Status.DONE, Status.TO_DO, Status.TO_DO)
    ]
    told = NO_LABELS.format("b.nii.gz")
    assert [row.problem for row in listed.values()] == ["", told, NO_SCAN, ""]
    assert listed["c"].record.comment == "mine"
    (folder.scans / "d_0000.nii.gz").rename(folder.scans / "c_0000.nii.gz")
    assert rows(folder)["c"].problem == ""


def test_versions_count_where_somebody_corrected_them(folder):
    made = change_record(folder, "a", with_version(Version("m/a.nii.gz", "prediction", "demo")))
    assert made.current == ""
    made = change_record(folder, "a", with_version(Version("k/a.nii.gz", "correction", "anna")))
    assert made.current == "k/a.nii.gz"
    assert change_record(folder, "a", with_current("m/a.nii.gz")).current == "m/a.nii.gz"
    with pytest.raises(WorkListError, match=r"no version x: it has m/a.nii.gz, k/a.nii.gz"):
        change_record(folder, "a", with_current("x"))


def test_a_change_that_changes_nothing_writes_nothing(folder):
    change_record(folder, "a", with_flag("hard"))
    before = folder.record_of("a").stat()
    assert change_record(folder, "a", with_flag("hard")).revision == 1
    assert folder.record_of("a").stat().st_ino == before.st_ino
    assert change_record(folder, "a", without_flag("hard")).flags == ()


def test_of_several_cases_that_are_flagged_those_that_can_not_be_are_told(folder):
    session = open_case(folder, "b")
    refused = flagging(folder, "abc", "again")
    assert list(refused) == ["b"]
    assert "b is open by" in refused["b"]
    assert [read_record(folder.record_of(case)).flags for case in "ac"] == [("again",)] * 2
    session.release()


def test_who_has_a_case_open_changes_it_and_others_are_told_who_that_is(folder, rows):
    session = open_case(folder, "a")
    change_record(folder, "a", with_comment("mine"), session)
    with pytest.raises(WorkListError, match=rf"a is open by {Holder.here().user} on .* since"):
        change_record(folder, "a", with_comment("yours"))
    for way in (open_case, take_over):
        with pytest.raises(WorkListError, match="a is open by"):
            way(folder, "a")
    assert rows(folder)["a"].holder.process == os.getpid()
    assert next_row(rows(folder).values()).name == "b"
    session.release()
    assert change_record(folder, "a", with_comment("yours")).comment == "yours"


def test_a_session_that_was_killed_on_this_machine_is_no_obstacle(folder):
    opens = (
        "import sys, os; from pathlib import Path;"
        "from napari_abdoseg.worklist.records.leases import Lease;"
        "assert Lease.take(Path(sys.argv[1])); os._exit(0)"
    )
    run(opens, folder.session_of("a")).communicate()
    assert last_holder(folder.session_of("a")) is not None
    assert holder_of(folder.session_of("a")) is None
    open_case(folder, "a").release()
    assert not list(folder.locks.iterdir())


def elsewhere(path, silent_s=0.0):
    """A lease of another machine, which was touched so long ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    holder = {"user": "anna", "machine": "ws3", "since": "2026-11-27T09:12:00+01:00", "process": 1}
    path.write_text(json.dumps({**holder, "token": "theirs"}))
    when = time.time() - silent_s
    os.utime(path, (when, when))


def test_a_session_elsewhere_is_taken_over_once_it_gives_no_sign_of_life(folder):
    path = folder.session_of("a")
    elsewhere(path)
    with pytest.raises(WorkListError, match="a is open by anna on ws3 since"):
        take_over(folder, "a")
    elsewhere(path, silent_s=leases.DEAD_AFTER + 5)
    with pytest.raises(WorkListError, match="abdoseg cases take-over"):
        open_case(folder, "a")
    theirs = Lease(path, "theirs")
    mine = take_over(folder, "a")
    with pytest.raises(WorkListError, match=r"a was taken over by .* read-only here"):
        theirs.beat()
    theirs.release()
    assert mine.is_held
    mine.release()
    with pytest.raises(WorkListError, match="was taken over"):
        change_record(folder, "a", with_comment("late"), theirs)


def test_a_folder_of_masks_that_is_gone_is_told_of_who_has_a_case_open(folder):
    session = open_case(folder, "a")
    shutil.rmtree(folder.masks)
    with pytest.raises(WorkListError, match="scans_masks is not there as it was: put it back"):
        change_record(folder, "a", with_comment("mine"), session)
    session.release()


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_that_no_clock_here_shows_is_an_unknown_one(folder, rows, when):
    assert moment(when) == moment("yesterday") == "an unknown time"
    change_record(folder, "a", lambda record: replace(record, user="anna", when=when))
    assert "by anna, an unknown time" in details_words([rows(folder)["a"]])
    elsewhere(folder.session_of("a"))
    told = json.loads(folder.session_of("a").read_text())
    folder.session_of("a").write_text(json.dumps({**told, "since": when}))
    assert rows(folder)["a"].holder.words.startswith("somebody on another machine")


@pytest.mark.parametrize("hours", [-30, 30])
def test_a_clock_that_jumps_takes_no_lease_and_no_order_from_anybody(folder, monkeypatch, hours):
    change_record(folder, "a", with_status(Status.IN_PROGRESS))
    session = open_case(folder, "b")
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3600 * hours)
    monkeypatch.setattr(changing, "now", lambda: "1999-01-01T00:00:00+00:00")
    monkeypatch.setattr(Holder, "may_live", property(lambda _: False))  # as psutil's clock has it
    elsewhere(folder.session_of("c"))
    os.utime(folder.session_of("c"))
    assert holder_of(folder.session_of("b")) is not None
    assert holder_of(folder.session_of("c")) is not None
    assert Lease.take(folder.session_of("b")) is None
    last = change_record(folder, "a", with_status(Status.DONE))
    assert (last.status, last.revision) == (Status.DONE, 2)
    session.release()


def test_a_lease_beats_while_it_is_kept(folder, monkeypatch):
    monkeypatch.setattr(leases, "BEAT", 0.01)
    path = folder.session_of("a")
    with kept_alive(open_case(folder, "a")):
        os.utime(path, (0, 0))
        while path.stat().st_mtime < 1:
            time.sleep(0.01)
    assert not path.exists()


def test_a_half_written_lease_is_somebodys_until_it_is_old(folder):
    path = folder.turn_of("a")
    path.parent.mkdir(parents=True)
    path.touch()
    assert Lease.take_over(path) is None
    os.utime(path, (0, 0))
    lease = Lease.take_over(path)
    assert lease.is_held
    lease.release()


def test_a_lease_that_was_let_go_and_taken_by_others_meanwhile_is_left_to_them(folder, monkeypatch):
    theirs = open_case(folder, "a")
    with monkeypatch.context() as patched:
        patched.setattr(leases, "_read", lambda path: (None, ""))  # as it was a moment ago
        assert Lease.take_over(theirs.path) is None
    assert theirs.is_held
    theirs.release()


def test_two_who_take_over_the_same_dead_session_do_so_one_by_one(folder):
    path = folder.session_of("a")
    elsewhere(path, silent_s=leases.DEAD_AFTER + 5)
    guard = path.with_name(f"{path.name}{leases.GUARD}")
    elsewhere(guard)
    assert Lease.take_over(path) is None
    elsewhere(guard, silent_s=leases.DEAD_AFTER + 5)  # whoever did it died over it
    mine = Lease.take_over(path)
    assert mine.is_held
    assert not guard.exists()
    mine.release()


def test_who_waits_too_long_for_others_is_told(folder, monkeypatch):
    monkeypatch.setattr(changing, "PATIENCE", 0.05)
    elsewhere(folder.turn_of("a"))
    with pytest.raises(WorkListError, match="a is being changed by anna on ws3 since"):
        change_record(folder, "a", with_comment("mine"))


def test_a_turn_that_was_taken_over_writes_nothing(folder):
    def slow(record):
        elsewhere(folder.turn_of("a"))
        return replace(record, comment="late")

    with pytest.raises(WorkListError, match="took too long"):
        change_record(folder, "a", slow)
    assert read_record(folder.record_of("a")) is None


def test_a_full_disk_takes_nothing(small_disk, tmp_path):
    folder = WorkFolder(tmp_path / "scans", small_disk)
    kept = change_record(folder, "a", with_comment("mine"))
    with pytest.raises(OSError, match="No space"):
        (small_disk / "filler").write_bytes(b"\0" * 1_000_000)
    for _ in range(2):
        with pytest.raises(SaveError, match="the disk is full"):
            change_record(folder, "a", with_comment("yours"))
        with pytest.raises(SaveError, match="the disk is full"):
            open_case(folder, "a")
    assert not list(folder.locks.iterdir())
    (small_disk / "filler").unlink()
    assert read_record(folder.record_of("a")) == kept
    assert change_record(folder, "a", with_comment("yours")).comment == "yours"


def test_a_list_without_room_for_its_index_is_told_and_shown(folder):
    with no_file_above(100):
        work, notices = listing(folder), []
        while True:
            try:
                notices.append(next(work).notice)
            except StopIteration as end:
                listed = end.value
                break
    assert [row.name for row in listed] == ["a", "b", "c"]
    assert any("index.json was not saved" in notice for notice in notices if notice)


@pytest.fixture
def guest(folder):
    """Whose work list lies where others may look, as a user who may do no more than that."""
    if os.name == "nt" or os.geteuid() != 0:
        pytest.skip("needs rights as Unix has them, and another user")
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        for part in (folder.scans, folder.masks):
            shutil.copytree(part, Path(place) / part.name)
        os.seteuid(65534)
        yield WorkFolder.of(Path(place) / folder.scans.name)
        os.seteuid(0)


@pytest.fixture
def listed_before(folder, rows):
    change_record(folder, "a", with_comment("mine"))
    return rows(folder)


def test_without_rights_one_may_look_and_is_told_of_what_one_may_not(listed_before, guest, rows):
    with pytest.raises(SaveError, match="nothing may be written there"):
        change_record(guest, "a", with_comment("yours"))
    with pytest.raises(SaveError, match="nothing may be written there"):
        open_case(guest, "b")
    assert rows(guest) == listed_before
    os.seteuid(0)
    guest.records.chmod(0o700)
    os.seteuid(65534)
    with pytest.raises(
        WorkListError, match=r"cases can't be read \(Permission denied\): check its"
    ):
        rows(guest)
    os.seteuid(0)
    session = open_case(guest, "a")
    guest.locks.chmod(0o700)
    os.seteuid(65534)
    with pytest.raises(WorkListError, match=r"Permission denied.*check its permissions"):
        change_record(guest, "a", with_comment("yours"))
    os.seteuid(0)
    session.release()


def test_what_is_chosen_of_a_list(folder, rows):
    change_record(folder, "a", with_status(Status.DONE))
    change_record(folder, "b", lambda r: replace(r, status=Status.IN_PROGRESS, user="anna"))
    change_record(folder, "c", with_flag("hard"))
    listed = rows(folder).values()
    assert [row.name for row in chosen(listed, [Status.DONE])] == ["a"]
    assert [row.name for row in chosen(listed, user="anna")] == ["b"]
    assert [row.name for row in chosen(listed, flag="hard")] == ["c"]
    assert [row.name for row in chosen(listed, sort="status")] == ["c", "b", "a"]
    with pytest.raises(AbdosegError, match="can't be sorted by 'size': choose case, status"):
        chosen(listed, sort="size")
    assert next_row(listed, user="ben").name == "c"
    assert next_row(listed, user="anna").name == "b"
    assert next_row(listed, [Status.NEEDS_REVIEW]) is None


def test_who_asks_for_the_next_case_at_once_gets_another_one(folder, rows, monkeypatch):
    change_record(folder, "b", with_status(Status.DONE))
    listed = list(rows(folder).values())  # by both, before either takes one
    taken = []
    for user in ("anna", "ben", "cleo"):
        monkeypatch.setattr(taking, "user_name", lambda user=user: user)
        row = take_next(folder, listed)
        taken.append(row and (row.name, row.record.user, row.record.status))
    assert taken == [("a", "anna", "in progress"), ("c", "ben", "in progress"), None]
    monkeypatch.setattr(taking, "user_name", lambda: "ben")
    assert take_next(folder, list(rows(folder).values())).record.revision == 1
    with pytest.raises(WorkListError, match="What is needs review is not begun"):
        take_next(folder, listed, [Status.NEEDS_REVIEW])


def test_a_name_that_is_no_utf8_has_a_record(folder, rows):
    name = os.fsdecode(b"gr\xfcn")
    try:
        write_image(folder.scans / f"{name}.nii.gz")
    except (OSError, UnicodeError):
        pytest.skip("this disk has no such names")
    change_record(folder, name, with_comment("mine"))
    assert rows(folder)[name].record.comment == "mine"
    assert rows(folder)[name].problem == ""


def test_a_long_name_is_a_sentence(folder):
    with pytest.raises(SaveError, match="name is too long"):
        change_record(folder, "x" * 300, with_comment("mine"))


def test_the_last_listing_is_never_believed_of_other_scans(folder, rows):
    rows(folder)
    other = WorkFolder(folder.scans.with_name("others"), folder.masks)
    write_image(other.scans / "z.nii.gz")
    assert [row.name for row in drain(listing(other))] == ["z"]
