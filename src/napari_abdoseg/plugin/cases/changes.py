"""Changes of what is known of cases, made in a thread, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from napari.utils.notifications import show_error
from qtpy.QtCore import QObject, Signal

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.progress import spoken_names
from napari_abdoseg.worklist.effort.scoring import note_scores
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.records.changing import Change, change_record
from napari_abdoseg.worklist.records.leases import Lease
from napari_abdoseg.worklist.records.work_folder import WorkFolder

SHOWN = 3
"""Faults that are told of many."""


@dataclass(frozen=True)
class CaseChange:
    """What is to be changed of a case.

    Parameters
    ----------
    case : str
    change : callable
    session : Lease or None
        By which it is open here.
    """

    case: str
    change: Change
    session: Lease | None


class Changes(QObject):
    """Makes changes of records, and tells why one can't be made."""

    made = Signal()
    _failed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._thread = ThreadPoolExecutor(1, "abdoseg record")
        self._scoring = ThreadPoolExecutor(1, "abdoseg scores")
        self._failed.connect(show_error)

    def make(self, folder: WorkFolder, changes: Sequence[CaseChange]) -> None:
        """Change what is known of cases, as soon as it is their turn."""
        self._thread.submit(self._make, folder, changes)

    def score(self, folder: WorkFolder, row: Row, session: Lease | None) -> None:
        """Note how near a case that was saved has come to its reference; others needn't wait."""
        self._scoring.submit(self._score, folder, row, session)

    def _score(self, folder: WorkFolder, row: Row, session: Lease | None) -> None:
        note_scores(folder, row, session)
        with suppress(RuntimeError):
            self.made.emit()

    def _make(self, folder: WorkFolder, changes: Sequence[CaseChange]) -> None:
        faults = []
        for each in changes:
            try:
                change_record(folder, each.case, each.change, each.session)
            except AbdosegError as error:
                faults.append(str(error))
        with suppress(RuntimeError):  # the window is gone, and nobody to be told
            if faults:
                self._failed.emit(_words(faults, len(changes)))
            self.made.emit()


def _words(faults: Sequence[str], changes: int) -> str:
    if changes == 1:
        return faults[0]
    return f"{len(faults):,} of {changes:,} cases stay as they are. {spoken_names(faults, SHOWN)}"
