"""Organs of a cohort as the rows of a Qt model that stays quick with many thousand of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt

from napari_abdoseg.batch.organ_table import OrganRow
from napari_abdoseg.plugin.compare.score_model import volume_text
from napari_abdoseg.plugin.widgets.tables import RIGHT_HAND

CASE, ORGAN, VOLUME, HU, WIDTH, DEPTH, HEIGHT = range(7)
HEADERS = ("Case", "Organ", "ml", "HU", "L–R", "F–B", "H–F")
TIPS = (
    "Double click a row to open the case at the organ",
    "Organ",
    "Volume in millilitres; ≥ where the organ reaches the edge of the scan",
    "Mean of the CT in Hounsfield units",
    "Size of the bounding box from left to right, in millimetres",
    "Size of the bounding box from front to back, in millimetres",
    "Size of the bounding box from head to foot, in millimetres",
)
KEYS: tuple[Callable[[OrganRow], Any], ...] = (
    lambda row: row.case,
    lambda row: row.organ,
    lambda row: row.volume_ml,
    lambda row: row.mean_hu,
    lambda row: row.size_mm[0],
    lambda row: row.size_mm[1],
    lambda row: row.size_mm[2],
)


class CohortModel(QAbstractTableModel):  # type: ignore[misc]
    """An organ of a case a row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[OrganRow] = []
        self._sorted_by, self._order = CASE, Qt.SortOrder.AscendingOrder

    def show_rows(self, rows: Sequence[OrganRow]) -> None:
        """Show other rows, sorted as those before."""
        self.beginResetModel()
        self.rows = list(rows)
        self._sort()
        self.endResetModel()

    def sort(self, column: int, order: Any = Qt.SortOrder.AscendingOrder) -> None:
        self._sorted_by, self._order = column, order
        self.layoutAboutToBeChanged.emit()
        self._sort()
        self.layoutChanged.emit()

    def _sort(self) -> None:
        descending = self._order == Qt.SortOrder.DescendingOrder
        self.rows.sort(key=KEYS[self._sorted_by], reverse=descending)

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        return len(HEADERS)

    def headerData(self, section: int, orientation: Any, role: int = 0) -> Any:  # noqa: N802
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return TIPS[section]
        return RIGHT_HAND if role == Qt.ItemDataRole.TextAlignmentRole and section > ORGAN else None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        column = index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole and column > ORGAN:
            return RIGHT_HAND
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(self.rows[index.row()], column)
        return None


def _text(row: OrganRow, column: int) -> str:
    value = KEYS[column](row)
    if column in (CASE, ORGAN):
        return str(value)
    if column == VOLUME:
        return "≥ " * row.touches_edge + volume_text(value)
    return f"{value:.0f}"
