"""What is made of all cases of a work list: a data set, tables, cases to look at again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from napari.components import ViewerModel
from qtpy.QtCore import QObject, Signal

from napari_abdoseg.evaluation.processes import available_cores
from napari_abdoseg.plugin.cases.at_work import cases_at_work
from napari_abdoseg.plugin.jobs.job import Job
from napari_abdoseg.plugin.viewing.viewer_state import state_of
from napari_abdoseg.progress import Progress, Work, counted, spoken_names
from napari_abdoseg.worklist.comparing.offering import NewModel, Offered, offering_changed
from napari_abdoseg.worklist.comparing.writing_agreement import (
    WrittenAgreement,
    finding_drawn,
    writing_agreement,
)
from napari_abdoseg.worklist.effort.writing_effort import WrittenEffort, writing_effort
from napari_abdoseg.worklist.export import exporting
from napari_abdoseg.worklist.records.work_folder import WorkFolder

SHOWN = 3
"""Cases that are told of several."""


def whole_list(viewer: ViewerModel) -> WholeList:
    """What is made of all cases of a viewer's work list; it goes on when the panel is closed."""
    return state_of(viewer, WholeList)


class WholeList(QObject):
    """Does one thing with a work list's cases at a time, in a thread.

    Parameters
    ----------
    viewer : ViewerModel

    Attributes
    ----------
    job : Job or None
        What is being done.
    words : str
        How far it is, or what came of the last one.
    page : Path or None
        That the last one has written, to be looked at.
    """

    changed = Signal()
    offered = Signal(str)
    """A word by which the cases are marked that are to be looked at again."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._cases = cases_at_work(viewer)
        self.job: Job | None = None
        self.words = ""
        self.page: Path | None = None

    def export(self, target: Path) -> None:
        """Make a data set to train on of the cases that are done."""
        if (folder := self._cases.folder) is not None:
            work = exporting(folder, self._cases.done, target, available_cores())
            self._start(work, f"Export {target.name}", self._tell)

    def tell_effort(self, table: Path) -> None:
        """Write how much work cases were."""
        if (folder := self._cases.folder) is not None:
            work = writing_effort(folder, self._cases.rows, table, available_cores())
            self._start(work, "Measure work", self._tell_effort)

    def tell_agreement(self, masks: Sequence[Path], output: Path) -> None:
        """Write how far people agree, by versions of cases or in folders of masks."""
        if (folder := self._cases.folder) is not None:
            work = _comparing(folder, masks, output)
            self._start(work, "Compare people", self._tell_agreement)

    def offer_changed(self, new: NewModel, percent: float) -> None:
        """Mark the cases that are done and that a model would change most."""
        if (folder := self._cases.folder) is not None:
            rows, lease_of = self._cases.done, self._cases.lease_of
            work = offering_changed(
                *(folder, rows, new, percent, new.flag, available_cores(), lease_of)
            )
            self._start(work, f"Compare with {Path(new.model).name}", partial(self._offer, new))

    def cancel(self) -> None:
        """Stop what is being done."""
        if self.job is not None:
            self.job.cancel()

    def forget(self) -> None:
        """Tell no more what came of the last one."""
        self._tell("")

    def _start(self, work: Work[Any], title: str, tell: Callable[[Any], None]) -> None:
        if self.job is not None:
            work.close()
            return
        self.job = Job(work, title)
        self.job.progressed.connect(partial(self._follow, title))
        self.job.returned.connect(tell)
        self.job.ended.connect(self._end)
        self._tell(f"{title}…")
        self.job.start()

    def _follow(self, title: str, progress: Progress, _: str) -> None:
        share = f", {progress.fraction:.0%}" if progress.total else ""
        self._tell(f"{title}: {progress.words}{share}")

    def _end(self) -> None:
        job, self.job = self.job, None
        if job is not None and job.problem:
            self.words = job.problem
        self.changed.emit()

    def _tell(self, words: str, page: Path | None = None) -> None:
        self.words, self.page = words, page
        self.changed.emit()

    def _tell_effort(self, written: WrittenEffort) -> None:
        cases = counted(written.cases, "corrected case")
        words = f"{cases}, {written.minutes:.0f} minutes of work: {written.table}"
        self._tell(words, written.page)

    def _tell_agreement(self, written: WrittenAgreement) -> None:
        page, cohort = written.files[-1], written.agreement.cohort
        cases = counted(len({each.case for each in written.agreement.drawn.values()}), "case")
        missing = (*written.left_out, *(f"{case}: {why}" for case, why in cohort.failed))
        left = f" Left out: {spoken_names(missing, SHOWN)}" if missing else ""
        self._tell(f"{cases} drawn by several people, compared in {page.parent}.{left}", page)

    def _offer(self, new: NewModel, offered: Offered) -> None:
        compared = counted(len(offered.changes.cases), "case")
        most = [each.case for each in offered.most]
        told = f"{len(most)} of {compared} to look at again, flagged {new.flag}"
        words = f"{told}: {spoken_names(most, SHOWN)}." if most else f"{compared} stay as they are."
        missing = [f"{case}: {why}" for case, why in (offered.refused | offered.failed).items()]
        left = f" Left out: {spoken_names(missing, SHOWN)}" if missing else ""
        self._cases.watch.look()
        self._tell(f"{words}{left}")
        if most:
            self.offered.emit(new.flag)


def _comparing(folder: WorkFolder, masks: Sequence[Path], output: Path) -> Work[WrittenAgreement]:
    drawn = yield from finding_drawn(folder, masks)
    return (yield from writing_agreement(drawn, output, workers=available_cores()))
