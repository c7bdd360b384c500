"""Marks of places that were looked at, written beside a case in a thread, one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils.notifications import show_error
from qtpy.QtCore import QObject, Signal

from napari_abdoseg.correction.checked_places import Mark, add_marks
from napari_abdoseg.correction.journal.places import CaseFiles
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.plugin.saving.scan_of import scan_path
from napari_abdoseg.plugin.viewing.viewer_state import state_of


def mark_writing(viewer: ViewerModel) -> MarkWriting:
    """What writes the marks of a viewer's cases."""
    return state_of(viewer, MarkWriting)


def case_files(viewer: ViewerModel, layer: Labels, grid: Grid) -> CaseFiles:
    """Where marks of a label map are kept."""
    return CaseFiles(layer.metadata.get("path"), scan_path(viewer, layer), grid)


class MarkWriting(QObject):
    """Adds marks to those of a case; whoever else does so in this viewer waits meanwhile.

    Parameters
    ----------
    viewer : ViewerModel
    """

    _failed = Signal(str)

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._thread = ThreadPoolExecutor(1)
        self._failed.connect(show_error)

    def write(self, case: CaseFiles, marks: Iterable[Mark]) -> None:
        """Write marks; where they can't be, say so."""
        self._thread.submit(self._write, case, tuple(marks))

    def _write(self, case: CaseFiles, marks: tuple[Mark, ...]) -> None:
        try:
            add_marks(case, marks)
        except AbdosegError as error:
            with suppress(RuntimeError):  # the window is gone, and nobody to be told
                self._failed.emit(str(error))
