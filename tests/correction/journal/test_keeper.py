"""Journals that a thread writes: where they are, who holds them, and what comes back of them."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
import weakref
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.journal import holder as holder_module
from napari_abdoseg.correction.journal import keeper as keeper_module
from napari_abdoseg.correction.journal.edit_history import reverted
from napari_abdoseg.correction.journal.holder import Holder, Lock, holder_of
from napari_abdoseg.correction.journal.keeper import WAITS, Keeper, Kept
from napari_abdoseg.correction.journal.places import (
    CaseFiles,
    is_journal,
    journals_folder,
    journals_of,
    lock_of,
    put_aside,
)
from napari_abdoseg.correction.journal.recorded_labels import labels_of, read_recorded
from napari_abdoseg.correction.journal.records import read_journal
from napari_abdoseg.correction.journal.recovery import Notice, Recovery, recoveries
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.image.files.saving import backup_of
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.volumes import read_labels, write_labels


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setattr(keeper_module, "AGAIN_AFTER", 0.05)


@pytest.fixture
def labels(phantom):
    return replace(phantom[1], data=phantom[1].data.copy())


class Painting:
    """A label map that is painted at random, and its journal."""

    def __init__(self, folder: Path, labels, name: str = "masks.nii.gz") -> None:
        self.path = folder / name
        if not self.path.exists():
            write_labels(self.path, labels)
        self.labels = replace(read_labels(self.path), data=read_labels(self.path).data.copy())
        self.rng = np.random.default_rng(len(str(folder)))
        self.told: list[str] = []
        self.keeper = Keeper(self.told.append)

    @property
    def data(self) -> np.ndarray:
        return self.labels.data

    @property
    def case(self) -> CaseFiles:
        return CaseFiles(self.path, None, self.labels.grid)

    @property
    def kept(self) -> Kept:
        return Kept(self.case, self.data.shape, str(self.data.dtype), "masks", self.labels.organs)

    def begin(self, whole: np.ndarray | None = None) -> None:
        self.keeper.begin(self.kept, whole)

    def paint(self, share: float = 0.001) -> tuple[Edit, ...]:
        where = np.nonzero(self.rng.random(self.data.shape) < share)
        after = self.rng.integers(0, 5, len(where[0])).astype(self.data.dtype)
        stroke = (Edit(where, self.data[where], after),)
        self.data[where] = after
        self.keeper.write("do", stroke, tool="brush")
        return stroke

    def undo(self, stroke: tuple[Edit, ...]) -> None:
        for edit in reverted(stroke):
            self.data[edit.where] = edit.after
        self.keeper.write("undo", reverted(stroke))

    def save(self) -> None:
        write_labels(self.path, self.labels, backup=backup_of(self.path))

    def written(self) -> np.ndarray:
        """What the one journal leads to, once all is written."""
        self.keeper.mark().result()
        (journal,) = journals_of(self.case)
        return labels_of(read_journal(journal))

    def found(self) -> list[Recovery | Notice]:
        """What who opens the file now is offered and told."""
        return list(recoveries(self.case, read_labels(self.path).data))


def test_strokes_come_back_and_a_lock_goes(tmp_path, labels):
    painting = Painting(tmp_path, labels)
    painting.begin()
    painting.paint()
    painting.undo(painting.paint())
    painting.keeper.close()
    (found,) = painting.found()
    assert found.is_of_this_version
    assert (found.labels == painting.data).all()
    assert (len(found.content.history.done), len(found.content.history.undone)) == (1, 1)
    assert found.journal == tmp_path / ".masks.nii.gz.journal"
    assert holder_of(lock_of(found.journal)).process == os.getpid()
    found.leave()
    assert not lock_of(found.journal).exists()
    assert painting.told == []


def test_a_step_that_is_written_is_in_memory_no_more(tmp_path, labels):
    painting = Painting(tmp_path, labels)
    painting.begin()
    voxels = weakref.ref(painting.paint(0.1)[0].before)
    end = time.monotonic() + 30
    while voxels() is not None and time.monotonic() < end:
        time.sleep(0.01)
    assert voxels() is None
    painting.keeper.close()


def test_what_is_saved_is_not_offered(tmp_path, labels):
    painting = Painting(tmp_path, labels)
    painting.begin()
    painting.paint()
    painting.save()
    painting.keeper.close()
    assert painting.found() == []
    assert journals_of(painting.case) == []


def test_a_save_begins_the_journal_anew_with_what_was_painted_meanwhile(tmp_path, labels):
    painting = Painting(tmp_path, labels)
    painting.begin()
    painting.paint()
    corrections = painting.keeper.mark()
    painting.save()
    later = painting.paint()
    painting.keeper.settle(painting.kept)
    assert (painting.written() == painting.data).all()
    painting.keeper.close()
    (found,) = painting.found()
    unsaved = found.content.history.unsaved
    assert unsaved.before.size == (later[0].before != later[0].after).sum()
    assert len(found.content.history.done) == 2
    assert found.content.tools == {"brush": 1}
    assert corrections.result().tools == {"brush": 1}
    found.lock.release()


def test_minutes_of_work_live_through_a_crash_and_begin_anew_with_a_save(
    tmp_path, labels, monkeypatch
):
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr(keeper_module, "time", SimpleNamespace(time=lambda: next(clock)))
    painting = Painting(tmp_path, labels)
    painting.begin()
    for _ in range(3):
        painting.paint()
    painting.keeper.close()
    (found,) = painting.found()
    again = Painting(tmp_path, labels)
    again.labels = replace(again.labels, data=found.labels.copy())
    again.keeper.go_on(found, again.kept)
    again.undo(again.paint())
    corrections = again.keeper.mark().result()
    seconds = sum(organ.seconds for organ in corrections.effort.organs.values())
    assert seconds == pytest.approx(40)
    assert all(organ.strokes == {"brush": 4} for organ in corrections.effort.organs.values())
    again.paint()
    again.save()
    again.keeper.settle(again.kept)
    later = again.keeper.mark().result().effort
    again.keeper.close()
    assert sum(organ.seconds for organ in later.organs.values()) == pytest.approx(10)
    assert all(organ.strokes == {"brush": 1} for organ in later.organs.values())


def test_a_label_map_that_could_not_be_saved_keeps_its_journal(tmp_path, labels):
    painting = Painting(tmp_path, labels)
    painting.begin()
    painting.paint()
    painting.keeper.mark()
    painting.paint()
    painting.keeper.forget_mark()
    painting.keeper.settle(painting.kept)  # of nothing that was marked
    assert (painting.written() == painting.data).all()
    painting.keeper.close()


@pytest.mark.parametrize("share", [0.01, 0.9])
def test_what_a_script_changes_is_found(share, tmp_path, labels):
    painting = Painting(tmp_path, labels)
    painting.keeper.compare(painting.kept, painting.data.copy())
    painting.keeper.mark().result()
    assert journals_of(painting.case) == []
    painting.data[painting.rng.random(painting.data.shape) < share] = 9
    painting.keeper.compare(painting.kept, painting.data.copy())
    painting.begin()
    painting.paint()
    assert (painting.written() == painting.data).all()
    painting.keeper.close()
    (found,) = painting.found()
    assert bool(found.content.whole) == (share > 0.5)
    assert found.is_of_this_version
    found.lock.release()


def test_a_script_that_changes_almost_all_while_it_is_saved(tmp_path, labels):
    painting = Painting(tmp_path, labels)
    painting.begin()
    painting.paint()
    painting.keeper.mark()
    painting.save()
    painting.data[...] = 3
    painting.keeper.compare(painting.kept, painting.data.copy())
    painting.keeper.settle(painting.kept)
    painting.paint()
    assert (painting.written() == painting.data).all()
    painting.keeper.close()


def test_a_label_map_without_a_file_is_kept_by_its_scan(tmp_path, labels):
    painting = Painting(tmp_path, labels)
    case = CaseFiles(None, tmp_path / "ct_0000.nii.gz", labels.grid)
    painting.keeper.begin(replace(painting.kept, case=case), painting.data.copy())
    painting.paint()
    painting.keeper.close()
    (journal,) = journals_of(case)
    assert journal.parent == journals_folder()
    (found,) = recoveries(case, None)
    assert (found.labels == painting.data).all()
    assert found.won_and_lost["liver"] == ((painting.data == 1).sum(), 0)
    assert not found.is_of_this_version
    assert list(recoveries(CaseFiles(None, None, labels.grid), None)) == []
    kept = found.decline()
    with pytest.raises(CorrectionError, match="put back what was corrected"):
        read_recorded(kept)
    write_labels(case.scan, labels)
    recorded = read_recorded(kept)
    assert (recorded.data == painting.data).all()
    assert recorded.grid.matches(labels.grid)
    assert is_journal(kept)
    assert list(recoveries(case, None)) == []
    assert not lock_of(journal).exists()


def test_all_voxels_that_a_script_gives_a_label_map_without_a_file_are_kept(tmp_path, labels):
    painting = Painting(tmp_path, labels)
    case = CaseFiles(None, tmp_path / "ct_0000.nii.gz", labels.grid)
    kept = replace(painting.kept, case=case)
    painting.data[2:4] = 2
    painting.keeper.compare(kept, painting.data.copy())
    painting.keeper.close()
    assert painting.told == []
    (found,) = recoveries(case, None)
    assert (found.labels == painting.data).all()


def test_all_that_is_declined_is_kept(tmp_path, labels):
    kept = set()
    for _ in range(3):
        painting = Painting(tmp_path, labels)
        painting.begin()
        painting.paint()
        painting.keeper.close()
        (found,) = painting.found()
        kept.add(found.decline())
    assert len(kept) == 3
    assert all(path.exists() for path in kept)


def test_a_file_that_was_replaced_is_not_overwritten(tmp_path, labels):
    painting = Painting(tmp_path, labels)
    painting.begin()
    painting.paint()
    painting.keeper.close()
    before = painting.path.read_bytes()
    write_labels(painting.path, replace(labels, data=labels.data * 0))
    (notice,) = painting.found()
    (journal,) = journals_of(painting.case)
    assert "has been replaced since it was corrected" in notice.words
    assert str(journal) in notice.words
    backup_of(painting.path).write_bytes(before)
    (found,) = painting.found()
    assert not found.is_of_this_version
    assert (found.labels == painting.data).all()
    found.lock.release()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"",
        lambda content: content[:40],
        lambda content: b"\0" * len(content),
        lambda content: content.replace(b'"format": 1', b'"format": 7'),
        lambda content: content.replace(b'"shape": [', b'"shape": [9'),
    ],
)
def test_a_spoiled_journal_is_told_and_kept(spoil, tmp_path, labels):
    painting = Painting(tmp_path, labels)
    painting.begin()
    painting.paint()
    painting.keeper.close()
    (journal,) = journals_of(painting.case)
    spoiled = spoil(journal.read_bytes())
    journal.write_bytes(spoiled)
    (notice,) = painting.found()
    assert isinstance(notice, Notice)
    assert str(journal) in notice.words
    assert journal.read_bytes() == spoiled
    again = Painting(tmp_path, labels)
    again.begin()
    again.paint()
    again.keeper.close()
    assert journal.read_bytes() == spoiled
    assert len(journals_of(again.case)) == 2


def test_a_half_written_journal_gives_what_is_whole(tmp_path, labels):
    painting = Painting(tmp_path, labels)
    painting.begin()
    painting.paint()
    before = painting.written()
    painting.paint()
    painting.keeper.close()
    (journal,) = journals_of(painting.case)
    journal.write_bytes(journal.read_bytes()[:-5])
    (found,) = painting.found()
    assert (found.labels == before).all()
    found.lock.release()


def test_the_second_is_told_who_is_the_first(tmp_path, labels):
    first, second = Painting(tmp_path, labels), Painting(tmp_path, labels)
    first.begin()
    first.paint()
    first.keeper.mark().result()
    (notice,) = second.found()
    who = Holder.here()
    assert f"is being corrected by {who.user} on {who.machine} since" in notice.words
    second.begin()
    second.paint()
    second.keeper.mark().result()
    assert second.told == [notice.words]
    assert first.told == []
    first.keeper.close()
    second.keeper.close()
    offered = sorted(second.found(), key=lambda each: len(each.journal.name))
    assert all((each.labels == own.data).all() for each, own in zip(offered, (first, second)))
    assert len(offered) == 2
    for each in offered:
        each.leave()


def test_a_folder_that_takes_nothing_has_its_journals_elsewhere(small_disk, labels):
    painting = Painting(small_disk, labels)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    painting.begin()
    painting.paint()
    assert (painting.written() == painting.data).all()
    assert painting.told == []
    painting.keeper.close()
    (found,) = painting.found()
    assert found.journal.parent == journals_folder()
    found.lock.release()


def test_a_journal_where_nothing_can_be_written_any_more_is_told(small_disk, labels):
    painting = Painting(small_disk, labels)
    painting.begin()
    painting.paint()
    painting.keeper.close()
    (journal,) = journals_of(painting.case)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    (notice,) = painting.found()
    assert f"is in {journal}, where nothing can be written now" in notice.words
    assert (read_recorded(journal).data == painting.data).all()


def test_a_label_map_of_another_shape_has_not_its_corrections(tmp_path, labels):
    painting = Painting(tmp_path, labels)
    painting.begin()
    painting.paint()
    painting.keeper.close()
    other = Grid.from_spacing((4, 5, 6), (1.0, 1.0, 1.0))
    (notice,) = recoveries(replace(painting.case, grid=other), np.zeros((4, 5, 6), np.uint8))
    assert "has the shape (4, 5, 6), in its journal" in notice.words
    assert len(journals_of(painting.case)) == 1


def test_what_is_brought_back_goes_on_in_its_journal(tmp_path, labels):
    first = Painting(tmp_path, labels)
    first.begin()
    first.paint()
    first.keeper.close()
    painting = Painting(tmp_path, labels)
    found = []
    painting.keeper.look(painting.case, painting.data, found.append)
    painting.keeper.mark().result()
    (recovery,) = found
    assert recovery.when.startswith(str(datetime.now().day))
    painting.keeper.go_on(recovery, painting.kept)
    painting.data[:] = recovery.labels
    painting.paint()
    assert (painting.written() == painting.data).all()
    painting.keeper.end(keep=True)
    painting.keeper.close()
    assert journals_of(painting.case) == []
    (told,) = painting.told
    assert told.startswith("What was not saved is kept in")
    assert told.endswith("for 30 days.")


def test_what_is_put_aside_is_kept_for_its_days(tmp_path, monkeypatch):
    names = [".a.nii.gz.journal", ".a.nii.gz.journal.aside", "b.journal.aside12"]
    others = ["my.journal.aside.txt", "ct.nii.gz", ".c.nii.gz.journal.lock"]
    for name in (*names, *others):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / "d.journal.aside").touch()
    kept = put_aside(tmp_path / ".a.nii.gz.journal")
    assert {path.name for path in tmp_path.iterdir()} == {
        *(kept.name, "d.journal.aside"),
        *others,
    }
    assert is_journal(kept)


def test_what_is_not_of_this_version_goes_on_with_all_it_takes(tmp_path, labels):
    first = Painting(tmp_path, labels)
    first.begin()
    first.paint()
    first.keeper.close()
    theirs = replace(labels, data=labels.data // 2)
    write_labels(first.path, theirs, backup=backup_of(first.path))
    (recovery,) = first.found()
    assert not recovery.is_of_this_version
    own = replace(first.kept, case=CaseFiles(None, tmp_path / "ct.nii.gz", labels.grid))
    keeper = Keeper(first.told.append)
    keeper.go_on(recovery, own)
    keeper.mark().result()
    backup_of(first.path).unlink()
    keeper.close()
    (found,) = first.found()
    assert (found.labels == first.data).all()
    assert (found.content.base == labels.data).all()
    found.leave()


def test_a_full_disk_is_told_once_and_all_is_written_when_there_is_room(small_disk, labels):
    painting = Painting(small_disk, labels)
    painting.begin()
    painting.paint()
    painting.written()
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space"):
        filler.write_bytes(b"\0" * 1_000_000)
    for _ in range(3):
        painting.paint(0.05)
    painting.keeper.mark().result(timeout=60)
    (told,) = painting.told
    assert "the disk is full" in told
    assert told.endswith(WAITS)
    filler.unlink()
    painting.paint()
    painting.keeper.forget_mark()
    until = time.monotonic() + 60
    while len(read_journal(journals_of(painting.case)[0]).history.done) < 5:
        assert time.monotonic() < until
    assert (painting.written() == painting.data).all()
    painting.keeper.close()


def test_a_folder_that_is_nowhere_is_told(tmp_path, labels, monkeypatch):
    painting = Painting(tmp_path, labels)
    (tmp_path / "share").write_text("no folder")
    monkeypatch.setattr(
        keeper_module, "new_places", lambda case: [case.apart, tmp_path / "gone" / ".a.journal"]
    )
    painting.begin()
    painting.paint()
    assert painting.keeper.mark().result(timeout=60) is None
    (told,) = painting.told
    assert "its folder does not exist" in told
    painting.keeper.close()


def test_a_fault_is_told_and_what_comes_later_is_written(tmp_path, labels):
    painting = Painting(tmp_path, labels)
    painting.begin()
    painting.keeper.write("do", [None], tool="brush")
    painting.paint()
    assert (painting.written() == painting.data).all()
    (told,) = painting.told
    assert "please report it" in told
    painting.keeper.close()


def test_a_journal_that_has_grown_begins_anew_in_a_pause(tmp_path, labels, monkeypatch):
    monkeypatch.setattr(keeper_module, "SMALL", 1000)
    monkeypatch.setattr(keeper_module, "PAUSE", 0.01)
    painting = Painting(tmp_path, labels)
    painting.begin()
    for _ in range(40):
        painting.undo(painting.paint(0.02))
    painting.keeper.mark().result()
    (journal,) = journals_of(painting.case)
    until = time.monotonic() + 60
    before = journal.stat().st_size
    while journal.stat().st_size > before / 10:
        assert time.monotonic() < until
    painting.paint()
    assert (painting.written() == painting.data).all()
    painting.keeper.close()


HOLDING = """
import sys, time
from pathlib import Path
from napari_abdoseg.correction.journal.holder import Lock

assert Lock.take(Path(sys.argv[1])) is not None
print("held", flush=True)
time.sleep(600)
"""


def test_a_lock_is_held_as_long_as_its_process_lives(tmp_path):
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLDING, str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    assert holder_of(path).process == process.pid
    assert Lock.take(path) is None
    process.kill()
    process.wait()
    assert path.exists()
    assert holder_of(path) is None
    lock = Lock.take(path)
    assert holder_of(path).process == os.getpid()
    lock.release()
    assert not path.exists()
    assert holder_of(path) is None


def _no_locks(file: int) -> bool:
    os.close(file)
    raise OSError(errno.ENOLCK, "No locks available")


@pytest.mark.parametrize(
    ("holder", "days", "is_held"),
    [
        (Holder.here(), 9, True),
        (replace(Holder.here(), process=2**22 + 1), 0, False),
        (replace(Holder.here(), since="2001-01-01T10:00:00+00:00"), 0, False),
        (replace(Holder.here(), machine="elsewhere"), 0, True),
        (replace(Holder.here(), machine="elsewhere"), 2, False),
    ],
)
def test_a_disk_without_locks_tells_by_what_is_written(
    holder, days, is_held, tmp_path, monkeypatch
):
    monkeypatch.setattr(holder_module, "try_lock", _no_locks)
    path = tmp_path / "lock"
    path.write_text(json.dumps(vars(holder)))
    then = time.time() - 86_400 * days
    os.utime(path, (then, then))
    assert (holder_of(path) == holder) == is_held
    lock = Lock.take(path)
    assert (lock is None) == is_held
    if lock is not None:
        assert holder_of(path).process == os.getpid()
        lock.release()
        assert not path.exists()


@pytest.mark.parametrize("content", ["", "[]", '{"user": 3, "since": "yesterday"}'])
def test_who_holds_a_lock_that_says_nothing_is_somebody(content, tmp_path):
    path = tmp_path / "lock"
    lock = Lock.take(path)
    path.write_text(content)
    assert holder_of(path).words == "somebody on another machine since an unknown time"
    lock.release()
