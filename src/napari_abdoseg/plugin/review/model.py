"""Places to review as the rows of a Qt model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt
from qtpy.QtGui import QColor

from napari_abdoseg.inference.review.places import Place
from napari_abdoseg.plugin.widgets.tables import RIGHT_HAND, swatch

ORGAN, FOLDS, VOLUME = range(3)
HEADERS = ("Organ", "Dissenting folds", "ml")
TIPS = (
    "Click a place to bring all panels there",
    "How many folds find something else than all of them together, in the mean over the place",
    "Volume in millilitres",
)


class PlaceModel(QAbstractTableModel):  # type: ignore[misc]
    """A place a row, the most contested first."""

    def __init__(self) -> None:
        super().__init__()
        self._places: tuple[Place, ...] = ()
        self._folds = 0

    def show_places(self, places: Sequence[Place], folds: int) -> None:
        """Show other places, of an ensemble of so many folds."""
        self.beginResetModel()
        self._places, self._folds = tuple(places), folds
        self.endResetModel()

    def place(self, row: int) -> Place:
        """The place of a row."""
        return self._places[row]

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        return 0 if parent is not None and parent.isValid() else len(self._places)

    def columnCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        return len(HEADERS)

    def headerData(self, section: int, orientation: Any, role: int = 0) -> Any:  # noqa: N802
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and section >= FOLDS:
            return RIGHT_HAND
        texts = {Qt.ItemDataRole.DisplayRole: HEADERS, Qt.ItemDataRole.ToolTipRole: TIPS}
        return texts[role][section] if role in texts else None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        place, column = self._places[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            folds = f"{place.folds:.1f} of {self._folds}"
            return (place.organ.name, folds, f"{place.volume_ml:.2f}")[column]
        if role == Qt.ItemDataRole.TextAlignmentRole and column >= FOLDS:
            return RIGHT_HAND
        if role == Qt.ItemDataRole.DecorationRole and column == ORGAN:
            return swatch(QColor(place.organ.color))
        return None
