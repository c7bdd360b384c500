"""Changes of what is known of cases, made in a thread, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from napari.utils.notifications import show_error
from qtpy.QtCore import QObject, Signal

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.worklist.effort.scoring import note_scores
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.records.changing import Change, change_record, in_turn
from napari_abdoseg.worklist.records.leases import Lease
from napari_abdoseg.worklist.records.work_folder import WorkFolder


class Changes(QObject):
    """Makes changes of records, and tells why one can't be made."""

    made = Signal()
    _failed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._thread = ThreadPoolExecutor(1, "abdoseg record")
        self._scoring = ThreadPoolExecutor(1, "abdoseg scores")
        self._failed.connect(show_error)

    def make(
        self, folder: WorkFolder, case: str, changes: Sequence[Change], session: Lease | None
    ) -> None:
        """Change what is known of a case, as soon as it is its turn."""
        self._thread.submit(self._make, folder, case, in_turn(*changes), session)

    def score(self, folder: WorkFolder, row: Row, session: Lease | None) -> None:
        """Note how near a case that was saved has come to its reference; others needn't wait."""
        self._scoring.submit(self._score, folder, row, session)

    def _score(self, folder: WorkFolder, row: Row, session: Lease | None) -> None:
        note_scores(folder, row, session)
        with suppress(RuntimeError):
            self.made.emit()

    def _make(self, folder: WorkFolder, case: str, change: Change, session: Lease | None) -> None:
        with suppress(RuntimeError):  # the window is gone, and nobody to be told
            try:
                change_record(folder, case, change, session)
            except AbdosegError as error:
                self._failed.emit(str(error))
            self.made.emit()
