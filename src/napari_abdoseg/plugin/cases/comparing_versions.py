"""Another version of the case that is open, beside the one in view."""

from __future__ import annotations

from functools import partial

from napari.layers import Labels
from qtpy.QtCore import QObject, Signal

from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.cases.at_work import CasesAtWork
from napari_abdoseg.plugin.cases.case_in_view import CaseInView
from napari_abdoseg.plugin.jobs.job import Job
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.opening.other_versions import reading_beside
from napari_abdoseg.worklist.records.case_record import Version


class ComparingVersions(QObject):
    """Opens versions of the case that is open, one at a time.

    Parameters
    ----------
    cases : CasesAtWork
    """

    opened = Signal(object, object)
    """The layers of the version, and of the label map that the case was opened with."""

    def __init__(self, cases: CasesAtWork) -> None:
        super().__init__()
        self._cases = cases
        self.job: Job | None = None

    def in_view(self, row: Row) -> str:
        """The file of the version that a case was opened with; empty where it is not open."""
        opened, folder = self._cases.open, self._cases.folder
        if opened is None or folder is None or opened.name != row.name or opened.labels is None:
            return ""
        path = opened.labels.metadata.get("path")
        return "" if path is None else folder.seen_from_masks(path)

    def open(self, row: Row, version: Version) -> None:
        """Open a version, unless it is open already."""
        opened, folder = self._cases.open, self._cases.folder
        if self.job is not None or opened is None or folder is None or opened.name != row.name:
            return
        if (layer := opened.layer_of(folder.masks / version.file)) is not None:
            self._tell(opened, layer)
            return
        work = reading_beside(folder, version, opened.case.scan.grid)
        self.job = Job(work, f"Open {version.file}")
        self.job.returned.connect(partial(self._show, opened, version))
        self.job.ended.connect(partial(setattr, self, "job", None))
        self.job.start()

    def _show(self, opened: CaseInView, version: Version, labels: LabelMap) -> None:
        if self._cases.open is opened:
            name = f"by {version.by}" if version.by else version.file
            self._tell(opened, opened.show_beside(labels, f"{opened.name} {name}"))

    def _tell(self, opened: CaseInView, layer: Labels) -> None:
        if opened.labels in opened.layers:
            self.opened.emit(layer, opened.labels)
