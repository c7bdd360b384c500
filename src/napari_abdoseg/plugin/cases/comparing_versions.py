"""Any two versions of a case, beside each other."""

from __future__ import annotations

from collections.abc import Sequence
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
    """Opens two versions of a case, and the case itself where another one is open.

    Parameters
    ----------
    cases : CasesAtWork
    """

    opened = Signal(object, object)
    """The layers of both."""

    def __init__(self, cases: CasesAtWork) -> None:
        super().__init__()
        self._cases = cases
        self.job: Job | None = None

    def open(self, row: Row, one: Version, other: Version) -> None:
        """Open two versions, as far as they are not open already."""
        opened, versions = self._cases.open, (one, other)
        if opened is None or opened.name != row.name:
            self._cases.go_to(row, then=partial(self._read, versions))
        else:
            self._read(versions)

    def _read(self, versions: Sequence[Version]) -> None:
        opened, folder = self._cases.open, self._cases.folder
        if self.job is not None or opened is None or folder is None:
            return
        missing = [each for each in versions if self._layer_of(opened, each) is None]
        if not missing:
            self._tell(opened, versions)
            return
        work = reading_beside(folder, missing, opened.case.scan.grid)
        self.job = Job(work, f"Open versions of {opened.name}")
        self.job.returned.connect(partial(self._show, opened, versions, missing))
        self.job.ended.connect(partial(setattr, self, "job", None))
        self.job.start()

    def _show(
        self,
        opened: CaseInView,
        versions: Sequence[Version],
        missing: Sequence[Version],
        read: Sequence[LabelMap],
    ) -> None:
        if self._cases.open is opened:
            for version, labels in zip(missing, read, strict=True):
                name = f"by {version.by}" if version.by else version.file
                opened.show_beside(labels, f"{opened.name} {name}")
            self._tell(opened, versions)

    def _tell(self, opened: CaseInView, versions: Sequence[Version]) -> None:
        layers = [self._layer_of(opened, each) for each in versions]
        if all(layer is not None for layer in layers):
            self.opened.emit(*layers)

    def _layer_of(self, opened: CaseInView, version: Version) -> Labels | None:
        return opened.layer_of(opened.claim.folder.masks / version.file)
