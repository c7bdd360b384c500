"""The rows of the organ list as a Qt model."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QModelIndex, QSize, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap, QStandardItem, QStandardItemModel

from napari_abdoseg.anatomy.measure import OrganMeasures
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.plugin.measuring import OrganTable
from napari_abdoseg.plugin.organ_scene import OrganScene

NAME, MASK, BOX, VOLUME, SIZE = range(5)
HEADERS = ("Organ", "Mask", "Box", "ml", "Size in mm")
TIPS = (
    "Organs by label value",
    "Show the organ's mask",
    "Show the organ's bounding box",
    "Volume in millilitres",
    "Size of the bounding box in millimetres: left–right × front–back × head–foot",
)
SWATCH = QSize(12, 12)
ABSENT = "–"
ORGAN_ROLE = Qt.ItemDataRole.UserRole
NUMBERS = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class OrganModel(QStandardItemModel):  # type: ignore[misc]
    """Organs of a scene, one a row; right and left of a split organ are its children."""

    refreshed = Signal()
    """The rows show what the scene holds now."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._scene: OrganScene | None = None
        self._listed: object = None
        self._refreshing = False
        self.itemChanged.connect(self._pass_on)
        self._lay_out(OrganTable())

    @property
    def scene(self) -> OrganScene | None:
        """The scene that is listed."""
        return self._scene

    @scene.setter
    def scene(self, scene: OrganScene | None) -> None:
        if scene is self._scene:
            return
        if self._scene is not None:
            self._scene.changed.disconnect(self.refresh)
        if scene is not None:
            scene.changed.connect(self.refresh)
        self._scene = scene
        self.refresh()

    def organ_at(self, index: QModelIndex) -> Organ | None:
        """The organ of a row, also of a row of one side; None outside the list."""
        return index.siblingAtColumn(NAME).data(ORGAN_ROLE)

    def refresh(self) -> None:
        """Show what the scene holds now."""
        table = self._scene.table if self._scene is not None else OrganTable()
        listed = (table.organs, tuple(table.sides))
        self._refreshing = True
        if listed != self._listed:
            self._listed = listed
            self._lay_out(table)
        measures = table.by_name()
        for row, organ in enumerate(table.organs):
            first = self.item(row)
            self._fill(first, organ, measures.get(organ.name))
            self._row(first)[MASK].setCheckState(_state(self._scene.mask_shown(organ)))
            for child in range(first.rowCount()):
                side = first.child(child)
                self._fill(side, organ, measures[side.text()])
        self._refreshing = False
        self.refreshed.emit()

    def _lay_out(self, table: OrganTable) -> None:
        """Rows and columns, still without values."""
        self.clear()
        self.setHorizontalHeaderLabels(HEADERS)
        for column, tip in enumerate(TIPS):
            self.horizontalHeaderItem(column).setToolTip(tip)
        for column in (VOLUME, SIZE):
            self.horizontalHeaderItem(column).setTextAlignment(NUMBERS)
        for organ in table.organs:
            row = _new_row(organ, organ.name)
            row[MASK].setCheckable(True)
            for name in table.sides.get(organ, ()):
                row[NAME].appendRow(_new_row(organ, name))
            self.appendRow(row)

    def _row(self, first: QStandardItem) -> list[QStandardItem]:
        parent = first.parent() or self.invisibleRootItem()
        return [parent.child(first.row(), column) for column in range(len(HEADERS))]

    def _fill(self, first: QStandardItem, organ: Organ, measures: OrganMeasures | None) -> None:
        row = self._row(first)
        red, green, blue = (float(part) for part in self._scene.color(organ))
        row[NAME].setIcon(_swatch(QColor.fromRgbF(red, green, blue)))
        row[BOX].setCheckState(_state(self._scene.box_shown(first.text())))
        row[BOX].setCheckable(measures is not None)
        row[BOX].setEnabled(measures is not None)
        if measures is None:
            row[VOLUME].setText(ABSENT)
            row[SIZE].setText(ABSENT)
            return
        z, y, x = measures.box.size(self._scene.table.grid)
        row[VOLUME].setText(f"{measures.volume_ml:,.1f}")
        row[SIZE].setText(f"{x:.0f} × {y:.0f} × {z:.0f}")

    def _pass_on(self, item: QStandardItem) -> None:
        """The user has clicked a check box."""
        if self._refreshing:
            return
        first = (item.parent() or self.invisibleRootItem()).child(item.row(), NAME)
        organ, checked = first.data(ORGAN_ROLE), item.checkState() == Qt.CheckState.Checked
        if item.column() == MASK:
            self._scene.show_mask(organ, checked)
        elif item.column() == BOX:
            self._scene.show_box(organ, first.text(), checked)


def _new_row(organ: Organ, name: str) -> list[QStandardItem]:
    row = [QStandardItem() for _ in HEADERS]
    for item in row:
        item.setEditable(False)
    row[NAME].setText(name)
    row[NAME].setData(organ, ORGAN_ROLE)
    for column in (VOLUME, SIZE):
        row[column].setTextAlignment(NUMBERS)
    return row


def _state(checked: bool) -> Qt.CheckState:
    return Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked


def _swatch(color: QColor) -> QIcon:
    pixmap = QPixmap(SWATCH)
    pixmap.fill(color)
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon
