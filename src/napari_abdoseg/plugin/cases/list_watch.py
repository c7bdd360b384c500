"""Lists the cases of a folder in a thread, again and again while somebody looks."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

from qtpy.QtCore import QObject, QTimer, Signal

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.progress import Progress
from napari_abdoseg.worklist.listing import Listing, listing_anew, listing_since
from napari_abdoseg.worklist.watching import FolderStamp, folder_stamp
from napari_abdoseg.worklist.work_folder import WorkFolder

LOOK_MS = 3000
"""After so long it is looked whether the folders have changed."""
NEVER = -math.inf
LIST_ANYWAY = 60.0
"""Seconds after which all is listed again, since sessions die and folders are nested."""


@dataclass(frozen=True)
class _Looked:
    """What a look at a folder has come to."""

    folder: WorkFolder
    stamp: FolderStamp
    listing: Listing | None = None
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
        self._stamp: FolderStamp = ()
        self._listed_at = NEVER
        self._work = LatestWork(_look, settle_ms=0)
        self._work.yielded.connect(self._take)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)

    def follow(self, folder: WorkFolder | None) -> None:
        """List a folder, and keep up with it."""
        self._folder, self._listing, self._stamp = folder, None, ()
        if folder is not None:
            self.look_again()
            self._timer.start()

    def look_again(self) -> None:
        """List it now."""
        self._listed_at = NEVER
        self._look()

    def pause(self) -> None:
        """Look no more until `resume`."""
        self._timer.stop()

    def resume(self) -> None:
        """Look again, and go on."""
        if self._folder is not None:
            self._look()
            self._timer.start()

    def close(self) -> None:
        """Look no more."""
        self._timer.stop()
        self._work.close()

    def _look(self) -> None:
        if self._folder is None or (self._work.is_busy and self._listed_at > NEVER):
            return
        is_due = time.monotonic() - self._listed_at > LIST_ANYWAY
        stamp: FolderStamp = () if is_due else self._stamp
        self._work.start_soon(self._folder, self._listing, stamp)

    def _take(self, found: Progress | _Looked) -> None:
        if isinstance(found, Progress):
            if found.notice or self._listing is None:
                self.told.emit(found.notice or f"{found.words}…")
        elif found.folder is self._folder:
            self._stamp, self._listed_at = found.stamp, time.monotonic()
            self.told.emit(found.problem)
            if found.listing is not None:
                self._show(found.listing)

    def _show(self, listing: Listing) -> None:
        before, self._listing = self._listing, listing
        if before is None or listing.rows != before.rows:
            self.found.emit(listing)


def _look(
    folder: WorkFolder, before: Listing | None, stamp: FolderStamp
) -> Iterator[Progress | _Looked]:
    now = folder_stamp(folder)
    if now == stamp:
        return
    work = listing_anew(folder) if before is None else listing_since(folder, before.index)
    try:
        listing = yield from work
    except AbdosegError as error:
        yield _Looked(folder, now, problem=str(error))
    else:
        yield _Looked(folder, now, listing)
