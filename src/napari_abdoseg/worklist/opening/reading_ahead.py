"""Cases beside the one that is open, read before they are asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Lock

import psutil

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.files.file_stamp import FileStamp
from napari_abdoseg.image.nifti.formats import load_grid
from napari_abdoseg.image.shown_case import ShownCase
from napari_abdoseg.progress import Progress, Work
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.opening.case_files import CaseFiles
from napari_abdoseg.worklist.records.work_folder import WorkFolder

MOST = 2
"""Cases beside the open one."""
BYTES_A_VOXEL = 8
"""That a case takes while it is read, at the most."""
SHARE = 0.5
"""Of the free memory, that a case read ahead may take."""
PAUSE = 0.02
"""Seconds between two looks at what the thread does."""


class ReadingAhead:
    """Reads the next cases in a thread, one after the other, and keeps at most two of them.

    What was read is given away once, and only as long as its files are what they were. A file
    that can't be read is told of when its case is asked for. Any thread may ask.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "abdoseg reading ahead")
        self._ahead: dict[tuple[WorkFolder, str], _Ahead] = {}
        self._lock = Lock()
        self._is_closed = False

    def want(self, folder: WorkFolder, rows: Sequence[Row]) -> None:
        """Read these cases ahead, the first of them first, and let go of all others.

        Parameters
        ----------
        folder : WorkFolder
        rows : sequence of Row
            Those after the first two are left out.
        """
        wanted = {(folder, r.name): CaseFiles.of(folder, r) for r in rows[:MOST] if r.case}
        with self._lock:
            if self._is_closed:
                return
            for key, ahead in list(self._ahead.items()):
                if ahead.files != wanted.get(key):
                    self._ahead.pop(key).future.cancel()
            for key, files in wanted.items():
                if key not in self._ahead:
                    self._ahead[key] = _Ahead(files, self._thread.submit(_read, files))

    def let_go(self) -> None:
        """Keep none; a file that is being read is read to its end."""
        with self._lock:
            while self._ahead:
                self._ahead.popitem()[1].future.cancel()

    def taking(self, folder: WorkFolder, row: Row) -> Work[ShownCase]:
        """Have a case: what was read ahead, or else read now.

        It is taken at the call of this, so that no later wish lets go of it.

        Raises
        ------
        ImageError
            A file can't be read, or scan and label map do not lie on one grid.
        WorkListError
            The scan of the case is gone.
        """
        files = CaseFiles.of(folder, row)
        with self._lock:
            return _taking(files, self._ahead.pop((folder, row.name), None), row.name)

    def close(self) -> None:
        """Keep none, and read no more ahead."""
        self._is_closed = True
        self.let_go()
        self._thread.shutdown(wait=False)


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
