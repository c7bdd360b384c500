"""Lists the cases of a folder in a thread, again and again while somebody looks."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from qtpy.QtCore import QObject, QTimer, Signal

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.progress import Progress
from napari_abdoseg.worklist.listing.listing import Listing
from napari_abdoseg.worklist.listing.watching import FolderStamp, listing_changes
from napari_abdoseg.worklist.records.work_folder import WorkFolder

LOOK_MS = 3000
"""After so long it is looked whether the folders have changed."""
NEVER = -math.inf
LIST_ANYWAY = 300.0
"""Seconds after which all is listed again, since sessions die and folders are nested."""


@dataclass(frozen=True)
class _Looked:
    """What a look at a folder has come to."""

    folder: WorkFolder
    stamp: FolderStamp
    listing: Listing | None = None
    is_other: bool = False
    problem: str = ""


class ListWatch(QObject):
    """Keeps up with a work list."""

    found = Signal(object)
    """`Listing`, each time something is another than before."""
    told = Signal(str)
    """What is being done, or why the folder can't be listed; nothing once it is listed."""

    def __init__(self) -> None:
        super().__init__()
        self._folder: WorkFolder | None = None
        self._listing: Listing | None = None
        self._stamp: FolderStamp | None = None
        self._listed_at = NEVER
        self._work = LatestWork(_look, settle_ms=0)
        self._work.yielded.connect(self._take)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)

    def follow(self, folder: WorkFolder | None) -> None:
        """List a folder, and keep up with it."""
        self._folder, self._listing, self._stamp = folder, None, None
        if folder is not None:
            self.look_again()
            self._timer.start()

    def look_again(self) -> None:
        """List it now, whether or not it seems to be as it was."""
        self._listed_at = NEVER
        self.look()

    def pause(self) -> None:
        """Look no more until `resume`."""
        with suppress(RuntimeError):  # Qt has removed it before, where a script ends in a fault
            self._timer.stop()

    def resume(self) -> None:
        """Look again, and go on."""
        if self._folder is not None:
            self.look()
            self._timer.start()

    def close(self) -> None:
        """Look no more."""
        self.pause()
        self._work.close()

    def look(self) -> None:
        """List it again, if it seems to be another."""
        if self._folder is None or (self._work.is_waiting and self._listed_at > NEVER):
            return
        is_due = time.monotonic() - self._listed_at > LIST_ANYWAY
        stamp = None if is_due else self._stamp
        self._work.start_soon(self._folder, self._listing, stamp)

    def _take(self, found: Progress | _Looked) -> None:
        if isinstance(found, Progress):
            if found.notice or self._listing is None:
                self.told.emit(found.notice or f"{found.words}…")
        elif found.folder is self._folder:
            self._stamp, self._listed_at = found.stamp, time.monotonic()
            self.told.emit(found.problem)
            if found.listing is not None:
                self._listing = found.listing
            if found.listing is not None and found.is_other:
                self.found.emit(found.listing)


def _look(
    folder: WorkFolder, before: Listing | None, stamp: FolderStamp | None
) -> Iterator[Progress | _Looked]:
    now = FolderStamp.of(folder)
    if now == stamp and stamp.is_settled:
        return
    try:
        listing = yield from listing_changes(folder, before, stamp, now)
    except AbdosegError as error:
        yield _Looked(folder, now, problem=str(error))
    else:
        is_other = before is None or listing.rows != before.rows
        yield _Looked(folder, now, listing, is_other)
