"""Tables that look as the rest of the plugin does."""

from __future__ import annotations

from napari.utils.theme import get_theme
from qtpy.QtCore import QAbstractItemModel, QSize, Qt
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QTreeView

from napari_abdoseg.plugin.widgets.certain import sure

RIGHT_HAND = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
VISIBLE_ROWS = 0
NARROWEST = QSize(120, 90)
SWATCH = QSize(12, 12)


class PlainTable(QTreeView):
    """Rows of a model, each selected as a whole; what has no room is scrolled to.

    Parameters
    ----------
    model : QAbstractItemModel

    Attributes
    ----------
    head : QHeaderView
    selection : QItemSelectionModel
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
        self.head = _plain_head(sure(self.header()))
        self.selection = sure(self.selectionModel())

    def wear(self, theme: str) -> None:
        """Look as the rest of napari does in a theme."""
        self.setStyleSheet(table_style(theme) + sortable_style() * self.isSortingEnabled())

    def sort_by(self, column: int, order: Qt.SortOrder) -> None:
        """Let a click on a header sort, and sort by one now."""
        self.setSortingEnabled(True)
        self.sortByColumn(column, order)


class LongTable(QTableView):
    """The same for thousands of rows, all of one height: what is out of sight is not asked for.

    Parameters
    ----------
    model : QAbstractItemModel
    height : int
        Pixels of a row.

    Attributes
    ----------
    head : QHeaderView
    selection : QItemSelectionModel
    """

    def __init__(self, model: QAbstractItemModel, height: int) -> None:
        super().__init__()
        self.setModel(model)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setMinimumSize(NARROWEST)
        heights = sure(self.verticalHeader())
        heights.hide()
        heights.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heights.setDefaultSectionSize(height)
        self.head = _plain_head(sure(self.horizontalHeader()))
        self.selection = sure(self.selectionModel())

    def wear(self, theme: str) -> None:
        """Look as the rest of napari does in a theme."""
        self.setStyleSheet(table_style(theme) + sortable_style() * self.isSortingEnabled())

    def sort_by(self, column: int, order: Qt.SortOrder) -> None:
        """Let a click on a header sort, and sort by one now."""
        self.setSortingEnabled(True)
        self.sortByColumn(column, order)


def _plain_head(head: QHeaderView) -> QHeaderView:
    """A header whose columns are as wide as what is in sight."""
    head.setStretchLastSection(False)
    head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    head.setResizeContentsPrecision(VISIBLE_ROWS)
    head.setHighlightSections(False)
    head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return head


def volume_text(ml: float) -> str:
    """A volume in ml, no finer than it can be read."""
    return f"{ml:,.0f}" if ml >= 999.95 else f"{ml:.1f}"


def table_style(theme: str) -> str:
    """Check boxes as napari draws them elsewhere, which it does not in lists."""
    colors = get_theme(theme)
    return f"""
        QTreeView, QTableView, QHeaderView::section {{ font-size: 11px }}
        QTreeView::item {{ padding: 3px 2px }}
        QTableView::item {{ padding: 0px 4px }}
        QHeaderView::section {{ padding: 2px; border: none }}
        QTableView QHeaderView::section {{ padding-left: 4px; padding-right: 4px }}
        QTreeView::indicator {{
            width: 14px; height: 14px; border-radius: 2px; background: {colors.primary.as_hex()}
        }}
        QTreeView::indicator:checked {{
            background: {colors.current.as_hex()}; image: url("theme_{theme}:/check.svg")
        }}
    """


def sortable_style() -> str:
    """Headers with room for the arrow that tells what is sorted by, above their words."""
    return """
        QHeaderView::section { padding-top: 9px }
        QHeaderView::up-arrow, QHeaderView::down-arrow {
            subcontrol-position: top center; width: 8px; height: 8px
        }
    """


def swatch(color: QColor) -> QIcon:
    """A square of one colour."""
    pixmap = QPixmap(SWATCH)
    pixmap.fill(color)
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon


def check_state(checked: bool) -> Qt.CheckState:
    """Checked or not."""
    return Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked
