"""What a journal gives back, however the process that wrote it ended."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_abdoseg.anatomy.tally import Edit, NamesEdit
from napari_abdoseg.correction.journal import edit_history
from napari_abdoseg.correction.journal.corrections import Corrections
from napari_abdoseg.correction.journal.edit_history import STEPS, EditHistory, combined, reverted
from napari_abdoseg.correction.journal.records import (
    FRAME,
    Content,
    Journal,
    Subject,
    deflated,
    read_journal,
)
from napari_abdoseg.errors import CorrectionError, SaveError
from napari_abdoseg.image.organ import Organ

TESTS = str(Path(__file__).parents[2])
SHAPE = (7, 12, 11)
ORGANS = (Organ(1, "liver"), Organ(3, "spleen"))
SUBJECT = Subject("/a/case.nii.gz", "/a/ct.nii.gz", "0" * 64, SHAPE, "uint8", "case", ORGANS)
NOTHING = Content(SUBJECT, EditHistory(SHAPE))


class Session:
    """A label map that is painted at random, with all that is kept of it."""

    def __init__(self, seed: int, journal: Journal | None = None) -> None:
        self.rng = np.random.default_rng(seed)
        self.data = self.rng.integers(0, 4, SHAPE).astype(np.uint8)
        self.saved = self.data.copy()
        self.history = EditHistory(SHAPE)
        self.journal = journal
        self.pasts: list[np.ndarray] = []
        self.futures: list[np.ndarray] = []

    def step(self) -> None:
        kinds = ["do"] * 5 + ["undo"] * 3 + ["redo"] * 3 + ["save", "change"]
        kind = str(self.rng.choice(kinds))
        if kind == "undo" and self.history.done:
            self.futures.append(self.data.copy())
            edits = reverted(self.history.done[-1])
            self.data, self.history = self.pasts.pop(), self.history.undo()
        elif kind == "redo" and self.history.undone:
            self.pasts.append(self.data.copy())
            edits = self.history.undone[-1]
            self.data, self.history = self.futures.pop(), self.history.redo()
        elif kind == "save":
            self.saved, self.history = self.data.copy(), self.history.save()
            if self.journal is not None:
                self.journal.restart(Content(SUBJECT, self.history))
            return None
        elif kind in ("do", "change"):
            return self._paint(kind)
        else:
            return None
        return self._write(kind, edits)

    def _paint(self, kind: str) -> None:
        before, stroke = self.data.copy(), []
        for _ in range(self.rng.integers(1, 4)):
            where = np.nonzero(self.rng.random(SHAPE) < self.rng.choice([0.001, 0.1]))
            after = self.rng.integers(0, 4, len(where[0])).astype(np.uint8)
            stroke.append(Edit(where, self.data[where], after))
            self.data[where] = after
        if kind == "do":
            self.pasts, self.futures = [*self.pasts, before][-STEPS:], []
            self.history = self.history.do(tuple(stroke))
        else:
            self.pasts, self.futures = [], []
            self.history = self.history.change(stroke)
        self._write(kind, stroke)

    def _write(self, kind: str, stroke) -> None:
        if self.journal is not None:
            self.journal.write(kind, stroke, **({"tool": "brush"} if kind == "do" else {}))


def applied(data: np.ndarray, *edits: Edit | None) -> np.ndarray:
    """A copy of voxels after edits, each of which must begin with what is there."""
    data = data.copy()
    for edit in edits:
        if edit is not None:
            assert (data[edit.where] == edit.before).all()
            data[edit.where] = edit.after
    return data


def test_names_are_undone_redone_and_saved_like_strokes(tmp_path):
    data = Session(1).data
    where = tuple(np.array([axis]) for axis in (1, 2, 3))
    stroke = (Edit(where, data[where], data[where] + 1),)
    renamed = (Organ(1, "left liver"), ORGANS[1])
    added = (*renamed, Organ(4, "stomach"))
    rename, add = NamesEdit.of(ORGANS, renamed), NamesEdit.of(renamed, added)
    with Journal(tmp_path / "journal", NOTHING) as journal:
        for kind, edits in (
            *(("do", (rename,)), ("do", stroke), ("do", (add,))),
            *(("undo", (add.reverted,)), ("undo", reverted(stroke)), ("redo", stroke)),
        ):
            journal.write(kind, edits, **({"tool": "rename"} if kind == "do" else {}))
        for _ in range(2):  # as written, and as written anew
            content = read_journal(journal.path)
            history = content.history
            assert content.subject.organs == renamed
            assert history.unsaved_names.organs_before == ORGANS
            assert history.unsaved_names.organs_after == renamed
            assert [len(history.done), len(history.undone)] == [2, 1]
            assert history.done[0][0].organs_after == renamed
            assert history.undone[0][0].organs_after == added
            assert history.unsaved.after.tolist() == stroke[0].after.tolist()
            assert Corrections.of(content).names.organs_after == renamed
            journal.restart(content)
        journal.write("undo", reverted(stroke))
        journal.write("undo", (rename.reverted,))
        content = read_journal(journal.path)
        assert content.subject.organs == ORGANS
        assert content.history.unsaved_names is None
        saved = content.history.save()
        assert saved.redo().unsaved_names.organs_after == renamed


def assert_gives_back(history: EditHistory, session: Session) -> None:
    """Require the voxels, and all that can be undone and done again."""
    data = applied(session.saved, history.unsaved)
    assert (data == session.data).all()
    assert (len(history.done), len(history.undone)) == (len(session.pasts), len(session.futures))
    redone = data
    for stroke, expected in zip(reversed(history.undone), reversed(session.futures), strict=True):
        redone = applied(redone, *stroke)
        assert (redone == expected).all()
    for stroke, expected in zip(reversed(history.done), reversed(session.pasts), strict=True):
        data = applied(data, *(edit.reverted for edit in reversed(stroke)))
        assert (data == expected).all()


@pytest.mark.parametrize("seed", range(4))
def test_all_comes_back_at_each_step(seed, tmp_path):
    path = tmp_path / "journal"
    with Journal(path, NOTHING) as journal:
        session = Session(seed, journal)
        for number in range(60):
            session.step()
            recovered = read_journal(path)
            assert recovered.end == path.stat().st_size
            assert_gives_back(recovered.history, session)
            if number % 17 == 0:
                journal.restart(recovered)
                assert_gives_back(read_journal(path).history, session)


def test_a_journal_that_begins_anew_is_smaller_and_keeps_a_hundred_steps(tmp_path):
    path = tmp_path / "journal"
    with Journal(path, NOTHING) as journal:
        session = Session(0, journal)
        for _ in range(3 * STEPS):
            session._paint("do")
        before = path.stat().st_size
        journal.restart(Content(SUBJECT, session.history))
        assert path.stat().st_size < before / 2
        journal.write("undo", reverted(session.history.done[-1]))
    session.data = session.pasts.pop()
    session.futures.append(applied(session.data, *session.history.done[-1]))
    recovered = read_journal(path).history
    assert len(recovered.done) == STEPS - 1
    assert_gives_back(recovered, session)


def test_a_record_that_is_cut_off_or_spoiled_is_left_out(tmp_path):
    path = tmp_path / "journal"
    with Journal(path, NOTHING) as journal:
        session = Session(1, journal)
        session._paint("do")
        kept, before = path.stat().st_size, replace(session.history)
        session._paint("do")
    whole = path.read_bytes()
    for size in range(kept, len(whole)):
        path.write_bytes(whole[:size])
        recovered = read_journal(path)
        assert recovered.end == kept
        assert len(recovered.history.done) == len(before.done)
    for byte in range(kept, len(whole), 7):
        path.write_bytes(whole[:byte] + bytes([whole[byte] ^ 1]) + whole[byte + 1 :])
        assert read_journal(path).end == kept


def test_an_undo_of_what_was_not_done_last_changes_voxels_and_leaves_nothing_to_undo(tmp_path):
    path = tmp_path / "journal"
    with Journal(path, NOTHING) as journal:
        session = Session(2, journal)
        session._paint("do")
        session._paint("do")
        first = reverted(session.history.done[0])
        journal.write("undo", first)
    recovered = read_journal(path).history
    data = applied(session.saved, session.history.unsaved)
    for edit in first:
        data[edit.where] = edit.after
    changed = session.saved.copy()
    changed[recovered.unsaved.where] = recovered.unsaved.after
    assert (changed == data).all()
    assert recovered.done == recovered.undone == ()


@pytest.mark.parametrize("stated", ["#12ab34", "red", 7])
def test_colours_that_a_file_gave_organs_are_kept(tmp_path, stated):
    given = (Organ(1, "left liver", stated), ORGANS[1])
    with Journal(tmp_path / "journal", NOTHING) as journal:
        journal.write("do", (NamesEdit.of(ORGANS, given),), tool="rename")
        found = read_journal(journal.path).subject.organs
    assert found == given
    kept = stated if stated == "#12ab34" else None
    assert [organ.given_color for organ in found] == [kept, None]


def test_a_label_map_without_a_file_is_in_its_journal(tmp_path):
    path, labels = tmp_path / "journal", Session(4).data
    with Journal(path, replace(NOTHING, whole=deflated(labels))) as journal:
        session = Session(4, journal)
        session._paint("do")
        journal.write("organs", organs=[[7, "cyst"]])
        before = read_journal(path)
        journal.restart(before)
    for content in (before, read_journal(path)):
        assert (applied(content.base, content.history.unsaved) == session.data).all()
        assert content.subject == replace(SUBJECT, organs=(Organ(7, "cyst"),))
        assert content.tools == {"brush": 1}
    with pytest.raises(CorrectionError, match="is spoiled"):
        _ = replace(content, whole=content.whole[:-9]).base


@pytest.mark.parametrize(
    "edits",
    [
        [[10**12, 30]],
        [[-1, 30]],
        [[5, 30]],
        "edits",
        [["a", "b"]],
    ],
)
def test_whole_records_that_say_what_is_not_so_are_told_and_stay(edits, tmp_path):
    path = tmp_path / "journal"
    Journal(path, NOTHING).close()
    body = (
        json.dumps({"kind": "do", "tool": "brush", "edits": edits}).encode()
        + b"\nnothing that inflates"
    )
    with path.open("ab") as file:
        file.write(FRAME.pack(len(body), zlib.crc32(body)) + body)
    whole = path.read_bytes()
    with pytest.raises(CorrectionError, match="no journal of corrections that this version"):
        read_journal(path)
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 400, b"{}\n", b'{"format": 99, "file": "a", "sha256": "", "dtype": "uint8"}\n'],
)
def test_a_file_that_is_no_journal_is_told(content, tmp_path):
    path = tmp_path / "journal"
    path.write_bytes(content)
    with pytest.raises(CorrectionError, match="no journal of corrections that this version"):
        read_journal(path)
    with pytest.raises(CorrectionError, match="can't be read"):
        read_journal(tmp_path / "none")


FULL = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from correction.journal.test_records import NOTHING, Session
from napari_abdoseg.correction.journal.records import Journal
from napari_abdoseg.errors import SaveError

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
session = Session(3, Journal(Path({path!r}), NOTHING))
for number in range({limit}):
    try:
        session._paint("do")
    except SaveError as error:
        print(number, error)
        break
"""


def test_a_full_disk_leaves_all_that_was_written(tmp_path):
    path = tmp_path / "journal"
    code = FULL.format(tests=TESTS, limit=6000, path=str(path))
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    number, words = said.stdout.split(" ", 1)
    assert "was not saved" in words
    recovered = read_journal(path)
    assert recovered.end == path.stat().st_size
    assert len(recovered.history.done) == min(int(number), STEPS) > 0


def test_a_folder_that_is_gone_is_told(tmp_path):
    with pytest.raises(SaveError, match="its folder does not exist"):
        Journal(tmp_path / "gone" / "journal", NOTHING)


WRITING = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from correction.journal.test_records import NOTHING, Session
from napari_abdoseg.correction.journal.records import Journal

session = Session({seed}, Journal(Path({path!r}), NOTHING))
for number in range(1, 100_000):
    session.step()
    if number % 40 == 0:
        session.journal.restart(Content(SUBJECT, session.history))
    print(number, flush=True)
"""


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_session_loses_nothing_that_it_had_said(seed, tmp_path):
    path = tmp_path / "journal"
    code = WRITING.format(tests=TESTS, seed=seed, path=str(path))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout.readline()
    time.sleep(np.random.default_rng(seed).uniform(0.05, 0.6))
    process.send_signal(signal.SIGKILL)
    lines = process.stdout.read().decode().splitlines()
    process.wait()
    said = int(lines[-1]) if lines else 1
    recovered = read_journal(path).history
    session = Session(seed)
    for _ in range(said):
        session.step()
    try:
        assert_gives_back(recovered, session)
    except AssertionError:  # the step after had been written, and not been said
        session.step()
        assert_gives_back(recovered, session)


@pytest.mark.parametrize("voxels_at_once", [1, 150, 1 << 22])
def test_edits_are_combined_to_what_they_come_to(monkeypatch, voxels_at_once):
    monkeypatch.setattr(edit_history, "VOXELS_AT_ONCE", voxels_at_once)
    session = Session(5)
    before = session.data.copy()
    edits = []
    for _ in range(5):
        session._paint("do")
        edits += session.history.done[-1]
    assert (applied(before, combined(edits, SHAPE)) == session.data).all()
    assert combined([*edits, *(edit.reverted for edit in reversed(edits))], SHAPE) is None
    assert combined([], SHAPE) is None


def test_effort_of_strokes_that_take_little_memory_is_read(tmp_path):
    where = (np.repeat([1, 2], 4), np.zeros(8, int), np.tile(np.arange(4), 2))
    with Journal(tmp_path / "journal", NOTHING) as journal:
        stroke = [Edit(where, np.zeros(8, np.uint8), np.full(8, 3, np.uint8))]
        journal.write("do", stroke, tool="brush", at=10.0)
    effort = read_journal(tmp_path / "journal").effort.organs[3]
    assert (effort.slices, effort.strokes) == ({1, 2}, {"brush": 1})
