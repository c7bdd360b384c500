"""The cases of two folders, the worst first."""

from __future__ import annotations

from math import nan
from typing import Any

import numpy as np
from qtpy.QtCore import QAbstractTableModel, QModelIndex, QSortFilterProxyModel, Qt, Signal
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_abdoseg.evaluation.cohort import CohortScores
from napari_abdoseg.evaluation.pairs import Pairing
from napari_abdoseg.plugin.widgets.tables import RIGHT_HAND, SORT_ROLE, PlainTable

CASE, MEAN_DSC = range(2)
METRICS = ("DSC", "NSD")
FAILED = "failed"
TIP = "Double click to see where it is wrong"


class CaseModel(QAbstractTableModel):  # type: ignore[misc]
    """A case a row: DSC and NSD, the means of its organs first."""

    def __init__(self) -> None:
        super().__init__()
        self._headers: tuple[str, ...] = ("Case",)
        self._rows: list[tuple[str, tuple[float, ...]]] = []
        self._reasons: dict[str, str] = {}
        self._notices: dict[str, str] = {}

    def show_cohort(self, cohort: CohortScores) -> None:
        """Show other cases; those that could not be compared come with the reason."""
        self.beginResetModel()
        names = ("mean", *cohort.organs)
        self._headers = ("Case", *(f"{name}\n{metric}" for name in names for metric in METRICS))
        self._rows = []
        for case in cohort.cases:
            by_name = {score.organ.name: (score.dsc, score.nsd) for score in case.scores}
            mean = tuple(np.mean(list(by_name.values()) or [(nan, nan)], axis=0).tolist())
            of_organs = (by_name.get(name, (nan, nan)) for name in cohort.organs)
            self._rows.append((case.case, tuple(v for each in (mean, *of_organs) for v in each)))
        self._reasons = dict(cohort.failed)
        self._notices = {}
        for case, notice in cohort.notices:
            self._notices[case] = f"{self._notices.get(case, '')}{notice}\n"
        nothing = (nan,) * (len(self._headers) - 1)
        self._rows += [(case, nothing) for case in self._reasons]
        self.endResetModel()

    def case(self, row: int) -> str | None:
        """The case of a row that can be opened."""
        name = self._rows[row][0]
        return None if name in self._reasons else name

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        return len(self._headers)

    def headerData(self, section: int, orientation: Any, role: int = 0) -> Any:  # noqa: N802
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._headers[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section > CASE:
            return RIGHT_HAND
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        name, values = self._rows[index.row()]
        column = index.column()
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._reasons.get(name, f"{self._notices.get(name, '')}{TIP}")
        if column == CASE:
            return name if role in (Qt.ItemDataRole.DisplayRole, SORT_ROLE) else None
        value = values[column - 1]
        if role == SORT_ROLE:
            return -1.0 if np.isnan(value) else value
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT_HAND
        if role == Qt.ItemDataRole.DisplayRole:
            if np.isnan(value):
                return FAILED if name in self._reasons and column == 1 else "–"
            return f"{value:.4f}"
        return None


class CasesPanel(QWidget):  # type: ignore[misc]
    """A table of cases that can be sorted, and opened with a double click."""

    opened = Signal(str)
    """A case, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.model = CaseModel()
        self._sorted = QSortFilterProxyModel()
        self._sorted.setSourceModel(self.model)
        self._sorted.setSortRole(SORT_ROLE)
        self.table = PlainTable(self._sorted)
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
        self.model.show_cohort(cohort)
        self.heading.setText(_summary(cohort))

    def _open(self, index: QModelIndex) -> None:
        case = self.model.case(self._sorted.mapToSource(index).row())
        if case is not None:
            self.opened.emit(case)


def _summary(cohort: CohortScores) -> str:
    words = [f"<b>{len(cohort.cases):,} cases</b>: double click one to open it."]
    if cohort.failed:
        words.append(f"{len(cohort.failed):,} failed: point at it for the reason.")
    if noted := len({case for case, _ in cohort.notices}):
        words.append(f"Notes on {noted:,}: point at one to read them.")
    pairing: Pairing = cohort.pairing
    if pairing.missing:
        words.append(f"Without prediction: {_listed(pairing.missing)}.")
    if pairing.surplus:
        words.append(f"Without reference: {_listed(pairing.surplus)}.")
    return " ".join(words)


def _listed(cases: tuple[str, ...], most: int = 5) -> str:
    more = len(cases) - most
    return ", ".join(cases[:most]) + (f" and {more:,} more" if more > 0 else "")
