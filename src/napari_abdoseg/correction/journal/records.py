"""A journal of what was done to a label map, so that a crash takes nothing away.

It begins with a line of JSON: which label map it belongs to. Records follow: the length and
the CRC-32 of what comes, a line of JSON, and the voxels of its edits, deflated: their numbers
in the label map as steps from one to the next, and their labels before and after. An edit of
names has all organs before and after in the line instead. Where no
file holds the label map as it was when the journal was begun, the first record does. A record
that was being written when the process ended is cut off, and is left out by whoever reads.
"""

from __future__ import annotations

import errno
import json
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal, Self

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.tally import Edit, NamesEdit, names_of
from napari_abdoseg.correction.journal.edit_history import (
    EditHistory,
    Stroke,
    compacted,
    places,
    reverted,
)
from napari_abdoseg.correction.journal.effort import Effort
from napari_abdoseg.correction.spare_edits import spare
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.image.files.saving import not_saved, replaced_file
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.image.organ import Organ, is_color

FORMAT = 1
FRAME = struct.Struct("<II")
"""Length and CRC-32 of a record."""
LARGEST_HEAD = 1 << 20
FASTEST = 1
"""Level of zlib: of labels it leaves as little as the others do."""
Kind = Literal["do", "undo", "redo", "change", "organs", "resume", "whole"]
Organs = tuple[Organ, ...]
SAID = ("labels", "scan", "sha256", "dtype", "name", "user", "machine")
"""What a journal's first line says in words."""


@dataclass(frozen=True)
class Subject:
    """The label map that a journal belongs to, as it was when the journal was begun.

    Parameters
    ----------
    labels, scan : str
        Absolute paths of its own file and of its scan's; empty for none.
    sha256 : str
        Of its own file; empty if there was none.
    shape : tuple of int
        (z, y, x)
    dtype : str
        Of its voxels: ``"uint8"`` or ``"uint16"``.
    name : str
        What the user calls it.
    organs : tuple of Organ
    user, machine : str
        Who has corrected it, and where.
    origin : dict or None
        Model, folds and preset that it was made with, where that is known.
    """

    labels: str
    scan: str
    sha256: str
    shape: Shape
    dtype: str
    name: str = ""
    organs: Organs = ()
    user: str = ""
    machine: str = ""
    origin: dict[str, Any] | None = None


@dataclass(frozen=True, eq=False)
class Content:
    """What a journal holds.

    Parameters
    ----------
    subject : Subject
    history : EditHistory
        Up to the last stroke that was written as a whole.
    tools : mapping of str to int
        How many strokes were painted with which tool since the label map was saved, or opened.
    whole : bytes
        The label map as it was when the journal was begun, deflated; empty if a file has that.
    end : int
        Byte after the last whole record.
    effort : Effort
        How much work it was since the label map was saved, or opened.
    """

    subject: Subject
    history: EditHistory
    tools: Mapping[str, int] = field(default_factory=dict)
    whole: bytes = b""
    end: int = 0
    effort: Effort = field(default_factory=Effort)

    @property
    def base(self) -> NDArray[Any]:
        """The label map that the journal holds, as it was when that was begun.

        Raises
        ------
        CorrectionError
            It is not there as a whole.
        """
        shape, dtype = self.subject.shape, np.dtype(self.subject.dtype).newbyteorder("<")
        size = int(np.prod(shape)) * dtype.itemsize
        try:
            raw = zlib.decompressobj().decompress(self.whole, size + 1)
        except zlib.error:
            raw = b""
        if len(raw) != size:
            raise CorrectionError("The label map in the journal is spoiled.")
        return np.frombuffer(raw, dtype).reshape(shape).astype(self.subject.dtype)


def deflated(labels: NDArray[Any]) -> bytes:
    """A label map, (z, y, x), as a journal holds it."""
    stored = labels.astype(labels.dtype.newbyteorder("<"), copy=False)
    deflate = zlib.compressobj(FASTEST)
    parts = [deflate.compress(np.ascontiguousarray(plane).data) for plane in stored]
    return b"".join([*parts, deflate.flush()])


class Journal:
    """A journal that is being written; one process at a time may do so.

    Parameters
    ----------
    path : Path
    content : Content
        What has been done until now.

    Raises
    ------
    SaveError
        It can't be written.
    """

    def __init__(self, path: Path, content: Content) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        self.restart(content)

    @property
    def size(self) -> int:
        """Bytes."""
        with suppress(OSError):
            return self.path.stat().st_size
        return 0

    def restart(self, content: Content) -> None:
        """Begin it anew with what it comes to, which is less than all that led there.

        Raises
        ------
        SaveError
            It can't be written; what was there is untouched.
        """
        subject, history = content.subject, content.history
        head = {"format": FORMAT, **asdict(subject), "organs": _pairs(subject.organs)}
        unsaved = compacted(history.changes, history.shape)
        with replaced_file(self.path) as temporary:
            with temporary.open("wb") as file:
                file.write(json.dumps(head).encode() + b"\n")
                if content.whole:
                    file.write(_framed({"kind": "whole"}, content.whole))
                known: Any = {"tools": dict(content.tools), "effort": content.effort.told}
                file.write(_record("resume", unsaved, history.shape, **known))
                for stroke in history.done:
                    file.write(_record("do", stroke, history.shape, told=True))
                for stroke in history.undone:
                    file.write(_record("undo", stroke, history.shape, told=True))
            self.close()  # some systems replace no open file
        _keep_name(self.path)
        self.subject = subject

    def write(self, kind: Kind, edits: Iterable[Edit] = (), **more: Any) -> None:
        """Add a record, and see it on the disk.

        Parameters
        ----------
        kind : Kind
        edits : iterable of Edit
            What was changed: by an undo too.
        more
            ``tool`` of a stroke, ``at`` when it was, in seconds of the system's clock, or
            ``organs`` from now on, as pairs of value and name.

        Raises
        ------
        SaveError
            It can't be written; the records before are there as they were.
        """
        record = _record(kind, edits, self.subject.shape, **more)
        try:
            if self._file is None:
                self._file = self.path.open("r+b", buffering=0)
            whole = self._file.seek(0, os.SEEK_END)
            try:
                if self._file.write(record) < len(record):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(self._file.fileno())
            except OSError:
                self._file.truncate(whole)
                raise
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


def read_journal(path: Path) -> Content:
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
            content = Content(subject, EditHistory(subject.shape), {}, b"", file.tell())
            for line, packed in _records(file):
                try:
                    content = _after(content, line, packed)
                except (AttributeError, KeyError, TypeError, ValueError, zlib.error) as error:
                    raise _of_another_version(path) from error
                content = replace(content, end=file.tell())
    except OSError as error:
        raise CorrectionError(
            f"The journal {path} can't be read ({error.strerror or error}): check its permissions."
        ) from error
    return content


def _after(content: Content, line: dict[str, Any], packed: bytes) -> Content:
    """What a journal holds after a record."""
    kind, subject, tools = line["kind"], content.subject, dict(content.tools)
    if kind == "whole":
        return replace(content, whole=packed)
    if kind == "organs":
        return replace(content, subject=replace(subject, organs=_organs(line["organs"])))
    stroke = tuple(_unpacked(packed, line["edits"], subject))
    names = names_of(stroke)
    if names is not None and not line.get("told"):
        content = replace(content, subject=replace(subject, organs=names.organs_after))
    effort = content.effort
    if kind == "resume" and "effort" in line:
        effort = Effort.of(line["effort"])
    elif "at" in line:
        effort = effort.after(float(line["at"]), str(line.get("tool", "")), stroke)
    if kind == "resume":
        tools = {str(tool): int(strokes) for tool, strokes in line["tools"].items()}
    elif kind == "do" and not line.get("told"):
        tool = str(line["tool"])
        tools[tool] = tools.get(tool, 0) + 1
    history = _history_after(content.history, str(kind), stroke, bool(line.get("told")))
    return replace(content, history=history, tools=tools, effort=effort)


def _history_after(history: EditHistory, kind: str, stroke: Stroke, told: bool) -> EditHistory:
    """A history after a record; one that was told already only says what it was."""
    if told and kind == "do":
        return replace(history, done=(*history.done, stroke))
    if told:
        return replace(history, undone=(*history.undone, stroke))
    if kind == "do":
        return history.do(stroke)
    if kind == "undo" and history.done and _are_same(stroke, reverted(history.done[-1])):
        return history.undo()
    if kind == "redo" and history.undone and _are_same(stroke, history.undone[-1]):
        return history.redo()
    return history.change(stroke)


def _are_same(one: Stroke, other: Stroke) -> bool:
    return len(one) == len(other) and all(
        np.array_equal(ours, theirs)
        for a, b in zip(one, other)
        for ours, theirs in zip(_compared(a), _compared(b), strict=True)
    )


def _compared(edit: Edit) -> tuple[Any, ...]:
    names = names_of([edit])
    named = ((), ()) if names is None else (names.organs_before, names.organs_after)
    return *edit.where, edit.before, edit.after, *(_pairs(organs) for organs in named)


def _record(kind: Kind, edits: Iterable[Edit], shape: Shape, **more: Any) -> bytes:
    packed, sizes = [], []
    for edit in edits:
        content, size = _packed(edit, shape)
        packed.append(content)
        names = names_of([edit])
        named = [] if names is None else [names.organs_before, names.organs_after]
        sizes.append([*size, *map(_pairs, named)])
    return _framed({"kind": kind, "edits": sizes, **more}, b"".join(packed))


def _framed(line: dict[str, Any], packed: bytes) -> bytes:
    body = json.dumps(line).encode() + b"\n" + packed
    return FRAME.pack(len(body), zlib.crc32(body)) + body


def _keep_name(path: Path) -> None:
    """Let a file that took another's place have its name after a power cut too."""
    with suppress(OSError):  # where folders can't be opened
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


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
        said = {key: str(head[key]) for key in SAID}
        organs, origin = _organs(head["organs"]), head.get("origin")
        subject = Subject(shape=(z, y, x), organs=organs, origin=origin, **said)
        if not isinstance(origin, dict | None):
            raise ValueError
        if head["format"] != FORMAT or min(z, y, x) < 1 or subject.dtype not in ("uint8", "uint16"):
            raise ValueError
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise _of_another_version(path) from error
    return subject


def _of_another_version(path: Path) -> CorrectionError:
    """For what is there as a whole, so that leaving it out would lose corrections."""
    return CorrectionError(
        f"{path} is no journal of corrections that this version can read: move it elsewhere."
    )


def _pairs(organs: Organs) -> list[list[Any]]:
    given = ((organ, [organ.given_color] if organ.given_color else []) for organ in organs)
    return [[organ.value, organ.name, *color] for organ, color in given]


def _organs(told: Any) -> Organs:
    return tuple(Organ(int(v), str(name), _color(*color)) for v, name, *color in told)


def _color(stated: Any = None) -> str | None:
    return stated if isinstance(stated, str) and is_color(stated) else None


def _records(file: BinaryIO) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Lines and voxels of whole records, up to the first that isn't whole."""
    while len(frame := file.read(FRAME.size)) == FRAME.size:
        length, crc = FRAME.unpack(frame)
        body = file.read(length)
        if len(body) < length or zlib.crc32(body) != crc:
            return
        line, _, packed = body.partition(b"\n")
        try:
            told = json.loads(line)
        except (ValueError, RecursionError):
            return
        yield told, packed


def _unpacked(packed: bytes, sizes: list[list[Any]], subject: Subject) -> Iterator[Edit]:
    """The edits of a record, each within the label map."""
    begin, voxels_there = 0, int(np.prod(subject.shape))
    for voxels, length, *names in sizes:
        if names:
            before, after = map(_organs, names)
            yield NamesEdit.of(before, after)
            begin += length
            continue
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
        yield spare(
            Edit(
                places(flat, subject.shape),
                _labels(raw, 8 * voxels, voxels, subject),
                _labels(raw, 10 * voxels, voxels, subject),
            )
        )
        begin += length


def _labels(raw: bytes, offset: int, voxels: int, subject: Subject) -> NDArray[Any]:
    labels = np.frombuffer(raw, "<u2", voxels, offset)
    if voxels and labels.max() > np.iinfo(subject.dtype).max:
        raise ValueError("labels that the label map can't hold")
    return labels.astype(subject.dtype)
