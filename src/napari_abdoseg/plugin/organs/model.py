"""The rows of the organ list as a Qt model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from qtpy.QtCore import QModelIndex, Qt, Signal
from qtpy.QtGui import QStandardItem, QStandardItemModel

from napari_abdoseg.anatomy import bile_duct
from napari_abdoseg.anatomy.measure import OrganMeasures
from napari_abdoseg.image.names.organ_groups import organ_groups
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.plugin.organs.bile_duct_region import is_expected
from napari_abdoseg.plugin.organs.candidate_duct import CANDIDATE
from napari_abdoseg.plugin.organs.cells import (
    EXPECTED,
    EYE,
    FIGURES,
    HEADERS,
    LOCK,
    MEMBERS_ROLE,
    NAME,
    NAME_ROLE,
    ORGAN_ROLE,
    PARTS,
    SIZE,
    SOLO,
    TIPS,
    TOGGLES,
    VOLUME,
    color_name,
    new_group,
    new_row,
    set_figures,
    set_toggle,
    size_text,
)
from napari_abdoseg.plugin.organs.first_shown import are_many
from napari_abdoseg.plugin.organs.isolate import Part
from napari_abdoseg.plugin.organs.measuring import OrganTable
from napari_abdoseg.plugin.organs.scene import OrganScene
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.tables import RIGHT_HAND, check_state

AT_EDGE = "The {} reaches the edge of the scan: it may be cut off, and larger than this."
ABSENT = "–"


@dataclass(frozen=True)
class _Now:
    """What a scene holds and shows, asked once for all rows."""

    scene: OrganScene
    shown: dict[int, dict[str, bool]]
    measures: dict[str, OrganMeasures]

    @classmethod
    def of(cls, scene: OrganScene) -> _Now:
        shown = {column: _shown_in(scene, column).state() for column in (EYE, *PARTS)}
        return cls(scene, shown, scene.table.by_name())


class OrganModel(QStandardItemModel):
    """Organs of a scene, one a row; right and left of a split organ are its children.

    Many organs are children of their groups. The last row is the bile-duct search region,
    where the organs that lead to it are listed.
    """

    refreshed = Signal()
    """The rows show what the scene holds now."""
    laid_out = Signal()
    """There are other rows."""

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
        rows = (row[NAME].index() for row in self._rows())
        found = (index for index in rows if organ is not None and self.organ_at(index) == organ)
        return next(found, QModelIndex())

    def row_of_key(self, number: int) -> QModelIndex:
        """The row of the organ that a number key stands for, from 1."""
        organs = self._scene.table.organs if self._scene is not None else ()
        return self.row_of(organs[number - 1]) if number <= len(organs) else QModelIndex()

    def groups(self) -> list[QStandardItem]:
        """First items of the rows of groups; none where organs are few."""
        items = (sure(self.item(row)) for row in range(self.rowCount()))
        return [item for item in items if item.data(MEMBERS_ROLE)]

    def parents(self) -> list[QStandardItem]:
        """First items of all rows that have others below them."""
        return [row[NAME] for row in self._rows() if row[NAME].hasChildren()]

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
            now = _Now.of(self._scene)
            for row in self._rows():
                _fill(row, now)
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
        if are_many(table.organs):
            for group, organs in organ_groups(table.organs, self._stated_groups()).items():
                head = new_group(group, organs)
                self._append_organs(head[NAME], organs, table)
                self.appendRow(head)
        else:
            self._append_organs(sure(self.invisibleRootItem()), table.organs, table)
        if is_expected(table):
            row = new_row(bile_duct.NAME, None)
            row[NAME].setText(bile_duct.NAME.replace(" ", "\n", 1))
            self.appendRow(row)
        self.laid_out.emit()

    def _append_organs(
        self, parent: QStandardItem, organs: Sequence[Organ], table: OrganTable
    ) -> None:
        for organ in organs:
            row = new_row(organ.name, organ)
            if bile_duct.is_duct(organ):
                row[NAME].setText(CANDIDATE.format(organ.name))
            for name in table.sides.get(organ, ()):
                row[NAME].appendRow(new_row(name, organ))
            parent.appendRow(row)

    def _stated_groups(self) -> Mapping[str, Sequence[str]]:
        """Groups that the model's card has."""
        groups: Mapping[str, Sequence[str]] = sure(self._scene).layer.metadata.get("groups", {})
        return groups

    def _rows(self, parent: QStandardItem | None = None) -> Iterator[list[QStandardItem]]:
        """The items of each row, of what is in groups and of sides too."""
        parent = parent or sure(self.invisibleRootItem())
        for row in range(parent.rowCount()):
            items = [sure(parent.child(row, column)) for column in range(len(HEADERS))]
            yield items
            yield from self._rows(items[NAME])

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
            members = index.siblingAtColumn(NAME).data(MEMBERS_ROLE)
            part = _shown_in(scene, column)
            names = [name for name in members or (self.name_at(index),) if name in part.state()]
            part.show(dict.fromkeys(names, on))


def _shown_in(scene: OrganScene, column: int) -> Part:
    """What the check boxes of a column show and hide."""
    return scene.eyes if column == EYE else scene.parts[PARTS.index(column)]


def _fill(row: list[QStandardItem], now: _Now) -> None:
    members = row[NAME].data(MEMBERS_ROLE)
    if members is not None:
        _fill_group(row, now, members)
        return
    name, organ = row[NAME].data(NAME_ROLE), row[NAME].data(ORGAN_ROLE)
    _fill_toggles(row, now, name, organ)
    color_name(row[NAME], now.scene.look(name))
    if organ is None:
        _fill_region(row, now.scene)
    else:
        _fill_figures(row, now, name)


def _fill_group(row: list[QStandardItem], now: _Now, members: Sequence[str]) -> None:
    """An eye is open while any organ of the group is seen, a box ticked while all are."""
    for column, shown in now.shown.items():
        states = [shown[name] for name in members if name in shown]
        are_shown = any if column == EYE else all
        set_toggle(row[column], are_shown(states) if states else None)


def _fill_toggles(row: list[QStandardItem], now: _Now, name: str, organ: Organ | None) -> None:
    for column, shown in now.shown.items():
        set_toggle(row[column], shown.get(name))
    if organ is not None and name == organ.name:
        measured = name in now.measures
        set_toggle(row[SOLO], now.scene.solo.name == name if measured else None)
        set_toggle(row[LOCK], now.scene.painting.is_locked(organ))


def _fill_figures(row: list[QStandardItem], now: _Now, name: str) -> None:
    measures = now.measures.get(name)
    at_edge = measures is not None and measures.touches_edge
    row[VOLUME].setToolTip(AT_EDGE.format(name) if at_edge else "")
    if measures is None:
        set_figures(row, ABSENT, ABSENT, ABSENT, "")
        return
    hu = ABSENT if measures.mean_hu is None else f"{measures.mean_hu:.0f}"
    size = size_text(measures.box.size(sure(now.scene.table.grid)))
    volume = f"{'≥ ' if at_edge else ''}{measures.volume_ml:,.1f}"
    row[NAME].setToolTip(_tip_of(name, size, now.scene))
    quality = now.scene.quality
    value = now.scene.table.owners[name].value
    told = quality.told.get(value)
    row[EXPECTED].setToolTip(quality.words(value))
    expected = "" if told is None or told.dsc is None else f"{told.dsc:.3f}"
    set_figures(row, volume, hu, size, expected)


def _tip_of(name: str, size: str, scene: OrganScene) -> str:
    duct = scene.duct.duct
    expected = scene.quality.words(scene.table.owners[name].value)
    tip = "\n".join(filter(None, (f"{name}: {HEADERS[SIZE].lower()} {size}", expected)))
    return tip if duct is None or duct.organ.name != name else f"{tip}\n{scene.duct.words}"


def _fill_region(row: list[QStandardItem], scene: OrganScene) -> None:
    row[NAME].setToolTip(scene.region.words)
    region = scene.region.region
    if region is None:
        set_figures(row, ABSENT, "", ABSENT)
        return
    grid = sure(scene.table.grid)
    volume = np.count_nonzero(region.mask) * grid.voxel_volume
    set_figures(row, f"{volume:,.1f}", "", size_text(region.box.size(grid)))
