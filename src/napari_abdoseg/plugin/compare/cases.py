"""The cases of two folders, the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan

import numpy as np
from qtpy.QtCore import QModelIndex, Qt, Signal
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_abdoseg.evaluation.cohort import CohortScores
from napari_abdoseg.evaluation.pairs import Pairing
from napari_abdoseg.plugin.compare.score_columns import ABSENT, MEAN
from napari_abdoseg.plugin.widgets.table_model import Column, TableModel
from napari_abdoseg.plugin.widgets.tables import PlainTable
from napari_abdoseg.progress import spoken_names

MEAN_DSC = 1
METRICS = ("DSC", "NSD")
FAILED = "failed"
NAMED = 5
"""How many cases are named before they are only counted."""
TIP = "Double click to see where it is wrong"
NOTHING = (nan, nan)


@dataclass(frozen=True)
class CaseRow:
    """A case of a cohort, or one that could not be compared.

    Parameters
    ----------
    name : str
    scores : tuple of float
        DSC and NSD: their means, and those of each organ of the cohort; NaN where there is none.
    words : str
        What there is to say of the case.
    failed : bool
    """

    name: str
    scores: tuple[float, ...]
    words: str
    failed: bool = False


def case_rows(cohort: CohortScores) -> list[CaseRow]:
    """A row for each case; those that could not be compared come last, with the reason."""
    notices: dict[str, str] = {}
    for case, notice in cohort.notices:
        notices[case] = f"{notices.get(case, '')}{notice}\n"
    rows = []
    for scored in cohort.cases:
        by_name = {score.organ.name: (score.dsc, score.nsd) for score in scored.scores}
        mean = tuple(np.mean(list(by_name.values()) or [NOTHING], axis=0).tolist())
        of_organs = (by_name.get(name, NOTHING) for name in cohort.organs)
        scores = tuple(value for each in (mean, *of_organs) for value in each)
        rows.append(CaseRow(scored.case, scores, f"{notices.get(scored.case, '')}{TIP}"))
    nothing = NOTHING * (1 + len(cohort.organs))
    return rows + [CaseRow(case, nothing, reason, True) for case, reason in cohort.failed]


def case_columns(organs: Sequence[str]) -> tuple[Column[CaseRow], ...]:
    """DSC and NSD: their means first, then those of each organ."""
    names = (f"{name}\n{metric}" for name in (MEAN, *organs) for metric in METRICS)
    return (
        Column("Case", lambda row: row.name, row_tip=lambda row: row.words),
        *(_score_column(name, place) for place, name in enumerate(names)),
    )


def _score_column(header: str, place: int) -> Column[CaseRow]:
    def text(row: CaseRow) -> str:
        if isnan(row.scores[place]):
            return FAILED if row.failed and place == 0 else ABSENT
        return f"{row.scores[place]:.4f}"

    def key(row: CaseRow) -> float:
        return -1.0 if isnan(row.scores[place]) else row.scores[place]

    return Column(header, text, key=key, is_figure=True, row_tip=lambda row: row.words)


class CasesPanel(QWidget):
    """A table of cases that can be sorted, and opened with a double click."""

    opened = Signal(str)
    """A case, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.model: TableModel[CaseRow] = TableModel(case_columns(()))
        self.table = PlainTable(self.model)
        self.table.setUniformRowHeights(True)
        self.table.sort_by(MEAN_DSC, Qt.SortOrder.AscendingOrder)
        self.heading = QLabel()
        self.heading.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.heading)
        layout.addWidget(self.table)
        self.table.doubleClicked.connect(self._open)

    def show_cohort(self, cohort: CohortScores) -> None:
        """Show other cases."""
        self.model.show_rows(case_rows(cohort), case_columns(cohort.organs))
        self.heading.setText(_summary(cohort))

    def _open(self, index: QModelIndex) -> None:
        row = self.model.rows[index.row()]
        if not row.failed:
            self.opened.emit(row.name)


def _summary(cohort: CohortScores) -> str:
    words = [f"<b>{len(cohort.cases):,} cases</b>: double click one to open it."]
    if cohort.failed:
        words.append(f"{len(cohort.failed):,} failed: point at it for the reason.")
    if noted := len({case for case, _ in cohort.notices}):
        words.append(f"Notes on {noted:,}: point at one to read them.")
    pairing: Pairing = cohort.pairing
    if pairing.missing:
        words.append(f"Without prediction: {spoken_names(pairing.missing, NAMED)}.")
    if pairing.surplus:
        words.append(f"Without reference: {spoken_names(pairing.surplus, NAMED)}.")
    return " ".join(words)
