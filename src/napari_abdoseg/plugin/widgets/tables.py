"""Tables that look as the rest of the plugin does."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QAbstractItemModel, QSize, Qt
from qtpy.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTreeView

from napari_abdoseg.plugin.widgets.table_style import sortable_style, table_style

RIGHT_HAND = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
SORT_ROLE = Qt.ItemDataRole.UserRole
VISIBLE_ROWS = 0
NARROWEST = QSize(120, 90)


class PlainTable(QTreeView):  # type: ignore[misc]
    """Rows of a model, each selected as a whole; what has no room is scrolled to.

    Parameters
    ----------
    model : QAbstractItemModel
    """

    def __init__(self, model: QAbstractItemModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRootIsDecorated(False)
        self.setAllColumnsShowFocus(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMinimumSize(NARROWEST)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.header().setResizeContentsPrecision(VISIBLE_ROWS)
        self.header().setHighlightSections(False)

    def wear(self, theme: str) -> None:
        """Look as the rest of napari does in a theme."""
        self.setStyleSheet(table_style(theme) + sortable_style() * self.isSortingEnabled())

    def sort_by(self, column: int, order: Any) -> None:
        """Let a click on a header sort, and sort by one now."""
        self.setSortingEnabled(True)
        self.sortByColumn(column, order)
