"""Dock widget `Cases`: a folder of CTs, from the first mask to the last review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Labels
from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QPushButton

from napari_abdoseg.plugin.cases.at_work import cases_at_work
from napari_abdoseg.plugin.cases.columns import EXPECTED
from napari_abdoseg.plugin.cases.comparing_versions import ComparingVersions
from napari_abdoseg.plugin.cases.details import CaseDetails
from napari_abdoseg.plugin.cases.filters import Filters
from napari_abdoseg.plugin.cases.known_versions import KnownVersions
from napari_abdoseg.plugin.cases.predictions import PredictionRow, background_predictions
from napari_abdoseg.plugin.cases.sending_back import ask_what_is_to_be_done
from napari_abdoseg.plugin.cases.table import CasesTable
from napari_abdoseg.plugin.cases.whole_list_row import WholeListRow
from napari_abdoseg.plugin.keys import CASE_BEFORE, NEXT_CASE, Command
from napari_abdoseg.plugin.segment.chosen_model import chosen_model
from napari_abdoseg.plugin.viewing.viewer_state import unwrapped
from napari_abdoseg.plugin.widgets.panel import Panel, open_panel
from napari_abdoseg.plugin.widgets.path_edit import folder_edit, path_in
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.listing.words import summary_words
from napari_abdoseg.worklist.opening.steps import SEND_BACK, Step
from napari_abdoseg.worklist.records.case_record import Place
from napari_abdoseg.worklist.records.reviewing import sending_back
from napari_abdoseg.worklist.records.work_folder import WorkFolder

if TYPE_CHECKING:
    from napari import Viewer

WIDTH = 460
HINT = (
    "Choose a folder of CTs, in any layout. Their masks are looked for, and saved, in a folder "
    "beside it."
)


class CasesWidget(Panel):
    """A table of cases, one of which is open; whose and how far each is."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__("Cases")
        self._viewer = unwrapped(napari_viewer)
        self.cases = cases_at_work(self._viewer)
        self.scans = folder_edit("Flat, nested, nnU-Net's imagesTr, BIDS, or a folder a case")
        self.masks = folder_edit("Where label maps are, and where corrected ones go")
        self.filters = Filters()
        self.words = WrappedLabel()
        self.table = CasesTable()
        self.details = CaseDetails()
        self.versions = KnownVersions()
        self.comparing = ComparingVersions(self.cases)
        self.whole = WholeListRow(self._viewer)
        self.predictions = PredictionRow(background_predictions(self._viewer))
        self.before, self.next = QPushButton("‹ Previous"), QPushButton("Next ›")
        self._lay_out()
        self._connect()
        self._follow_theme()
        self._take_folder(self.cases.folder)
        self._show_list()

    def sizeHint(self) -> QSize:  # noqa: N802
        return super().sizeHint().expandedTo(QSize(WIDTH, 0))

    def showEvent(self, event: Any) -> None:  # noqa: N802
        super().showEvent(event)
        self.cases.watch.resume()

    def hideEvent(self, event: Any) -> None:  # noqa: N802
        super().hideEvent(event)
        self.cases.watch.pause()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("CTs", self.scans.native)
        form.addRow("Masks", self.masks.native)
        self.body.addLayout(form)
        self.body.addWidget(self.filters)
        summary = QHBoxLayout()
        summary.addWidget(self.words, stretch=1)
        summary.addWidget(self.whole.button, alignment=Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(summary)
        self.body.addWidget(self.table, stretch=1)
        self.body.addStretch()
        steps = QHBoxLayout()
        for button, command in ((self.before, CASE_BEFORE), (self.next, NEXT_CASE)):
            button.setToolTip(_tip(command))
            steps.addWidget(button)
        self.foot.addWidget(self.whole)
        self.foot.addWidget(self.predictions)
        self.foot.addWidget(self.details)
        self.foot.addLayout(steps)

    def _connect(self) -> None:
        for edit in (self.scans, self.masks):
            edit.changed.connect(self._choose_chosen)
            edit.line_edit.native.editingFinished.connect(self._choose)
        self.follow(self._viewer.events.theme, self._follow_theme)
        self.follow(self.cases.listed, self._show_list)
        self.follow(background_predictions(self._viewer).changed, self.predictions.show_state)
        self.follow(self.cases.changed, self._show_open)
        self.filters.changed.connect(self._filter)
        self.filters.worst.toggled.connect(self._sort_worst_first)
        self.table.opened.connect(self.cases.go_to)
        self.table.chosen.connect(self._show_details)
        self.table.sorted.connect(self._tell_order)
        self.follow(self.whole.work.changed, self.whole.show_state)
        self.follow(self.whole.work.offered, self.filters.show_flagged)
        self.before.clicked.connect(lambda: self.cases.step(-1))
        self.next.clicked.connect(lambda: self.cases.step(1))
        self.details.changed.connect(self.cases.change)
        self.details.stepped.connect(self._step)
        self.details.place_wanted.connect(self.cases.show_place)
        self.details.taken_over.connect(self.cases.take_over)
        self.details.versions.used.connect(self.cases.use)
        self.details.versions.compared.connect(self.comparing.open)
        self.versions.came.connect(self._show_details)
        self.comparing.opened.connect(self._compare)
        self.closed.connect(self.versions.close)
        self.closed.connect(self.table.icons.close)
        self.closed.connect(chosen_model(self._viewer).follow(self.predictions.show_state))

    def _follow_theme(self, _: object = None) -> None:
        self.table.wear(self._viewer.theme)

    def _choose_chosen(self) -> None:
        """Take a folder that was chosen; one that is typed waits until it is whole."""
        lines = (self.scans.line_edit.native, self.masks.line_edit.native)
        if not any(line.isModified() for line in lines):
            self._choose()

    def _choose(self) -> None:
        scans, masks = path_in(self.scans), path_in(self.masks)
        before = self.cases.folder
        if before is not None and before.scans != scans and before.masks == masks:
            masks = None  # they are of the folder before
        self.cases.choose(None if scans is None else WorkFolder.of(scans, masks))
        self._take_folder(self.cases.folder)

    def _take_folder(self, folder: WorkFolder | None) -> None:
        """Show which folder is listed; masks beside the scans need not be named."""
        beside = "" if folder is None else str(WorkFolder.of(folder.scans).masks)
        masks = "" if folder is None or str(folder.masks) == beside else str(folder.masks)
        with self.scans.changed.blocked(), self.masks.changed.blocked():
            self.scans.line_edit.value = "" if folder is None else str(folder.scans)
            self.masks.line_edit.value = masks
        for edit in (self.scans, self.masks):
            edit.line_edit.native.setModified(False)
        self.masks.line_edit.native.setPlaceholderText(beside)

    def _show_list(self) -> None:
        cases = self.cases
        is_chosen = cases.folder is not None
        self.table.folder = cases.folder
        self.filters.offer(cases.rows)
        self.table.show_rows(self.filters.wanted.of(cases.rows))
        for part in (self.table, self.filters, self.details, self.before, self.next):
            part.setVisible(is_chosen and bool(cases.rows))
        self.whole.button.setVisible(is_chosen and bool(cases.rows))
        self.whole.show_state()
        self._tell_order()
        self.predictions.show_state()
        self._show_details()

    def _filter(self) -> None:
        self.table.show_sorted(self.filters.wanted.of(self.cases.rows))
        self._tell_order()

    def _sort_worst_first(self, is_wanted: bool) -> None:
        if is_wanted:
            self.table.sortByColumn(EXPECTED, Qt.SortOrder.AscendingOrder)

    def _tell_order(self) -> None:
        """Let *next* go through the cases as they are shown."""
        cases = self.cases
        cases.shown = self.table.cases.rows
        told = summary_words(cases.shown, len(cases.rows)) if cases.rows else ""
        hint = "" if cases.folder else HINT
        self.words.setText("<br>".join(filter(None, (told, hint, cases.words))))

    def _show_open(self) -> None:
        """Show which case is open, and bring it into sight."""
        is_free = not self.cases.is_opening
        for button in (self.before, self.next):
            button.setEnabled(is_free)
        if is_free and self.cases.open is not None:
            self.table.go_to(self.cases.open.name)
        self._show_details()

    def _show_details(self) -> None:
        """Show what is selected; else the case that is open."""
        opened, row = self.cases.open, self.cases.open_row
        rows = self.table.selected or ([] if row is None else [row])
        is_open = opened is not None and [each.name for each in rows] == [opened.name]
        if opened is not None and is_open:
            self.details.show_rows(rows, opened.claim.why_not, opened.claim.is_left)
        else:
            self.details.show_rows(rows)
        self._show_versions(rows)

    def _show_versions(self, rows: list[Row]) -> None:
        folder = self.cases.folder
        if folder is None or len(rows) != 1:
            self.details.versions.show_of(None)
            return
        self.details.versions.show_of(
            rows[0],
            self.versions.of(folder, rows[0]),
            self.cases.may_change(rows[0]),
        )

    def _compare(self, one: Labels, other: Labels) -> None:
        open_panel(self._viewer, "Compare with labels").choice.choose(one, other)

    def _step(self, rows: list[Row], step: Step) -> None:
        if step is SEND_BACK:
            opened = self.cases.open
            is_open = opened is not None and [row.name for row in rows] == [opened.name]
            place = self.cases.place_in_view if is_open else None
            question = ask_what_is_to_be_done(self, rows, place, self._viewer.theme)
            question.answered.connect(lambda *said: self._send_back(rows, *said))
        else:
            self.cases.take_step(rows, step)

    def _send_back(self, rows: list[Row], comment: str, place: Place | None) -> None:
        self.cases.change(rows, sending_back(comment, place))


def _tip(command: Command) -> str:
    return f"{command.words} ({command.key_text})" if command.keys else command.words
