"""Cases beside the one that is open, read before they are asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import psutil

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.files.file_stamp import FileStamp
from napari_abdoseg.image.nifti.formats import load_grid
from napari_abdoseg.image.shown_case import ShownCase
from napari_abdoseg.progress import Progress, Work
from napari_abdoseg.worklist.case_files import CaseFiles
from napari_abdoseg.worklist.listing import Row
from napari_abdoseg.worklist.work_folder import WorkFolder

MOST = 2
"""Cases beside the open one."""
BYTES_A_VOXEL = 8
"""That a case takes while it is read, at the most."""
SHARE = 0.5
"""Of the free memory, that a case read ahead may take."""
PAUSE = 0.02
"""Seconds between two looks at what the thread does."""


def beside(rows: Sequence[Row], name: str) -> list[Row]:
    """The cases after and before one in the order of a list, those without a scan left out.

    Parameters
    ----------
    rows : sequence of Row
        In the order that they are gone through.
    name : str
        The case that is open; without it in the list there are none beside it.

    Examples
    --------
    >>> from napari_abdoseg.worklist.case_record import CaseRecord
    >>> from napari_abdoseg.worklist.finding import WorkCase
    >>> from napari_abdoseg.worklist.listing import Row
    >>> from napari_abdoseg.worklist.reading_ahead import beside
    >>> rows = [Row(CaseRecord(name), WorkCase(name, f"{name}.nii.gz", name)) for name in "abc"]
    >>> [row.name for row in beside(rows, "b")]
    ['c', 'a']
    """
    place = next((place for place, row in enumerate(rows) if row.name == name), None)
    if place is None:
        return []
    after = next((row for row in rows[place + 1 :] if row.case), None)
    before = next((row for row in reversed(rows[:place]) if row.case), None)
    return [row for row in (after, before) if row is not None]


class ReadingAhead:
    """Reads the next cases in a thread, one after the other, and keeps at most two of them.

    What was read is given away once, and only as long as its files are what they were. A file
    that can't be read is told of when its case is asked for.

    Parameters
    ----------
    folder : WorkFolder
    """

    def __init__(self, folder: WorkFolder) -> None:
        self._folder = folder
        self._thread = ThreadPoolExecutor(1, "abdoseg reading ahead")
        self._ahead: dict[str, _Ahead] = {}

    def want(self, rows: Sequence[Row]) -> None:
        """Read these cases ahead, the first of them first, and let go of all others.

        Parameters
        ----------
        rows : sequence of Row
            Those after the first two are left out.
        """
        wanted = {row.name: CaseFiles.of(self._folder, row) for row in rows[:MOST] if row.case}
        before, self._ahead = self._ahead, {}
        for name, ahead in before.items():
            if ahead.files == wanted.get(name):
                self._ahead[name] = ahead
            else:
                ahead.future.cancel()
        for name, files in wanted.items():
            if name not in self._ahead:
                self._ahead[name] = _Ahead(files, self._thread.submit(_read, files))

    def taking(self, row: Row) -> Work[ShownCase]:
        """Have a case: what was read ahead, or else read now.

        It is taken at the call of this, so that no later wish lets go of it.

        Raises
        ------
        ImageError
            A file can't be read, or scan and label map do not lie on one grid.
        WorkListError
            The scan of the case is gone.
        """
        return _taking(CaseFiles.of(self._folder, row), self._ahead.pop(row.name, None), row.name)

    def close(self) -> None:
        """Read nothing more, and let go of all; a file that is being read is read to its end."""
        self._ahead = {}
        self._thread.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True)
class _Read:
    """What came of reading a case; neither where there was too little memory to try.

    Parameters
    ----------
    stamps : frozenset of FileStamp
        Of its files, from before.
    case : ShownCase, optional
    error : AbdosegError, optional
    """

    stamps: frozenset[FileStamp]
    case: ShownCase | None = None
    error: AbdosegError | None = None

    @property
    def has_come_to_something(self) -> bool:
        return self.case is not None or self.error is not None


@dataclass(frozen=True, eq=False)
class _Ahead:
    """A case that is read ahead."""

    files: CaseFiles
    future: Future[_Read]


def _taking(files: CaseFiles, ahead: _Ahead | None, name: str) -> Work[ShownCase]:
    reading = Progress(f"Reading {name}", 0, 0)
    yield reading
    if ahead is None or ahead.files != files or ahead.future.cancel():
        return files.read()
    while not ahead.future.done():
        wait([ahead.future], PAUSE)
        yield reading
    read = ahead.future.result()
    if not read.has_come_to_something or read.stamps != files.stamps:
        del ahead, read
        return files.read()
    if read.error is not None:
        raise read.error
    assert read.case is not None
    return read.case


def _read(files: CaseFiles) -> _Read:
    stamps = files.stamps
    try:
        if not _has_room(files):
            return _Read(stamps)
        return _Read(stamps, files.read())
    except AbdosegError as error:
        lacked_memory = isinstance(error.__cause__, MemoryError)
        return _Read(stamps, error=None if lacked_memory else error)


def _has_room(files: CaseFiles) -> bool:
    """Whether a case may be read before somebody wants it."""
    takes = BYTES_A_VOXEL * math.prod(load_grid(files.scan).shape)
    return bool(takes <= SHARE * psutil.virtual_memory().available)
