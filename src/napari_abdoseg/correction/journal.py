"""A journal of what was done to a label map, so that a crash takes nothing away.

It begins with a line of JSON: which label map it belongs to. Records follow: the length and
the CRC-32 of what comes, a line of JSON, and the voxels of its edits, deflated: their numbers
in the label map as steps from one to the next, and their labels before and after. A record
that was being written when the process ended is cut off, and is left out by whoever reads.
"""

from __future__ import annotations

import errno
import json
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, Self

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.edit_history import EditHistory, Stroke, places
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.image.files.saving import not_saved, replaced_file
from napari_abdoseg.image.grid import Shape

FORMAT = 1
FRAME = struct.Struct("<II")
"""Length and CRC-32 of a record."""
LARGEST_HEAD = 1 << 16
FASTEST = 1
"""Level of zlib: of labels it leaves as little as the others do."""
Kind = Literal["do", "undo", "redo", "change", "save", "resume"]


@dataclass(frozen=True)
class Subject:
    """The label map that a journal belongs to, as it was when the journal was begun.

    Parameters
    ----------
    file : str
        Name of its file, or of its scan's if it has none yet.
    sha256 : str
        Of that file.
    shape : tuple of int
        (z, y, x)
    dtype : str
        Of its voxels: ``"uint8"`` or ``"uint16"``.
    """

    file: str
    sha256: str
    shape: Shape
    dtype: str


@dataclass(frozen=True, eq=False)
class Recovered:
    """What a journal holds.

    Parameters
    ----------
    subject : Subject
    history : EditHistory
        Up to the last stroke that was written as a whole.
    end : int
        Byte after that.
    """

    subject: Subject
    history: EditHistory
    end: int


class Journal:
    """A journal that is being written; one process at a time may do so.

    Parameters
    ----------
    path : Path
    subject : Subject
    history : EditHistory
        What has been done until now.
    """

    def __init__(self, path: Path, subject: Subject, history: EditHistory) -> None:
        self.path, self.subject = path, subject
        self._file: BinaryIO | None = None
        self.restart(subject, history)

    def restart(self, subject: Subject, history: EditHistory) -> None:
        """Begin it anew with what it comes to, which is less than all that led there.

        Raises
        ------
        SaveError
            It can't be written; what was there is untouched.
        """
        head = {"format": FORMAT, **asdict(subject)}
        unsaved = () if history.unsaved is None else (history.unsaved,)
        with replaced_file(self.path) as temporary:
            with temporary.open("wb") as file:
                file.write(json.dumps(head).encode() + b"\n")
                file.write(_record("resume", unsaved, history.shape))
                for stroke in history.done:
                    file.write(_record("do", stroke, history.shape, told=True))
                for stroke in history.undone:
                    file.write(_record("undo", stroke, history.shape, told=True))
            self.close()  # some systems replace no open file
        self.subject = subject

    def write(self, kind: Kind, edits: Iterable[Edit] = ()) -> None:
        """Add a record, and see it on the disk.

        Raises
        ------
        SaveError
            It can't be written; the records before are there as they were.
        """
        record = _record(kind, edits, self.subject.shape)
        try:
            if self._file is None:
                self._file = self.path.open("r+b", buffering=0)
            whole = self._file.seek(0, os.SEEK_END)
            if self._file.write(record) < len(record):
                self._file.truncate(whole)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._file.fileno())
        except OSError as error:
            raise not_saved(self.path, error) from error

    def close(self) -> None:
        """Write no more."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_journal(path: Path) -> Recovered:
    """Read what a journal holds, as far as it was written.

    Raises
    ------
    CorrectionError
        It is no journal, or can't be read. It can't be half there: that of another label map
        says so in its subject.
    """
    try:
        with path.open("rb") as file:
            subject = _read_head(file, path)
            history, end = EditHistory(subject.shape), file.tell()
            for kind, stroke, told in _records(file, subject):
                if not history.done and kind == "undo" and not told:
                    break
                if not history.undone and kind == "redo":
                    break
                history = _after(history, kind, stroke, told)
                end = file.tell()
    except OSError as error:
        raise CorrectionError(
            f"The journal {path} can't be read ({error.strerror or error}): check its permissions."
        ) from error
    return Recovered(subject, history, end)


def _after(history: EditHistory, kind: str, stroke: Stroke, told: bool) -> EditHistory:
    """A history after a record; one that was told already only says what it was."""
    shape, unsaved = history.shape, history.unsaved
    if told and kind == "do":
        return EditHistory(shape, (*history.done, stroke), history.undone, unsaved)
    if told:
        return EditHistory(shape, history.done, (*history.undone, stroke), unsaved)
    if kind == "do":
        return history.do(stroke)
    if kind == "undo":
        return history.undo()
    if kind == "redo":
        return history.redo()
    if kind == "save":
        return history.save()
    return history.change(stroke)


def _record(kind: Kind, edits: Iterable[Edit], shape: Shape, told: bool = False) -> bytes:
    packed, sizes = [], []
    for edit in edits:
        content, size = _packed(edit, shape)
        packed.append(content)
        sizes.append(size)
    line: dict[str, Any] = {"kind": kind, "edits": sizes}
    if told:
        line["told"] = True
    body = json.dumps(line).encode() + b"\n" + b"".join(packed)
    return FRAME.pack(len(body), zlib.crc32(body)) + body


def _packed(edit: Edit, shape: Shape) -> tuple[bytes, list[int]]:
    """An edit, deflated; how many voxels it has and how many bytes it takes."""
    flat = np.ravel_multi_index(edit.where, shape)
    order = np.argsort(flat, kind="stable")
    steps = np.diff(flat[order], prepend=0).astype("<u8")
    labels = (values[order].astype("<u2") for values in (edit.before, edit.after))
    raw = b"".join(each.tobytes() for each in (steps, *labels))
    content = zlib.compress(raw, FASTEST)
    return content, [flat.size, len(content)]


def _read_head(file: BinaryIO, path: Path) -> Subject:
    try:
        head = json.loads(file.readline(LARGEST_HEAD))
        z, y, x = (int(size) for size in head["shape"])
        subject = Subject(str(head["file"]), str(head["sha256"]), (z, y, x), str(head["dtype"]))
        if head["format"] != FORMAT or min(z, y, x) < 1 or subject.dtype not in ("uint8", "uint16"):
            raise ValueError
    except (KeyError, TypeError, ValueError) as error:
        raise CorrectionError(
            f"{path} is no journal of corrections that this version can read: move it elsewhere."
        ) from error
    return subject


def _records(file: BinaryIO, subject: Subject) -> Iterator[tuple[str, Stroke, bool]]:
    """Whole records, up to the first that isn't."""
    while len(frame := file.read(FRAME.size)) == FRAME.size:
        length, crc = FRAME.unpack(frame)
        body = file.read(length)
        if len(body) < length or zlib.crc32(body) != crc:
            return
        try:
            line, _, packed = body.partition(b"\n")
            told = json.loads(line)
            stroke = tuple(_unpacked(packed, told["edits"], subject))
            kind = str(told["kind"])
        except (KeyError, TypeError, ValueError, zlib.error):
            return
        yield kind, stroke, bool(told.get("told"))


def _unpacked(packed: bytes, sizes: list[list[int]], subject: Subject) -> Iterator[Edit]:
    """The edits of a record, each within the label map."""
    begin, voxels_there = 0, int(np.prod(subject.shape))
    for voxels, length in sizes:
        if not 0 <= voxels <= voxels_there:
            raise ValueError("more voxels than the label map has")
        size = voxels * 12
        inflate = zlib.decompressobj()
        raw = inflate.decompress(packed[begin : begin + length], size + 1)
        if len(raw) != size:
            raise ValueError("not the voxels that it says")
        flat = np.cumsum(np.frombuffer(raw, "<u8", voxels)).astype(np.int64)
        if voxels and (flat[-1] >= voxels_there or (np.diff(flat) <= 0).any() or flat[0] < 0):
            raise ValueError("voxels that the label map has not")
        yield Edit(
            places(flat, subject.shape),
            _labels(raw, 8 * voxels, voxels, subject),
            _labels(raw, 10 * voxels, voxels, subject),
        )
        begin += length


def _labels(raw: bytes, offset: int, voxels: int, subject: Subject) -> NDArray[Any]:
    labels = np.frombuffer(raw, "<u2", voxels, offset)
    if voxels and labels.max() > np.iinfo(subject.dtype).max:
        raise ValueError("labels that the label map can't hold")
    return labels.astype(subject.dtype)
