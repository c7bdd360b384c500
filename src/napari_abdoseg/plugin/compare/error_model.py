"""Errors as the rows of a Qt model."""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf
from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt
from qtpy.QtGui import QColor

from napari_abdoseg.evaluation.agreement import COLORS, Agreement
from napari_abdoseg.evaluation.error_regions import ErrorKind, ErrorRegion
from napari_abdoseg.plugin.widgets.tables import RIGHT_HAND, SORT_ROLE, swatch

ORGAN, KIND, VOLUME, DEPTH = range(4)
HEADERS = ("Organ", "Error", "ml", "mm deep")
TIPS = (
    "Click an error to bring all panels there",
    "False positive: in the prediction alone; false negative: in the reference alone",
    "Volume in millilitres",
    "How far its deepest voxel is from the organ in the other label map",
)
KIND_COLORS = {
    ErrorKind.FALSE_POSITIVE: COLORS[Agreement.FALSE_POSITIVE],
    ErrorKind.FALSE_NEGATIVE: COLORS[Agreement.FALSE_NEGATIVE],
}
NOWHERE = "no organ"


class ErrorModel(QAbstractTableModel):  # type: ignore[misc]
    """An error a row."""

    def __init__(self) -> None:
        super().__init__()
        self._errors: tuple[ErrorRegion, ...] = ()
        self._icons = {kind: swatch(QColor(color)) for kind, color in KIND_COLORS.items()}

    def show_errors(self, errors: Sequence[ErrorRegion]) -> None:
        """Show other errors."""
        if tuple(errors) != self._errors:
            self.beginResetModel()
            self._errors = tuple(errors)
            self.endResetModel()

    def error(self, row: int) -> ErrorRegion:
        """The error of a row."""
        return self._errors[row]

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        return 0 if parent is not None and parent.isValid() else len(self._errors)

    def columnCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        return len(HEADERS)

    def headerData(self, section: int, orientation: Any, role: int = 0) -> Any:  # noqa: N802
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and section >= VOLUME:
            return RIGHT_HAND
        texts = {Qt.ItemDataRole.DisplayRole: HEADERS, Qt.ItemDataRole.ToolTipRole: TIPS}
        return texts[role][section] if role in texts else None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        error, column = self._errors[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(error, column)
        if role == SORT_ROLE:
            return (error.organ.value, str(error.kind), error.volume_ml, error.depth_mm)[column]
        if role == Qt.ItemDataRole.TextAlignmentRole and column >= VOLUME:
            return RIGHT_HAND
        if role == Qt.ItemDataRole.DecorationRole and column == KIND:
            return self._icons[error.kind]
        return None


def _text(error: ErrorRegion, column: int) -> str:
    depth = NOWHERE if isinf(error.depth_mm) else f"{error.depth_mm:.1f}"
    volume = f"{error.volume_ml:.2f}" if error.volume_ml >= 0.01 else "< 0.01"
    return (error.organ.name, str(error.kind), volume, depth)[column]
