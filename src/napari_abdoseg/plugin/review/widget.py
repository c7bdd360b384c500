"""Dock widget `Where folds disagree`: places that are worth a look, and the way to each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox
from matplotlib.colors import to_hex
from napari.layers import Labels
from qtpy.QtCore import QModelIndex
from qtpy.QtWidgets import QCheckBox, QHeaderView, QLabel

from napari_abdoseg.inference.review.places import Place, places_to_review
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.plugin.layers.conversion import label_layers
from napari_abdoseg.plugin.review.disagreement_layer import disagreement_of, fold_colors
from napari_abdoseg.plugin.review.disagreement_overlay import DisagreementOverlay
from napari_abdoseg.plugin.review.place_columns import ORGAN, place_columns
from napari_abdoseg.plugin.viewing.focus import focus_on
from napari_abdoseg.plugin.viewing.viewer_state import unwrapped
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.panel import Panel
from napari_abdoseg.plugin.widgets.table_model import TableModel
from napari_abdoseg.plugin.widgets.tables import PlainTable

if TYPE_CHECKING:
    from napari import Viewer

EMPTY = "Segment a CT here with several folds, and see where they disagree."
LOOKING = "Looking for places…"
NONE = "Nowhere do the folds disagree on more than a surface."
PLACES = "<b>Places to look at</b> ({}), most contested first: click one"
LEAST_MM = 60.0
SQUARES = "#303030"
"""Behind the squares of the legend, of which the first is white."""
"""What is shown around a place at least."""


class ReviewWidget(Panel):
    """Where the folds of an ensemble disagree: on the slices, and as a list of places."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__("Folds")
        self._viewer = unwrapped(napari_viewer)
        self._followed: Labels | None = None
        self.layers = ComboBox(choices=self._layers_of_ensembles, nullable=False)
        self.shown = QCheckBox("Show on the slices where folds dissent")
        self.legend = QLabel()
        self.heading = QLabel(EMPTY)
        self.places: TableModel[Place] = TableModel(place_columns(0))
        self.table = PlainTable(self.places)
        self.overlay = DisagreementOverlay(self._viewer)
        self._ranking = LatestWork(_rank)
        self._lay_out()
        self._follow_theme()
        self._connect()
        self._update_layers()

    def _lay_out(self) -> None:
        layout = self.body
        self.table.setUniformRowHeights(True)
        self.table.head.setSectionResizeMode(ORGAN, QHeaderView.ResizeMode.Stretch)
        for widget in (self.layers.native, self.shown, self.legend):
            layout.addWidget(widget)
        layout.addSpacing(6)
        layout.addWidget(self.heading)
        layout.addWidget(self.table, stretch=1)
        layout.addStretch()
        self.heading.setWordWrap(True)
        self.legend.setStyleSheet("font-size: 11px")

    def _connect(self) -> None:
        self.follow(self._viewer.events.theme, self._follow_theme)
        self.layers.changed.connect(self._show)
        self.shown.clicked.connect(self._show_overlay)
        self.overlay.changed.connect(self._show_whether_shown)
        self._ranking.yielded.connect(lambda ranked: self._list(*ranked))
        self.table.selection.currentRowChanged.connect(self._go_to)
        self.table.clicked.connect(self._go_to)
        events = self._viewer.layers.events
        for event in (events.inserted, events.removed, events.reordered, events.renamed):
            self.follow(event, self._update_layers)
        for part in (self.overlay, self._ranking):
            self.closed.connect(part.close)
            self.destroyed.connect(part.close)

    def _follow_theme(self, event: Any = None) -> None:
        self.table.wear(self._viewer.theme)

    def _layers_of_ensembles(self, _: object = None) -> list[Labels]:
        layers = label_layers(self._viewer)
        return [layer for layer in layers if disagreement_of(layer) is not None]

    def _update_layers(self, event: Any = None) -> None:
        self.layers.reset_choices()
        self._show()

    def _show(self, _: object = None) -> None:
        """Turn to the chosen layer."""
        layer = self.layers.value
        if layer is self._followed and layer is not None:
            return
        self._followed = layer
        for widget in (self.layers.native, self.shown, self.legend):
            widget.setVisible(layer is not None)
        self.table.hide()
        self.heading.setText(EMPTY if layer is None else LOOKING)
        if layer is not None:
            self.legend.setText(_legend(sure(disagreement_of(layer)).folds))
            self.overlay.show(layer, True)
            self._ranking.start_soon(layer)

    def _show_overlay(self, shown: bool) -> None:
        self.overlay.show(self._followed, shown)

    def _show_whether_shown(self) -> None:
        layer = self._followed
        self.shown.setChecked(layer is not None and self.overlay.is_shown(layer))

    def _list(self, layer: Labels, places: tuple[Place, ...]) -> None:
        if layer is self._followed:
            self.places.show_rows(places, place_columns(sure(disagreement_of(layer)).folds))
            self.heading.setText(PLACES.format(len(places)) if places else NONE)
            self.table.setVisible(bool(places))

    def _go_to(self, index: QModelIndex, before: QModelIndex | None = None) -> None:
        if index.isValid() and self._followed is not None:
            place = self.places.rows[index.row()]
            grid = sure(disagreement_of(self._followed)).grid
            focus_on(self._viewer, place.box, grid, place.voxel, LEAST_MM)


def _rank(layer: Labels) -> Iterator[tuple[Labels, tuple[Place, ...]]]:
    yield layer, places_to_review(sure(disagreement_of(layer)))


def _legend(folds: int) -> str:
    squares = "&nbsp; ".join(
        f'<span style="color: {to_hex(color)}; background: {SQUARES}">&nbsp;■&nbsp;</span> {count}'
        for count, color in enumerate(fold_colors(folds), start=1)
    )
    return f"Dissenting folds: &nbsp;{squares}"
