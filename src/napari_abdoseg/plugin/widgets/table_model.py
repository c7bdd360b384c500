"""Tables whose columns are data: what each of them says of a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from qtpy.QtGui import QColor, QIcon

from napari_abdoseg.plugin.widgets.tables import RIGHT_HAND, check_state, swatch

Row = TypeVar("Row")
Role = Qt.ItemDataRole
NOWHERE = QModelIndex()
UNSORTED = -1
"""What Qt calls the column when rows are in no order."""


@dataclass(frozen=True)
class Column(Generic[Row]):
    """What a table says of a row in one of its columns.

    Parameters
    ----------
    header : str
    text : callable
    tip : str
        What the header means.
    key : callable, optional
        What rows are sorted by; their text if not given.
    is_figure : bool
        Aligned on the right.
    square : callable, optional
        Colour of a square before the text; None where there is none.
    picture : callable, optional
        A small picture before the text, asked for while the row is in sight; None for none yet.
    color : callable, optional
        Colour of the text; None for that of the theme.
    row_tip : callable, optional
    is_checked : callable, optional
        Whether the row's check box is ticked; None where it has none.
    """

    header: str
    text: Callable[[Row], str]
    tip: str = ""
    key: Callable[[Row], Any] | None = None
    is_figure: bool = False
    square: Callable[[Row], str | None] | None = None
    picture: Callable[[Row], QIcon | None] | None = None
    color: Callable[[Row], str | None] | None = None
    row_tip: Callable[[Row], str] | None = None
    is_checked: Callable[[Row], bool | None] | None = None

    def head(self, role: int) -> Any:
        """What Qt asks for of the header."""
        says: dict[int, Any] = {
            Role.DisplayRole: self.header,
            Role.ToolTipRole: self.tip or None,
            Role.TextAlignmentRole: RIGHT_HAND if self.is_figure else None,
        }
        return says.get(role)

    def cell(self, row: Row, role: int) -> Any:
        """What Qt asks for of a row."""
        if role == Role.DisplayRole:
            return self.text(row)
        if role == Role.TextAlignmentRole:
            return RIGHT_HAND if self.is_figure else None
        if role == Role.ToolTipRole:
            return self.row_tip and self.row_tip(row)
        if role == Role.DecorationRole:
            if self.picture is not None:
                return self.picture(row)
            square = self.square and self.square(row)
            return square and swatch(QColor(square))
        if role == Role.ForegroundRole:
            color = self.color and self.color(row)
            return color and QColor(color)
        if role == Role.CheckStateRole:
            checked = self.is_checked and self.is_checked(row)
            return None if checked is None else check_state(checked)
        return None

    def sort_key(self, row: Row) -> Any:
        """What a row is sorted by."""
        return (self.key or self.text)(row)


class TableModel(QAbstractTableModel, Generic[Row]):
    """Rows of any kind, in the order that the user last asked for.

    Parameters
    ----------
    columns : sequence of Column

    Attributes
    ----------
    rows : list
        From top to bottom.
    """

    toggled = Signal(object, bool)
    """A row whose check box the user has clicked, and whether it is to be ticked."""

    def __init__(self, columns: Sequence[Column[Row]]) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self._columns = tuple(columns)
        self._sorted_by, self._descending = UNSORTED, False

    def show_rows(self, rows: Sequence[Row], columns: Sequence[Column[Row]] = ()) -> None:
        """Show other rows, and other columns if there are any; no row stays selected."""
        self._columns = tuple(columns) or self._columns
        self.show_as_given([rows[place] for place in self._places(rows)])

    def show_as_given(self, rows: Sequence[Row]) -> None:
        """Show other rows in the order that they come in; no row stays selected."""
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def update_rows(self, rows: Sequence[Row], columns: Sequence[Column[Row]] = ()) -> None:
        """Show how rows are now, unsorted; new ones come last.

        What is selected stays so, unless there are fewer.
        """
        before, now = len(self.rows), len(rows)
        if now < before:
            self.show_rows(rows, columns)
            return
        self._columns = tuple(columns) or self._columns
        self.rows[:] = rows[:before]
        if now > before:
            self.beginInsertRows(NOWHERE, before, now - 1)
            self.rows.extend(rows[before:])
            self.endInsertRows()
        last_column = len(self._columns) - 1
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, last_column)
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(now - 1, last_column))

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sorted_by, self._descending = column, order == Qt.SortOrder.DescendingOrder
        self.layoutAboutToBeChanged.emit()
        places = self._places(self.rows)
        self.rows = [self.rows[place] for place in places]
        came_to = {before: now for now, before in enumerate(places)}
        held = self.persistentIndexList()
        moved = [self.index(came_to[index.row()], index.column()) for index in held]
        self.changePersistentIndexList(held, moved)
        self.layoutChanged.emit()

    def _places(self, rows: Sequence[Row]) -> list[int]:
        """Places of rows in the order that was asked for."""
        if not 0 <= self._sorted_by < len(self._columns):
            return list(range(len(rows)))
        keys = [self._columns[self._sorted_by].sort_key(row) for row in rows]
        return sorted(range(len(rows)), key=keys.__getitem__, reverse=self._descending)

    def rowCount(self, parent: QModelIndex = NOWHERE) -> int:  # noqa: N802
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex = NOWHERE) -> int:  # noqa: N802
        return len(self._columns)

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole
    ) -> Any:
        is_above = orientation == Qt.Orientation.Horizontal
        return self._columns[section].head(role) if is_above else None

    def data(self, index: QModelIndex, role: int = Role.DisplayRole) -> Any:
        return self._columns[index.column()].cell(self.rows[index.row()], role)

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        has_box = index.data(Role.CheckStateRole) is not None
        box = Qt.ItemFlag.ItemIsUserCheckable if has_box else Qt.ItemFlag.NoItemFlags
        return super().flags(index) | box

    def setData(self, index: QModelIndex, value: Any, role: int = Role.EditRole) -> bool:  # noqa: N802
        if role != Role.CheckStateRole:
            return False
        self.toggled.emit(self.rows[index.row()], Qt.CheckState(value) == Qt.CheckState.Checked)
        return True
