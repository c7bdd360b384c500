"""Changes of what is known of cases, made in a thread, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from napari.utils.notifications import show_error
from qtpy.QtCore import QObject, Signal

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.worklist.changing import Change, change_record, in_turn
from napari_abdoseg.worklist.leases import Lease
from napari_abdoseg.worklist.work_folder import WorkFolder


class Changes(QObject):
    """Makes changes of records, and tells why one can't be made."""

    made = Signal()
    _failed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._thread = ThreadPoolExecutor(1, "abdoseg record")
        self._failed.connect(show_error)

    def make(
        self, folder: WorkFolder, case: str, changes: Sequence[Change], session: Lease | None
    ) -> None:
        """Change what is known of a case, as soon as it is its turn."""
        self._thread.submit(self._make, folder, case, in_turn(*changes), session)

    def _make(self, folder: WorkFolder, case: str, change: Change, session: Lease | None) -> None:
        with suppress(RuntimeError):  # the window is gone, and nobody to be told
            try:
                change_record(folder, case, change, session)
            except AbdosegError as error:
                self._failed.emit(str(error))
            self.made.emit()
