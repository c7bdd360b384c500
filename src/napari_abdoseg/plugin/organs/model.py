"""The rows of the organ list as a Qt model."""

from __future__ import annotations

from collections.abc import Iterator
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
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.tables import RIGHT_HAND, check_state

AT_EDGE = "The {} reaches the edge of the scan: it may be cut off, and larger than this."
ABSENT = "–"


class OrganModel(QStandardItemModel):
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
        organ: Organ | None = index.siblingAtColumn(NAME).data(ORGAN_ROLE)
        return organ

    def name_at(self, index: QModelIndex) -> str | None:
        """Name of a row's organ, side or region."""
        name: str | None = index.siblingAtColumn(NAME).data(NAME_ROLE)
        return name

    def row_of(self, organ: Organ | None) -> QModelIndex:
        """The row of an organ; an invalid index if it has none."""
        for row in range(self.rowCount()):
            index = self.index(row, NAME)
            if organ is not None and self.organ_at(index) == organ:
                return index
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
            part = _shown_in(self._scene, column)
            state = part.state()
            are_shown = any if column == EYE else all
            part.show(dict.fromkeys(state, not are_shown(state.values())))

    def refresh(self) -> None:
        """Show what the scene holds now."""
        table = self._scene.table if self._scene is not None else OrganTable()
        listed = (table.organs, tuple((o, tuple(sides)) for o, sides in table.sides.items()))
        self._refreshing = True
        if listed != self._listed:
            self._listed = listed
            self._lay_out(table)
        if self._scene is not None:
            for row in self._rows():
                _fill(row, self._scene)
        self._refreshing = False
        self.refreshed.emit()

    def _lay_out(self, table: OrganTable) -> None:
        """Rows and columns, still without values."""
        self.setRowCount(0)
        self.setHorizontalHeaderLabels(HEADERS)
        for column, tip in enumerate(TIPS):
            header = sure(self.horizontalHeaderItem(column))
            header.setToolTip(tip)
            if column in TOGGLES:
                header.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
            elif column in FIGURES:
                header.setTextAlignment(RIGHT_HAND)
        for organ in table.organs:
            row = new_row(organ.name, organ)
            for name in table.sides.get(organ, ()):
                row[NAME].appendRow(new_row(name, organ))
            self.appendRow(row)
        if is_expected(table):
            row = new_row(bile_duct.NAME, None)
            row[NAME].setText(bile_duct.NAME.replace(" ", "\n", 1))
            self.appendRow(row)

    def _rows(self) -> Iterator[list[QStandardItem]]:
        """The items of each row, of sides too."""
        top = sure(self.invisibleRootItem())
        for parent in (top, *(sure(top.child(row)) for row in range(top.rowCount()))):
            for row in range(parent.rowCount()):
                yield [sure(parent.child(row, column)) for column in range(len(HEADERS))]

    def _pass_on(self, item: QStandardItem) -> None:
        """The user has turned a check box, a lock or a solo."""
        if self._refreshing or item.column() not in TOGGLES:
            return
        index, on = self.indexFromItem(item), item.checkState() == Qt.CheckState.Checked
        scene, column = sure(self._scene), item.column()
        if column == SOLO:
            scene.toggle_solo(sure(self.organ_at(index)))
        elif column == LOCK:
            scene.painting.lock(sure(self.organ_at(index)), on)
        else:
            _shown_in(scene, column).show({sure(self.name_at(index)): on})


def _shown_in(scene: OrganScene, column: int) -> Part:
    """What the check boxes of a column show and hide."""
    return scene.eyes if column == EYE else scene.parts[PARTS.index(column)]


def _fill(row: list[QStandardItem], scene: OrganScene) -> None:
    name, organ = row[NAME].data(NAME_ROLE), row[NAME].data(ORGAN_ROLE)
    _fill_toggles(row, scene, name, organ)
    color_name(row[NAME], scene.look(name))
    if organ is None:
        _fill_region(row, scene)
    else:
        _fill_figures(row, scene, name)


def _fill_toggles(
    row: list[QStandardItem], scene: OrganScene, name: str, organ: Organ | None
) -> None:
    for column in (EYE, *PARTS):
        set_toggle(row[column], _shown_in(scene, column).state().get(name))
    if organ is not None and name == organ.name:
        measured = organ in scene.table.measures
        set_toggle(row[SOLO], scene.solo.name == name if measured else None)
        set_toggle(row[LOCK], scene.painting.is_locked(organ))


def _fill_figures(row: list[QStandardItem], scene: OrganScene, name: str) -> None:
    measures = scene.table.by_name().get(name)
    at_edge = measures is not None and measures.touches_edge
    row[VOLUME].setToolTip(AT_EDGE.format(name) if at_edge else "")
    if measures is None:
        set_figures(row, ABSENT, ABSENT, ABSENT)
        return
    hu = ABSENT if measures.mean_hu is None else f"{measures.mean_hu:.0f}"
    size = size_text(measures.box.size(sure(scene.table.grid)))
    volume = f"{'≥ ' if at_edge else ''}{measures.volume_ml:,.1f}"
    set_figures(row, volume, hu, size)


def _fill_region(row: list[QStandardItem], scene: OrganScene) -> None:
    row[NAME].setToolTip(scene.region.words)
    region = scene.region.region
    if region is None:
        set_figures(row, ABSENT, "", ABSENT)
        return
    grid = sure(scene.table.grid)
    volume = int(region.mask.sum()) * grid.voxel_volume
    set_figures(row, f"{volume:,.1f}", "", size_text(region.box.size(grid)))
