"""The work list of a viewer: its cases, and the one of them that is open here."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any
from weakref import ref

from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils.notifications import show_info
from qtpy.QtCore import QCoreApplication, QObject, Signal

from napari_abdoseg.plugin.cases.case_in_view import CaseInView, showing
from napari_abdoseg.plugin.cases.changes import CaseChange, Changes
from napari_abdoseg.plugin.cases.list_watch import ListWatch
from napari_abdoseg.plugin.cases.tool_at_hand import ToolAtHand
from napari_abdoseg.plugin.jobs.idle_queue import take_turns
from napari_abdoseg.plugin.jobs.job import Job
from napari_abdoseg.plugin.saving.label_maps import saving
from napari_abdoseg.plugin.saving.leaving import leave_saved
from napari_abdoseg.plugin.saving.save_before import save_before
from napari_abdoseg.plugin.viewing.focus import look_at, shown_place, voxel_at
from napari_abdoseg.plugin.viewing.place_in_view import place_in_view
from napari_abdoseg.plugin.viewing.viewer_state import state_of
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.progress import Work
from napari_abdoseg.worklist.listing.listing import Listing, Row
from napari_abdoseg.worklist.listing.order import neighbour
from napari_abdoseg.worklist.opening.claims import claiming, taking_over
from napari_abdoseg.worklist.opening.opening import Claiming, OpenCase, opening
from napari_abdoseg.worklist.opening.other_versions import counting, exchanging
from napari_abdoseg.worklist.opening.reading_ahead import ReadingAhead
from napari_abdoseg.worklist.opening.steps import Step
from napari_abdoseg.worklist.records.case_record import Place, Status, Version, sent_back_to
from napari_abdoseg.worklist.records.changing import Change
from napari_abdoseg.worklist.records.leases import Lease, kept_alive
from napari_abdoseg.worklist.records.reviewing import place_on
from napari_abdoseg.worklist.records.work_folder import WorkFolder

LAST = "This is the last case of the list."
FIRST = "This is the first case of the list."
Then = Callable[[], None]


def _nothing() -> None:
    """Do nothing more."""


def cases_at_work(viewer: ViewerModel) -> CasesAtWork:
    """The work list of a viewer."""
    return state_of(viewer, CasesAtWork)


class CasesAtWork(QObject):
    """Lists the cases of a folder, opens one at a time, and changes what is known of them.

    Parameters
    ----------
    viewer : ViewerModel

    Attributes
    ----------
    folder : WorkFolder or None
    rows : tuple of Row
        All cases, sorted by name.
    shown : sequence of Row
        Those that the table shows, in its order.
    open : CaseInView or None
        The case that is open here.
    job : Job or None
        A case is being opened.
    words : str
        What the list is doing, or why it can't.
    """

    listed = Signal()
    """Cases are other than before, or it is told what is being done."""
    changed = Signal()
    """Another case is open, or none."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self.folder: WorkFolder | None = None
        self.rows: tuple[Row, ...] = ()
        self._shown: Sequence[Row] = ()
        self.open: CaseInView | None = None
        self._ahead = ReadingAhead()
        self.job: Job | None = None
        self._coming = False
        self.words = ""
        self._viewer = ref(viewer)
        self._by_name: dict[str, Row] = {}
        self._place = 0
        self._alive = ExitStack()
        self._releasing = ThreadPoolExecutor(1, "abdoseg lease")
        self._tool = ToolAtHand(viewer)
        self.watch = ListWatch()
        self.changes = Changes()
        self.watch.found.connect(self._take)
        self.watch.told.connect(self._tell)
        self.changes.made.connect(self._look)
        saving(viewer).ended.connect(self._follow_save)
        viewer.layers.events.removed.connect(self._follow_removal)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.close)
        atexit.register(_close, ref(self))

    def choose(self, folder: WorkFolder | None) -> None:
        """List another folder; the case that is open stays so."""
        if folder == self.folder:
            return
        self.folder, self.rows, self.shown, self._by_name = folder, (), (), {}
        self._ahead.let_go()
        self.watch.follow(folder)
        self.listed.emit()

    @property
    def shown(self) -> Sequence[Row]:
        """Those that the table shows, in its order."""
        return self._shown

    @shown.setter
    def shown(self, rows: Sequence[Row]) -> None:
        self._shown = rows
        self._read_ahead()

    @property
    def names_ahead(self) -> list[str]:
        """Cases in the order in which they are gone through: those after the open one first."""
        place = self._place if self.open is not None else 0
        return [row.name for row in (*self.shown[place:], *self.shown[:place])]

    def row(self, name: str) -> Row | None:
        """The row of a case."""
        return self._by_name.get(name)

    @property
    def is_opening(self) -> bool:
        """Whether a case is being read, or its layers come."""
        return self.job is not None or self._coming

    @property
    def open_row(self) -> Row | None:
        """The row of the case that is open here."""
        return None if self.open is None else self.row(self.open.name)

    def go_to(self, row: Row, claiming: Claiming = claiming, then: Then = _nothing) -> None:
        """Open a case, once the one that is open is saved or given up, and do more then."""
        if self.is_opening or self.folder is None:
            return
        if self.open is not None and self.open.name == row.name and self.open.claim.lease:
            return
        work = opening(self.folder, row, self._ahead.taking, claiming)
        self._leave_open(partial(self._read, row, work, partial(self._arrive, then)))

    def take_over(self) -> None:
        """Have the case that is open, which a dead session has left so, open to be changed."""
        if (row := self.open_row) is not None:
            self.go_to(row, taking_over)

    def use(self, row: Row, version: Version) -> None:
        """Let another version of a case count; the case that is open is left for it."""
        if self.folder is None or self.is_opening:
            return
        if self.open is None or self.open.name != row.name:
            self.change([row], counting(self.folder, row, version))
        else:
            work = exchanging(self.folder, row, version, self.open.claim)
            self._leave_open(partial(self._read, row, work, self._exchange))

    def may_change(self, row: Row) -> bool:
        """Whether nobody else has a case open."""
        if self.open is not None and self.open.name == row.name:
            return self.open.claim.lease is not None
        return row.holder is None

    def step(self, step: int) -> None:
        """Open the next case of those that are shown, or the one before."""
        row = self._beside(step)
        if row is None:
            show_info(LAST if step > 0 else FIRST)
        else:
            self.go_to(row)

    def _beside(self, step: int) -> Row | None:
        """The next case of those that are shown, or the one before."""
        name = "" if self.open is None else self.open.name
        start = self._place if self.open is not None else (0 if step > 0 else len(self.shown))
        place = neighbour(self.shown, name, start, step)
        return None if place is None else self.shown[place]

    def _read_ahead(self) -> None:
        """Read the cases beside the one that is open, unless another one is being opened."""
        if self.folder is not None and self.open is not None and not self.is_opening:
            rows = map(self._beside, (1, -1))
            self._ahead.want(self.folder, [row for row in rows if row is not None])

    def change(self, rows: Sequence[Row], change: Change) -> None:
        """Change what is known of cases, in a thread; where that fails, it is told."""
        self._change_each(rows, lambda _: change)

    def _change_each(self, rows: Sequence[Row], change_of: Callable[[Row], Change]) -> None:
        if self.folder is not None:
            changes = [CaseChange(r.name, change_of(r), self.lease_of(r.name)) for r in rows]
            self.changes.make(self.folder, changes)

    def take_step(self, rows: Sequence[Row], step: Step) -> None:
        """Let cases take a step; one that is open is saved before it is handed in."""
        if step.change is None or self.folder is None:
            return
        change = partial(self._change_each, rows, partial(step.change, self.folder))
        opened = self.open
        if step.hands_in and opened is not None and opened.name in {row.name for row in rows}:
            save_before(sure(self._viewer()), opened.layers, change)
        else:
            change()

    @property
    def place_in_view(self) -> Place | None:
        """Where panels look in the scan that is open; None where they look beside it."""
        if self.open is None:
            return None
        grid = self.open.case.scan.grid
        z, y, x = map(round, voxel_at(grid, place_in_view(sure(self._viewer()))))
        if not all(0 <= at < end for at, end in zip((z, y, x), grid.shape)):
            return None
        return place_on(grid, [round(index) for index in grid.stored_index((z, y, x)).tolist()])

    def show_place(self, row: Row) -> None:
        """Bring all panels to where a reviewer wants more of a case, which is opened for it."""
        if self.open is not None and self.open.name == row.name and row.place is not None:
            self._look_at(row.place)
        else:
            self.go_to(row)

    def _look_at(self, place: Place) -> None:
        grid = sure(self.open).case.scan.grid
        z, y, x = grid.screen_index(place.voxel).tolist()
        look_at(sure(self._viewer()), shown_place(grid, (z, y, x)))

    @property
    def done(self) -> list[Row]:
        """Cases that are done."""
        return [row for row in self.rows if row.record.status is Status.DONE]

    def leave(self) -> None:
        """Close the case that is open, once it is saved or given up."""
        self._leave_open(self._remove_open)

    def close(self) -> None:
        """Let others have the case that is open; the window is gone, or about to."""
        self.watch.close()
        self._ahead.close()
        self._alive.close()

    def lease_of(self, name: str) -> Lease | None:
        """By which a case is open here; None where it is not, or read-only. Any thread may ask."""
        opened = self.open
        return opened.claim.lease if opened is not None and opened.name == name else None

    def _leave_open(
        self, leave: Callable[[], None], stay: Callable[[], None] = lambda: None
    ) -> None:
        layers = () if self.open is None else self.open.layers
        leave_saved(sure(self._viewer()), layers, leave, stay)

    def _read(
        self,
        row: Row,
        work: Work[OpenCase],
        arrive: Callable[[OpenCase], None],
    ) -> None:
        self.job = Job(work, f"Open {row.name}")
        self.job.returned.connect(arrive)
        self.job.ended.connect(partial(self._end_job, self.job))
        self.changed.emit()
        self.job.start()

    def _end_job(self, job: Job | None) -> None:
        """A case was read, and is there if it is to be shown."""
        if self._coming:
            return
        if self.job is job:
            self.job = None
        self.changed.emit()
        self.watch.look()
        self._read_ahead()

    def _arrive(self, then: Then, case: OpenCase) -> None:
        """Show a case that was read, unless there are new strokes that the user stays for."""
        self._leave_open(partial(self._show, case, then), case.claim.end)

    def _exchange(self, case: OpenCase) -> None:
        """Show another version of the case that is open, unless it was closed meanwhile."""
        if self.open is not None and self.open.claim is case.claim:
            self._leave_open(partial(self._show, case))

    def _show(self, case: OpenCase, then: Then = _nothing) -> None:
        self._coming = True
        take_turns(self._showing(case, then))

    def _showing(self, case: OpenCase, then: Then) -> Iterator[None]:
        before, released = self.open, ExitStack()
        if before is None or before.claim is not case.claim:
            released, self._alive = self._alive, ExitStack()
            if case.claim.lease is not None:
                self._alive.enter_context(kept_alive(case.claim.lease))
        self._tool.put_down()
        try:
            self.open = yield from showing(sure(self._viewer()), case, before)
        finally:
            self._coming = False
        self._tool.take_up()
        self._releasing.submit(released.close)
        if (place := sent_back_to(case.record)) is not None:
            self._look_at(place)
        self._keep_place()
        self._follow_removal()  # in between, of what was not open yet
        self._end_job(self.job)
        then()

    def _remove_open(self) -> None:
        if self.open is not None:
            self.open.remove()

    def _follow_removal(self, event: Any = None) -> None:
        """A case whose scan was deleted is open no more."""
        if self.open is not None and not self.open.is_there and not self._coming:
            self.open, released = None, self._alive
            self._alive = ExitStack()
            self._releasing.submit(released.close)
            self._ahead.let_go()
            self.changed.emit()

    def _take(self, listing: Listing) -> None:
        self.rows = listing.rows
        self._by_name = {row.name: row for row in self.rows}
        self.listed.emit()
        self._keep_place()

    def _keep_place(self) -> None:
        """Know where the open case was in the table, should it be shown no more."""
        for place, row in enumerate(self.shown):
            if self.open is not None and row.name == self.open.name:
                self._place = place

    def _tell(self, words: str) -> None:
        if words != self.words:
            self.words = words
            self.listed.emit()

    def _follow_save(self, layer: Labels, problem: str) -> None:
        self.watch.look()
        opened, row = self.open, self.open_row
        is_of_case = opened is not None and layer in opened.layers
        if is_of_case and self.folder is not None and row is not None and not problem:
            self.changes.score(self.folder, row, self.lease_of(row.name))

    def _look(self, *_: object) -> None:
        self.watch.look()


def _close(known: ref[CasesAtWork]) -> None:
    if (cases := known()) is not None:
        cases.close()
