"""Dock widget `Organs`: what a label map holds, and what of it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox
from napari.layers import Labels
from qtpy.QtCore import QModelIndex
from qtpy.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from napari_abdoseg.anatomy.surface import SMOOTHINGS
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.plugin.layers.conversion import label_layers
from napari_abdoseg.plugin.organs.bile_duct_region import is_expected
from napari_abdoseg.plugin.organs.candidate_duct import has_duct
from napari_abdoseg.plugin.organs.cells import NAME
from napari_abdoseg.plugin.organs.details import OrganDetails
from napari_abdoseg.plugin.organs.model import OrganModel
from napari_abdoseg.plugin.organs.naming import NamingRow
from napari_abdoseg.plugin.organs.scene import OrganScene, organ_scene
from napari_abdoseg.plugin.organs.tree import OrganTree
from napari_abdoseg.plugin.organs.window_choice import WindowChoice
from napari_abdoseg.plugin.saving.row import SaveRow
from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view
from napari_abdoseg.plugin.viewing.ct_window import follow_windows
from napari_abdoseg.plugin.viewing.orientation import keep_head_up
from napari_abdoseg.plugin.viewing.viewer_state import unwrapped
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.panel import Panel, open_panel

if TYPE_CHECKING:
    from napari import Viewer

EMPTY = "Open a label map, or segment a CT, to see its organs here."
MEASURING = "Measuring…"
NO_LABELS = "This layer has no labels yet."
NONE_FOUND = "No organ or group has “{}” in its name."
DUCT_TIP = "The duct in one picture, pulled straight, and the way along it"
SEARCH = "Find an organ or a group"
SEARCH_TIP = "Words of a name, such as left kidney or bones; Enter goes to the first that is found"
WIDEST = 430
MARGIN = 4


class OrgansWidget(Panel):
    """The organs of a Labels layer: what is shown of each, what it measures, which is painted."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__("Organs")
        self._viewer = napari_viewer
        self._followed: Labels | None = None
        self._painted: Organ | None = None
        self._cases = cases_in_view(napari_viewer)
        self.model = OrganModel(self)
        self.layers = ComboBox(choices=self._label_layers, nullable=False)
        self.all_on, self.all_off = QPushButton("All on"), QPushButton("All off")
        self.search = QLineEdit()
        self.list = OrganTree(self.model)
        self.details = OrganDetails()
        self.smoothing = ComboBox(choices=SMOOTHINGS, value="light")
        self.window_choice = WindowChoice(unwrapped(napari_viewer))
        self.message = QLabel(EMPTY)
        self.naming = NamingRow()
        self.duct_words = QLabel()
        self.duct_button = QPushButton("Bile duct")
        self.save = SaveRow(napari_viewer)
        self._lay_out()
        self._follow_theme()
        self._connect()
        self._update_layers()
        keep_head_up(unwrapped(napari_viewer))
        follow_windows(unwrapped(napari_viewer))

    def choose(self, layer: Labels) -> None:
        """List the organs of ``layer``."""
        self.layers.value = layer

    def _lay_out(self) -> None:
        self.all_on.setToolTip("Show the masks, surfaces and boxes of all organs")
        self.all_off.setToolTip("Hide the masks, surfaces and boxes of all organs")
        self.smoothing.tooltip = "How much surfaces are smoothed; they keep the organ's volume"
        self.duct_button.setToolTip(DUCT_TIP)
        self.search.setPlaceholderText(SEARCH)
        self.search.setToolTip(SEARCH_TIP)
        self.search.setClearButtonEnabled(True)
        for label in (self.message, self.duct_words):
            label.setWordWrap(True)
        self._top = _row(self.layers.native, self.all_on, self.all_off)
        self._of_duct = _row(self.duct_words, self.duct_button)
        self._bottom = _row(
            QLabel("CT window"), self.window_choice, QLabel("Smoothing"), self.smoothing.native
        )
        layout = self.body
        for widget in (
            *(self._top, self.naming, self.search, self.message, self.list, self._of_duct),
        ):
            layout.addWidget(widget)
        layout.setStretchFactor(self.list, 1)
        layout.addSpacing(6)
        for widget in (self.details, self._bottom):
            layout.addWidget(widget)
        layout.addStretch()
        self.foot.addWidget(self.save)

    def _connect(self) -> None:
        self.follow(self._viewer.events.theme, self._follow_theme)
        self.layers.changed.connect(self._show)
        self.layers.native.activated.connect(self._bring_into_view)
        self.follow(self._cases.changed, self._choose_case_in_view)
        self.closed.connect(self.window_choice.end)
        self.all_on.clicked.connect(lambda: sure(self.model.scene).show_all(True))
        self.all_off.clicked.connect(lambda: sure(self.model.scene).show_all(False))
        self.smoothing.changed.connect(self._smooth)
        sure(self.list.selectionModel()).currentChanged.connect(self._paint_selected)
        self.list.go_to.connect(self._go_to)
        self.duct_button.clicked.connect(lambda: open_panel(self._viewer, "Bile duct"))
        self.search.textChanged.connect(self._fit)
        self.search.returnPressed.connect(self._choose_found)
        self.model.refreshed.connect(self._fit)
        events = self._viewer.layers.events
        for event in (events.inserted, events.removed, events.reordered, events.renamed):
            self.follow(event, self._update_layers)

    def _follow_theme(self, event: Any = None) -> None:
        self.list.wear(self._viewer.theme)

    def _label_layers(self, _: object = None) -> list[Labels]:
        return label_layers(self._viewer)

    def _update_layers(self, event: Any = None) -> None:
        self.layers.reset_choices()
        self._choose_case_in_view()
        self._show()

    def _bring_into_view(self, _: int) -> None:
        if self.layers.value is not None:
            self._cases.show(self.layers.value)

    def _choose_case_in_view(self) -> None:
        """List a layer of the case that is in view, the one that is seen if there are several."""
        choices = filter(None, self.layers.choices)
        layers = [layer for layer in choices if self._cases.is_in_view(layer)]
        if layers and self.layers.value not in layers:
            self.layers.value = next((layer for layer in layers if layer.visible), layers[0])

    def _show(self, _: object = None) -> None:
        """List the chosen layer."""
        layer = self.layers.value
        self.save.follow(layer)
        if layer is not self._followed:
            if self._followed is not None:
                self._followed.events.selected_label.disconnect(self._select_painted)
            if layer is not None:
                layer.events.selected_label.connect(self._select_painted)
            self._followed, self._painted = layer, None
        self.model.scene = None if layer is None else organ_scene(self._viewer, layer)
        if self.model.scene is not None:
            self.smoothing.value = self.model.scene.smoothing
        self._fit()

    def _fit(self) -> None:
        """Show the list with room for its columns, or say why there is none."""
        if self.model.scene is not None:
            self.model.scene.show_at_first()
        listed = self.model.rowCount() > 0
        self.search.setVisible(bool(self.model.groups()))
        found = self.list.seek(self.search.text() if self.model.groups() else "")
        self.list.setMinimumWidth(min(self.list.width_needed() + MARGIN, WIDEST))
        for widget in (self.list, self.all_on, self.all_off, self.details):
            widget.setVisible(listed)
        self.message.setVisible(not listed or not found)
        self._top.setVisible(self.layers.value is not None)
        self.naming.follow(self.model.scene)
        self.message.setText(self._why_empty())
        self._say_of_duct()
        self._select_painted()
        self._show_details()

    def _choose_found(self) -> None:
        """Select the first organ that was found, and go to it."""
        index = self.list.first_listed()
        if index.isValid():
            self.list.setCurrentIndex(index)
            self.list.setFocus()
            self._go_to(index)

    def _why_empty(self) -> str:
        if self.model.rowCount() > 0:
            return NONE_FOUND.format(self.search.text())
        if self.model.scene is None:
            return EMPTY
        table = self.model.scene.table
        return table.problem or (MEASURING if table.grid is None else NO_LABELS)

    def _say_of_duct(self) -> None:
        """Say what the candidate bile duct is like, or else where ducts are to be looked for."""
        words = _words_of_duct(self.model.scene)
        self._of_duct.setVisible(bool(words))
        self.duct_words.setText(words)

    def _select_painted(self, event: Any = None) -> None:
        """Select the row of the organ that the brush paints, when it is another one."""
        organ = None if self.model.scene is None else self.model.scene.painting.organ
        current = self.list.currentIndex()
        if organ != self._painted or not current.isValid():
            self._painted = organ
            if self.model.organ_at(current) != organ or organ is None:
                self.list.setCurrentIndex(self.model.row_of(organ))

    def _paint_selected(self, index: QModelIndex) -> None:
        organ = self.model.organ_at(index)
        if organ is not None:
            sure(self.model.scene).painting.choose(organ)
        self._show_details()

    def _show_details(self) -> None:
        index = self.list.currentIndex().siblingAtColumn(NAME)
        self.details.show_row(
            self.model.scene, self.model.organ_at(index), self.model.name_at(index)
        )

    def _go_to(self, index: QModelIndex) -> None:
        sure(self.model.scene).go_to(sure(self.model.name_at(index)))

    def _smooth(self, smoothing: str) -> None:
        if self.model.scene is not None:
            self.model.scene.smoothing = smoothing


def _words_of_duct(scene: OrganScene | None) -> str:
    if scene is None:
        return ""
    if has_duct(scene.table):
        return scene.duct.words
    return scene.region.words if is_expected(scene.table) else ""


def _row(*widgets: QWidget) -> QWidget:
    """Widgets side by side; the first takes what room there is."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget)
    layout.setStretch(0, 1)
    return row
