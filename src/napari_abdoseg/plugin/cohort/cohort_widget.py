"""Dock widget `Cohort`: volumes and boxes of the organs of many cases, each a double click away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from magicgui.widgets import ComboBox, FileEdit
from napari.utils.notifications import show_warning
from qtpy.QtCore import QModelIndex, QSize, Qt
from qtpy.QtWidgets import QFormLayout

from napari_abdoseg.batch.organ_table import OrganTable, read_organ_table
from napari_abdoseg.evaluation.metrics_csv import METRICS, read_dsc
from napari_abdoseg.plugin.cohort.cohort_case import CohortCase, reading_case
from napari_abdoseg.plugin.cohort.cohort_columns import (
    CASE,
    COHORT_COLUMNS,
    DSC,
    EXPECTED,
    NO_CALIBRATION,
    ORGAN,
    CohortRow,
)
from napari_abdoseg.plugin.jobs.job import Job
from napari_abdoseg.plugin.saving.opened_case import OpenedCase
from napari_abdoseg.plugin.viewing.focus import focus_on
from napari_abdoseg.plugin.viewing.orientation import keep_head_up
from napari_abdoseg.plugin.viewing.viewer_state import unwrapped
from napari_abdoseg.plugin.widgets.panel import Panel
from napari_abdoseg.plugin.widgets.path_edit import folder_edit, path_in
from napari_abdoseg.plugin.widgets.table_model import TableModel
from napari_abdoseg.plugin.widgets.tables import PlainTable, volume_text
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel
from napari_abdoseg.progress import Progress, Work, counted

if TYPE_CHECKING:
    from napari import Viewer

Scores = Mapping[tuple[str, str], float]
"""DSC by case and organ."""
WIDTH = 440
ALL = "all organs"
HINT = "Choose the folder that label maps, reports and organs.csv were saved to."
TYPICAL = (5, 50, 95)
"""Percentiles of an organ's volume that are told."""


class CohortWidget(Panel):
    """A table of organs that can be sorted, and opened with a double click."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__("Cohort")
        self._viewer = unwrapped(napari_viewer)
        self._cohort: OrganTable | None = None
        self._opened: OpenedCase | None = None
        self._scores: Scores = {}
        self.job: Job | None = None
        self.results, self.scans, self.scores = folder_edit(), folder_edit(), folder_edit()
        self.organ = ComboBox(choices=self._organ_choices)
        self.words = WrappedLabel()
        self.model: TableModel[CohortRow] = TableModel(COHORT_COLUMNS)
        self.table = PlainTable(self.model)
        self.table.setUniformRowHeights(True)
        self.table.sort_by(CASE, Qt.SortOrder.AscendingOrder)
        self._lay_out()
        self._follow_theme()
        self.follow(self._viewer.events.theme, self._follow_theme)
        for edit in (self.results, self.scores):
            edit.changed.connect(partial(self._read_chosen, edit))
            edit.line_edit.native.editingFinished.connect(self._read)
        self.organ.changed.connect(self._show_rows)
        self.table.doubleClicked.connect(self._open)
        keep_head_up(self._viewer)
        self._show_rows()

    def sizeHint(self) -> QSize:  # noqa: N802
        return super().sizeHint().expandedTo(QSize(WIDTH, 0))

    def _lay_out(self) -> None:
        self._form = QFormLayout()
        self._form.addRow("Results", self.results.native)
        self._form.addRow("CTs (optional)", self.scans.native)
        self._form.addRow("Evaluation (optional)", self.scores.native)
        self._form.addRow("Show", self.organ.native)
        layout = self.body
        layout.addLayout(self._form)
        layout.addWidget(self.words)
        layout.addWidget(self.table, stretch=1)
        layout.addStretch()

    def _follow_theme(self, _: object = None) -> None:
        self.table.wear(self._viewer.theme)

    def _organ_choices(self, _: object = None) -> list[str]:
        return [ALL, *(self._cohort.organs if self._cohort else ())]

    def _read_chosen(self, edit: FileEdit, _: object = None) -> None:
        """Read a folder that was chosen; one that is typed waits until it is whole."""
        if not edit.line_edit.native.isModified():
            self._read()

    def _read(self) -> None:
        folder = path_in(self.results)
        if folder is not None and self.job is None:
            self._run(_reading_tables(folder, path_in(self.scores)), self._show_cohort)

    def _show_cohort(self, tables: tuple[OrganTable, Scores]) -> None:
        self._cohort, self._scores = tables
        self.organ.reset_choices()
        self._show_rows()

    def _show_rows(self, _: object = None) -> None:
        cohort, organ = self._cohort, self.organ.value
        organs = [row for row in cohort.rows if organ in (ALL, row.organ)] if cohort else []
        rows = [CohortRow(row, self._scores.get((row.case, row.organ))) for row in organs]
        self.model.show_rows(rows)
        self.table.setColumnHidden(ORGAN, organ != ALL)
        self.table.setColumnHidden(EXPECTED, all(row.expected is None for row in rows))
        self.table.setColumnHidden(DSC, all(row.dsc is None for row in rows))
        self.table.setVisible(cohort is not None)
        self._form.setRowVisible(self.organ.native, cohort is not None)
        self.words.setText(HINT if cohort is None else _summary(rows, organ))

    def _open(self, index: QModelIndex) -> None:
        if self.job is None and self._cohort is not None:
            row = self.model.rows[index.row()].organ
            work = reading_case(self._cohort, row, path_in(self.scans))
            self._run(work, self._show_case)

    def _show_case(self, case: CohortCase) -> None:
        if self._opened is not None:
            self._opened.close()
        self._opened = OpenedCase(self._viewer, case.scan, {case.row.case: case.labels})
        if case.box is None:
            show_warning(f"There is no {case.row.organ} in {case.labels.path} any more.")
        else:
            focus_on(self._viewer, case.box, case.labels.grid)

    def _run(self, work: Work[Any], show: Any) -> None:
        self.job = Job(work, "Cohort")
        self.job.returned.connect(show)
        self.job.ended.connect(partial(setattr, self, "job", None))
        self.job.start()


def _reading_tables(results: Path, scores: Path | None) -> Work[tuple[OrganTable, Scores]]:
    """Read organs and their scores, these from where the results are if no folder was chosen."""
    yield Progress("Reading the table", 0, 0)
    cohort = read_organ_table(results)
    beside = cohort.folder if (cohort.folder / METRICS).is_file() else None
    place = scores or beside
    return cohort, {} if place is None else read_dsc(place)


def _summary(rows: Sequence[CohortRow], organ: str) -> str:
    cases = len({row.organ.case for row in rows})
    words = [f"<b>{counted(cases, 'case')}</b>: double click a row to open it."]
    if organ != ALL and rows:
        volumes = np.percentile([row.organ.volume_ml for row in rows], TYPICAL)
        low, middle, high = map(volume_text, volumes.tolist())
        words.append(f"Median of the {organ} {middle} ml, 90 % of cases {low} to {high} ml.")
    if any(row.organ.quality for row in rows) and all(row.expected is None for row in rows):
        words.append(NO_CALIBRATION)
    return " ".join(words)
