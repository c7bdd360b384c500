"""The table of a work list: it keeps its order, its place and what is selected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from qtpy.QtCore import QItemSelection, QItemSelectionModel, QSize, Qt, Signal
from qtpy.QtGui import QIcon, QPixmap
from qtpy.QtWidgets import QAbstractItemView

from napari_abdoseg.plugin.cases.columns import CASE, work_columns
from napari_abdoseg.plugin.cases.thumbnail_icons import ThumbnailIcons
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.table_model import TableModel
from napari_abdoseg.plugin.widgets.tables import LongTable
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.records.work_folder import WorkFolder

PICTURE = QSize(36, 36)
ROOM = 4
"""Pixels between pictures."""
Select = QItemSelectionModel.SelectionFlag


class CasesTable(LongTable):
    """Cases, of which several can be selected; a double click opens one."""

    opened = Signal(object)
    """`Row`."""
    chosen = Signal()
    """Other rows are selected."""
    sorted = Signal()
    """Rows are in another order."""

    def __init__(self) -> None:
        self.icons = ThumbnailIcons()
        self.folder: WorkFolder | None = None
        self.cases: TableModel[Row] = TableModel(work_columns(self._icon))
        super().__init__(self.cases, PICTURE.height() + ROOM)
        self._blank = _blank()
        self.setIconSize(PICTURE)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.sort_by(CASE, Qt.SortOrder.AscendingOrder)
        self.icons.came.connect(sure(self.viewport()).update)
        self.doubleClicked.connect(lambda index: self.opened.emit(self.cases.rows[index.row()]))
        self.selection.selectionChanged.connect(lambda *_: self.chosen.emit())
        self.cases.layoutChanged.connect(lambda *_: self.sorted.emit())

    @property
    def selected(self) -> list[Row]:
        """Rows that are selected, from top to bottom."""
        places = sorted(index.row() for index in self.selection.selectedRows())
        return [self.cases.rows[place] for place in places]

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show how cases are now, in the order that they have; new ones come last.

        Cases are sorted again when the user says so, and not because one has changed.
        """
        now = {row.name: row for row in rows}
        kept = [now.pop(row.name) for row in self.cases.rows if row.name in now]
        if len(kept) == len(self.cases.rows):
            self.cases.update_rows([*kept, *now.values()])
        else:
            self._show_others(partial(self.cases.show_as_given, [*kept, *now.values()]))

    def show_sorted(self, rows: Sequence[Row]) -> None:
        """Show other rows, sorted as the user has asked for."""
        self._show_others(partial(self.cases.show_rows, rows))

    def go_to(self, name: str) -> None:
        """Select a case alone, and bring it into sight."""
        self._select({name})
        if indices := self.selection.selectedRows():
            self.selection.setCurrentIndex(indices[0], Select.NoUpdate)
            self.scrollTo(indices[0])

    def _show_others(self, show: Callable[[], None]) -> None:
        bar = sure(self.verticalScrollBar())
        selected, place = {row.name for row in self.selected}, bar.value()
        show()
        self._select(selected)
        bar.setValue(place)

    def _select(self, names: set[str]) -> None:
        chosen = QItemSelection()
        for place, row in enumerate(self.cases.rows):
            if row.name in names:
                chosen.select(self.cases.index(place, CASE), self.cases.index(place, CASE))
        self.selection.select(chosen, Select.ClearAndSelect | Select.Rows)

    def _icon(self, row: Row) -> QIcon:
        """The thumbnail of a case, or as much room as it will take."""
        icon = None if self.folder is None else self.icons.of(self.folder, row)
        return self._blank if icon is None else icon


def _blank() -> QIcon:
    pixmap = QPixmap(PICTURE)
    pixmap.fill(Qt.GlobalColor.transparent)
    return QIcon(pixmap)
