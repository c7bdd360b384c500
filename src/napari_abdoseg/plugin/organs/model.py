"""The rows of the organ list as a Qt model."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QModelIndex, Qt, Signal
from qtpy.QtGui import QStandardItem, QStandardItemModel

from napari_abdoseg.anatomy import bile_duct
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.plugin.organs.bile_duct_region import is_expected
from napari_abdoseg.plugin.organs.cells import (
    EYE,
    FIGURES,
    HEADERS,
    LOCK,
    NAME,
    NAME_ROLE,
    ORGAN_ROLE,
    PARTS,
    SOLO,
    TIPS,
    TOGGLES,
    VOLUME,
    color_name,
    new_row,
    set_figures,
    set_toggle,
    size_text,
)
from napari_abdoseg.plugin.organs.isolate import Part
from napari_abdoseg.plugin.organs.measuring import OrganTable
from napari_abdoseg.plugin.organs.scene import OrganScene
from napari_abdoseg.plugin.widgets.tables import RIGHT_HAND, check_state

AT_EDGE = "The {} reaches the edge of the scan: it may be cut off, and larger than this."
ABSENT = "–"


class OrganModel(QStandardItemModel):  # type: ignore[misc]
    """Organs of a scene, one a row; right and left of a split organ are its children.

    The last row is the bile-duct search region, where the organs that lead to it are listed.
    """

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
        """The organ of a row, also of a row of one side; None elsewhere."""
        return index.siblingAtColumn(NAME).data(ORGAN_ROLE)

    def name_at(self, index: QModelIndex) -> str | None:
        """Name of a row's organ, side or region."""
        return index.siblingAtColumn(NAME).data(NAME_ROLE)

    def row_of(self, organ: Organ | None) -> QModelIndex:
        """The row of an organ; an invalid index if it has none."""
        for row in range(self.rowCount()):
            if organ is not None and self.item(row).data(ORGAN_ROLE) == organ:
                return self.index(row, NAME)
        return QModelIndex()

    def toggle(self, index: QModelIndex) -> None:
        """Turn round a check box, a lock or what is shown alone."""
        item = self.itemFromIndex(index)
        if item is not None and item.isCheckable():
            item.setCheckState(check_state(item.checkState() != Qt.CheckState.Checked))

    def toggle_all(self, column: int) -> None:
        """Show masks, surfaces or boxes of all organs, or hide them if all are shown.

        The eye above the organs hides all while any is seen.
        """
        if self._scene is not None and column in (EYE, *PARTS):
            part = self._shown_in(column)
            state = part.state()
            are_shown = any if column == EYE else all
            part.show(dict.fromkeys(state, not are_shown(state.values())))

    def _shown_in(self, column: int) -> Part:
        """What the check boxes of a column show and hide."""
        return self._scene.eyes if column == EYE else self._scene.parts[PARTS.index(column)]

    def refresh(self) -> None:
        """Show what the scene holds now."""
        table = self._scene.table if self._scene is not None else OrganTable()
        listed = (table.organs, tuple((o, tuple(sides)) for o, sides in table.sides.items()))
        self._refreshing = True
        if listed != self._listed:
            self._listed = listed
            self._lay_out(table)
        if self._scene is not None:
            for first in self._first_items():
                self._fill(first)
        self._refreshing = False
        self.refreshed.emit()

    def _lay_out(self, table: OrganTable) -> None:
        """Rows and columns, still without values."""
        self.setRowCount(0)
        self.setHorizontalHeaderLabels(HEADERS)
        for column, tip in enumerate(TIPS):
            self.horizontalHeaderItem(column).setToolTip(tip)
        for column in TOGGLES:
            self.horizontalHeaderItem(column).setTextAlignment(Qt.AlignmentFlag.AlignCenter)
        for column in FIGURES:
            self.horizontalHeaderItem(column).setTextAlignment(RIGHT_HAND)
        for organ in table.organs:
            row = new_row(organ.name, organ)
            for name in table.sides.get(organ, ()):
                row[NAME].appendRow(new_row(name, organ))
            self.appendRow(row)
        if is_expected(table):
            row = new_row(bile_duct.NAME, None)
            row[NAME].setText(bile_duct.NAME.replace(" ", "\n", 1))
            self.appendRow(row)

    def _first_items(self) -> list[QStandardItem]:
        """The first item of each row, of sides too."""
        tops = [self.item(row) for row in range(self.rowCount())]
        return [*tops, *(top.child(side) for top in tops for side in range(top.rowCount()))]

    def _fill(self, first: QStandardItem) -> None:
        parent = first.parent() or self.invisibleRootItem()
        row = [parent.child(first.row(), column) for column in range(len(HEADERS))]
        name, organ = first.data(NAME_ROLE), first.data(ORGAN_ROLE)
        self._fill_toggles(row, name, organ)
        color_name(row[NAME], self._scene.look(name))
        if organ is None:
            self._fill_region(row)
        else:
            self._fill_figures(row, name)

    def _fill_toggles(self, row: list[QStandardItem], name: str, organ: Organ | None) -> None:
        scene = self._scene
        for column in (EYE, *PARTS):
            set_toggle(row[column], self._shown_in(column).state().get(name))
        if organ is not None and name == organ.name:
            measured = organ in scene.table.measures
            set_toggle(row[SOLO], scene.solo.name == name if measured else None)
            set_toggle(row[LOCK], scene.painting.is_locked(organ))

    def _fill_figures(self, row: list[QStandardItem], name: str) -> None:
        measures = self._scene.table.by_name().get(name)
        at_edge = measures is not None and measures.touches_edge
        row[VOLUME].setToolTip(AT_EDGE.format(name) if at_edge else "")
        if measures is None:
            set_figures(row, ABSENT, ABSENT, ABSENT)
            return
        hu = ABSENT if measures.mean_hu is None else f"{measures.mean_hu:.0f}"
        size = size_text(measures.box.size(self._scene.table.grid))
        volume = f"{'≥ ' if at_edge else ''}{measures.volume_ml:,.1f}"
        set_figures(row, volume, hu, size)

    def _fill_region(self, row: list[QStandardItem]) -> None:
        region, grid = self._scene.region.region, self._scene.table.grid
        row[NAME].setToolTip(self._scene.region.words)
        if region is None:
            set_figures(row, ABSENT, "", ABSENT)
            return
        volume = int(region.mask.sum()) * grid.voxel_volume
        set_figures(row, f"{volume:,.1f}", "", size_text(region.box.size(grid)))

    def _pass_on(self, item: QStandardItem) -> None:
        """The user has turned a check box, a lock or a solo."""
        if self._refreshing or item.column() not in TOGGLES:
            return
        index, on = self.indexFromItem(item), item.checkState() == Qt.CheckState.Checked
        name, organ, column = self.name_at(index), self.organ_at(index), item.column()
        if column == SOLO:
            self._scene.toggle_solo(organ)
        elif column == LOCK:
            self._scene.painting.lock(organ, on)
        else:
            self._shown_in(column).show({name: on})
