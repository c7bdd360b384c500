"""What was known when a work list was listed last, so that the next time little is read.

It is never believed where files say otherwise: a record counts as long as its file is the very
one that was read. So it can be thrown away at any time, and who writes it last takes nothing
from anybody.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from napari_abdoseg.errors import WorkListError
from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.image.files.saving import make_folder, write_text
from napari_abdoseg.worklist.listing.expectation import Expectation, expectation_beside
from napari_abdoseg.worklist.listing.finding import Found
from napari_abdoseg.worklist.records.case_record import CaseRecord
from napari_abdoseg.worklist.records.record_files import ENDING, FORMAT, read_record, schema
from napari_abdoseg.worklist.records.work_folder import WorkFolder
from napari_abdoseg.worklist.versions.versions import organs_of

Stamp = tuple[int, int, int]
"""What tells a file from the one that takes its place: its number, its time in ns, its bytes."""


@dataclass(frozen=True)
class Kept:
    """A record, and the file that it was read from."""

    stamp: Stamp
    record: CaseRecord


@dataclass(frozen=True)
class Told:
    """What a case's report tells, and the file that it was read from."""

    stamp: Stamp
    expectation: Expectation
    organs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Index:
    """What is kept of a work list.

    Parameters
    ----------
    found : Found
        Cases of the folder.
    records : dict of str to Kept
        By case.
    told : dict of str to Told
        By case.
    """

    found: Found = field(default_factory=Found)
    records: dict[str, Kept] = field(default_factory=dict)
    told: dict[str, Told] = field(default_factory=dict)


@dataclass(frozen=True)
class Records:
    """Records of a work list, as they are on the disk.

    Parameters
    ----------
    kept : dict of str to Kept
    problems : dict of str to str
        Why others can't be read, by case.
    """

    kept: dict[str, Kept]
    problems: dict[str, str]


def read_index(folder: WorkFolder) -> Index:
    """What was kept; nothing where that can't be read."""
    with suppress(OSError, ValueError):
        told = read_json(folder.index)
        if told.pop("format", None) == FORMAT:
            index: Index = schema(Index).validate_python(told)
            return index
    return Index()


def write_index(folder: WorkFolder, index: Index) -> None:
    """Keep what is known.

    Raises
    ------
    SaveError
        It can't be written.
    """
    make_folder(folder.index.parent)
    write_text(folder.index, json.dumps({"format": FORMAT, **schema(Index).dump_python(index)}))


def read_records(folder: WorkFolder, before: dict[str, Kept]) -> Records:
    """Records of all cases; of those that are as they were before, nothing is read.

    Raises
    ------
    WorkListError
        Their folder can't be read.
    """
    kept, problems = {}, {}
    for path, stamp in _stamped(folder.records):
        case = path.name.removesuffix(ENDING)
        known = before.get(case)
        if known is not None and known.stamp == stamp:
            kept[case] = known
            continue
        try:
            record = read_record(path)
        except WorkListError as error:
            problems[case] = str(error)
            continue
        if record is not None:
            kept[case] = Kept(stamp, record)
    return Records(kept, problems)


def read_told(report: Path, before: Told | None) -> Told | None:
    """What a report tells; one that is as it was before is not read. None where there is none."""
    try:
        stamp = _stamp(report)
    except OSError:
        return None
    if before is not None and before.stamp == stamp:
        return before
    return Told(stamp, expectation_beside(report), organs_of(report))


def _stamp(path: Path | str) -> Stamp:
    told = os.stat(path)  # noqa: PTH116 - what an entry tells may be old, or no number
    return told.st_ino, told.st_mtime_ns, told.st_size


def _stamped(folder: Path) -> list[tuple[Path, Stamp]]:
    """Files of records, each looked at once."""
    try:
        with os.scandir(folder) as entries:
            names = [e for e in entries if e.name.endswith(ENDING) and not e.name.startswith(".")]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise WorkListError(
            f"{folder} can't be read ({error.strerror}): check its permissions."
        ) from error
    found = []
    for entry in names:
        with suppress(OSError):  # it was removed just now
            found.append((Path(entry.path), _stamp(entry.path)))
    return found
