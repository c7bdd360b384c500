"""The organ list as it is drawn, clicked and typed on."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QModelIndex, QRect, QSize, Qt, Signal
from qtpy.QtGui import QIcon, QKeyEvent, QMouseEvent, QPainter
from qtpy.QtWidgets import (
    QFrame,
    QHeaderView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
)

from napari_abdoseg.plugin.organs.cells import (
    BOX,
    EYE,
    LOCK,
    MASK,
    NAME,
    SOLO,
    SURFACE,
    TOGGLES,
)
from napari_abdoseg.plugin.organs.model import OrganModel
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.tables import table_style

KEYS: dict[int, int] = {
    Qt.Key.Key_M: MASK,
    Qt.Key.Key_S: SURFACE,
    Qt.Key.Key_B: BOX,
    Qt.Key.Key_O: SOLO,
    Qt.Key.Key_L: LOCK,
    Qt.Key.Key_Space: EYE,
}
WIDTHS = {EYE: 24, MASK: 20, SURFACE: 20, BOX: 20, SOLO: 22, LOCK: 22}
ICONS = {EYE: "visibility", SOLO: "zoom", LOCK: "lock"}
INDICATOR = QRect(0, 0, 16, 16)
FAINT = 0.3
ICON_SIZE = QSize(12, 12)


class OrganTree(QTreeView):
    """Organs in rows; a click on a check box or an icon selects nothing.

    Parameters
    ----------
    model : OrganModel
    """

    go_to = Signal(QModelIndex)
    """A row was double clicked, or Enter pressed on it."""

    def __init__(self, model: OrganModel) -> None:
        super().__init__()
        self._organs = model
        self._head, self._bar = sure(self.header()), sure(self.verticalScrollBar())
        self.setModel(model)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSizeAdjustPolicy(QTreeView.SizeAdjustPolicy.AdjustToContents)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAllColumnsShowFocus(True)
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setIndentation(12)
        self.setIconSize(ICON_SIZE)
        self._delegate = _Toggles(self)
        for column in TOGGLES:
            self.setItemDelegateForColumn(column, self._delegate)
        self._head.setStretchLastSection(False)
        self._head.setMinimumSectionSize(min(WIDTHS.values()))
        self._head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._head.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in WIDTHS.items():
            self._head.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self._head.resizeSection(column, width)
        self._head.setSectionsClickable(True)
        self._head.setHighlightSections(False)
        self._head.sectionClicked.connect(model.toggle_all)
        model.rowsInserted.connect(self.expandAll)

    def width_needed(self) -> int:
        """Pixels that show all columns, the whole names and a scroll bar."""
        figures = sum(map(self._head.sectionSize, range(NAME + 1, self._head.count())))
        return self.sizeHintForColumn(NAME) + figures + self._bar.sizeHint().width()

    def wear(self, theme: str) -> None:
        """Look as the rest of napari does in a theme."""
        self.setStyleSheet(table_style(theme))
        self._delegate.icons = {
            column: QIcon(f"theme_{theme}:/{name}.svg") for column, name in ICONS.items()
        }

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        if not self._toggle_at(sure(event)):
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        event = sure(event)
        if not self._toggle_at(event):
            self.go_to.emit(self.indexAt(event.position().toPoint()))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        event, row = sure(event), self.currentIndex()
        column = KEYS.get(event.key())
        if column is not None:
            self._organs.toggle(row.siblingAtColumn(column))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.go_to.emit(row)
        elif event.text() in tuple("123456789"):
            self.setCurrentIndex(self._organs.index(int(event.text()) - 1, NAME))
        else:
            super().keyPressEvent(event)

    def _toggle_at(self, event: QMouseEvent) -> bool:
        index = self.indexAt(event.position().toPoint())
        is_toggle = index.column() in TOGGLES and event.button() == Qt.MouseButton.LeftButton
        if is_toggle:
            self._organs.toggle(index)
        return is_toggle


class _Toggles(QStyledItemDelegate):
    """Draws check boxes, and icons that are faint while they are off, in the middle of cells."""

    icons: dict[int, QIcon]

    def paint(self, painter: QPainter | None, option: Any, index: QModelIndex) -> None:
        painter = sure(painter)
        option = QStyleOptionViewItem(option)
        self.initStyleOption(option, index)
        option.features &= ~QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator
        style = option.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        if not index.flags() & Qt.ItemFlag.ItemIsUserCheckable:
            return
        on = Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)) == Qt.CheckState.Checked
        middle = option.rect.center()
        option.rect = QRect(INDICATOR)
        option.rect.moveCenter(middle)
        if index.column() in self.icons:
            painter.save()
            painter.setOpacity(1 if on else FAINT)
            self.icons[index.column()].paint(painter, option.rect)
            painter.restore()
        else:
            option.state |= QStyle.StateFlag.State_On if on else QStyle.StateFlag.State_Off
            indicator = QStyle.PrimitiveElement.PE_IndicatorItemViewItemCheck
            style.drawPrimitive(indicator, option, painter, option.widget)

    def sizeHint(self, option: Any, index: QModelIndex) -> QSize:  # noqa: N802
        return INDICATOR.size() + QSize(6, 8)
