"""The versions of the case that is looked at, read in a thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from qtpy.QtCore import QObject, Signal

from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.records.case_record import Version
from napari_abdoseg.worklist.records.work_folder import WorkFolder
from napari_abdoseg.worklist.versions.versions import versions_of

Key = tuple[WorkFolder, str, int, bool]


class KnownVersions(QObject):
    """Gives the versions of one case; the JSON beside its own label map is read first."""

    came = Signal()
    """They are known now."""
    _read = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self._key: Key | None = None
        self._versions: tuple[Version, ...] = ()
        self._thread = ThreadPoolExecutor(1, "abdoseg versions")
        self._read.connect(self._take)

    def of(self, folder: WorkFolder, row: Row) -> tuple[Version, ...]:
        """Versions of a case, its own label map first; none where it has no other, or yet."""
        if not row.record.versions:
            return ()
        key = (folder, row.name, row.record.revision, row.has_labels)
        if key != self._key:
            if self._key is None or self._key[:2] != key[:2]:
                self._versions = ()
            self._key = key
            self._thread.submit(self._look, key, row)
        return self._versions

    def close(self) -> None:
        """Read no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _look(self, key: Key, row: Row) -> None:
        versions = versions_of(key[0], row.record)
        with suppress(RuntimeError):  # the window is gone
            self._read.emit(key, versions)

    def _take(self, key: Key, versions: tuple[Version, ...]) -> None:
        if key == self._key:
            self._versions = versions
            self.came.emit()
