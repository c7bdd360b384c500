"""The organ list as it is drawn, clicked and typed on."""

from __future__ import annotations

from functools import partial
from itertools import accumulate
from typing import Any

from qtpy.QtCore import QModelIndex, QRect, QSize, Qt, Signal
from qtpy.QtGui import QIcon, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
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
    EXPECTED,
    EYE,
    LOCK,
    MASK,
    MEMBERS_ROLE,
    NAME,
    ORGAN_ROLE,
    SIZE,
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
ROOM = 30
"""Organs whose groups are open at first."""
LEAST_HEIGHT = 240
"""Of a list with groups, which scrolls by itself."""
WIDE = 500
"""Where a list with groups has room for all columns."""


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
        self._sought = ""
        self._groups: dict[str, int] = {}
        self._closed: set[str] = set()
        model.laid_out.connect(self._show_groups)
        model.refreshed.connect(self._fit_columns)
        self.expanded.connect(partial(self._note_group, False))
        self.collapsed.connect(partial(self._note_group, True))

    def width_needed(self) -> int:
        """Pixels that show all columns, the whole names and a scroll bar."""
        figures = sum(map(self._head.sectionSize, range(NAME + 1, self._head.count())))
        return self.sizeHintForColumn(NAME) + figures + self._bar.sizeHint().width()

    def seek(self, text: str) -> bool:
        """List those organs alone whose name, or whose group's, has all words of a text.

        Returns
        -------
        bool
            Whether there are any.
        """
        self._sought = text.strip()
        words = text.lower().replace("_", " ").split()
        found = False
        for row in range(self._organs.rowCount()):
            head = self._organs.index(row, NAME)
            members = range(self._organs.rowCount(head)) if head.data(MEMBERS_ROLE) else ()
            listed = _has(head, words)
            for member in members:
                fits = _has(head, words) or _has(self._organs.index(member, NAME, head), words)
                self.setRowHidden(member, head, not fits)
                listed |= fits
            self.setRowHidden(row, QModelIndex(), not listed)
            found |= listed
        self._open_groups()
        return found

    def sizeHint(self) -> QSize:  # noqa: N802
        hint = super().sizeHint()
        return QSize(hint.width(), LEAST_HEIGHT) if self._groups else hint

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._fit_columns()

    def first_listed(self) -> QModelIndex:
        """The first organ that is listed, an invalid index if there is none."""
        index = self._organs.index(0, NAME)
        while index.isValid() and (
            index.data(ORGAN_ROLE) is None
            or self.isRowHidden(index.row(), index.parent())
            or self.isRowHidden(index.parent().row(), QModelIndex())
        ):
            index = self.indexBelow(index)
        return index

    def _show_groups(self) -> None:
        """Open groups from the top that have room, unless the same ones were there before."""
        groups = {item.text(): item.rowCount() for item in self._organs.groups()}
        for decorate in (self.setRootIsDecorated, self.setItemsExpandable):
            decorate(bool(groups))
        vertical = QSizePolicy.Policy.Expanding if groups else QSizePolicy.Policy.Maximum
        self.setSizePolicy(QSizePolicy.Policy.Expanding, vertical)
        if groups.keys() != self._groups.keys():
            rows = accumulate(groups.values())
            room = dict(zip(groups, (count <= ROOM for count in rows)))
            self._closed = {name for name in [*groups][1:] if not room[name]}
        self._groups = groups
        self._fit_columns()
        self.seek(self._sought)

    def _fit_columns(self) -> None:
        """Leave the room of sizes to the names of many organs, and of what is not expected."""
        scene = self._organs.scene
        self.setColumnHidden(EXPECTED, scene is None or not scene.quality.is_calibrated)
        self.setColumnHidden(SIZE, bool(self._groups) and self.width() < WIDE)

    def _open_groups(self) -> None:
        """Open all while something is sought, else those that the user has not closed."""
        for item in self._organs.parents():
            is_open = bool(self._sought) or item.text() not in self._closed
            self.setExpanded(item.index(), is_open)

    def _note_group(self, is_closed: bool, index: QModelIndex) -> None:
        if not self._sought and index.data(MEMBERS_ROLE):
            (self._closed.add if is_closed else self._closed.discard)(index.data())

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
            self.setCurrentIndex(self._organs.row_of_key(int(event.text())))
        else:
            super().keyPressEvent(event)

    def _toggle_at(self, event: QMouseEvent) -> bool:
        index = self.indexAt(event.position().toPoint())
        is_toggle = index.column() in TOGGLES and event.button() == Qt.MouseButton.LeftButton
        if is_toggle:
            self._organs.toggle(index)
        return is_toggle


def _has(index: QModelIndex, words: list[str]) -> bool:
    name = index.data().lower().replace("_", " ")
    return all(word in name for word in words)


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
