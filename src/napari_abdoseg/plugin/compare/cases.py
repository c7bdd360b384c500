"""The cases of two folders, the worst first."""

from __future__ import annotations

from qtpy.QtCore import QModelIndex, QSortFilterProxyModel, Qt, Signal
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_abdoseg.evaluation.cohort import CohortScores
from napari_abdoseg.evaluation.pairs import Pairing
from napari_abdoseg.plugin.compare.case_model import CaseModel
from napari_abdoseg.plugin.widgets.tables import SORT_ROLE, PlainTable

MEAN_DSC = 1


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
