"""Dock widget `Where to look next`: places that are worth a look, and the way to each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.colors import to_hex
from napari.layers import Labels
from napari.utils.action_manager import action_manager
from qtpy.QtCore import QModelIndex, Qt
from qtpy.QtWidgets import QCheckBox, QHeaderView, QLabel, QPushButton

from napari_abdoseg.plugin.keys import NEXT_PLACE
from napari_abdoseg.plugin.review.disagreement_layer import disagreement_of, fold_colors
from napari_abdoseg.plugin.review.disagreement_overlay import DisagreementOverlay
from napari_abdoseg.plugin.review.place_columns import (
    ORGAN,
    PLACE_COLUMNS,
    WORDS,
    PlaceRow,
    words_of,
)
from napari_abdoseg.plugin.review.where_to_look import LOOKING, NONE, where_to_look
from napari_abdoseg.plugin.viewing.viewer_state import unwrapped
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.panel import Panel
from napari_abdoseg.plugin.widgets.table_model import TableModel
from napari_abdoseg.plugin.widgets.tables import PlainTable
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel

if TYPE_CHECKING:
    from napari import Viewer

EMPTY = (
    "Open a label map or segment a CT: places that are worth a look are listed here. With "
    "several folds, those where they disagree are among them."
)
PLACES = "<b>{}</b>: {} of {} places checked"
SQUARES = "#303030"
"""Behind the squares of the legend, of which the first is white."""


class ReviewWidget(Panel):
    """What is worth a look in the label map in view: on the slices, and as a list of places."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__("Check")
        self._viewer = unwrapped(napari_viewer)
        self._followed: Labels | None = None
        self.look = where_to_look(self._viewer)
        self.shown = QCheckBox("Show on the slices where folds dissent")
        self.legend = QLabel()
        self.heading = WrappedLabel()
        self.places: TableModel[PlaceRow] = TableModel(PLACE_COLUMNS)
        self.table = PlainTable(self.places)
        self.details = WrappedLabel()
        self.next_button = QPushButton()
        self.overlay = DisagreementOverlay(self._viewer)
        self._lay_out()
        self._follow_theme()
        self._tell_key()
        self._connect()
        self._show()

    def _lay_out(self) -> None:
        layout = self.body
        self.table.setUniformRowHeights(True)
        self.table.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.table.head.setSectionResizeMode(ORGAN, QHeaderView.ResizeMode.ResizeToContents)
        self.table.head.setSectionResizeMode(WORDS, QHeaderView.ResizeMode.Stretch)
        layout.addWidget(self.heading)
        layout.addWidget(self.table, stretch=1)
        layout.addWidget(self.details)
        for widget in (self.shown, self.legend):
            layout.addWidget(widget)
            widget.hide()
        layout.addStretch()
        self.foot.addWidget(self.next_button)
        self.legend.setStyleSheet("font-size: 11px")
        self.next_button.setToolTip("Ticks the place in view and goes to the next that is not")

    def _connect(self) -> None:
        self.follow(self._viewer.events.theme, self._follow_theme)
        self.follow(self.look.changed, self._show)
        self.follow(action_manager.events.shortcut_changed, self._tell_key)
        self.shown.clicked.connect(self._show_overlay)
        self.overlay.changed.connect(self._show_whether_shown)
        self.places.toggled.connect(lambda row, on: self.look.check(row.place, on))
        self.table.selection.currentRowChanged.connect(self._go_to)
        self.table.clicked.connect(self._go_to)
        self.next_button.clicked.connect(self.look.next_place)
        for end in (self.closed, self.destroyed):
            end.connect(self.overlay.close)
        self.closed.connect(self._look_away)
        self.look.is_watched = True

    def _tell_key(self, event: Any = None) -> None:
        """Say which key does the same; napari's Preferences change it."""
        key = NEXT_PLACE.key_text
        self.next_button.setText(f"Checked, next  ({key})" if key else "Checked, next")

    def _look_away(self) -> None:
        self.look.is_watched = False

    def _follow_theme(self, event: Any = None) -> None:
        self.table.wear(self._viewer.theme)

    def _show(self) -> None:
        """Show the places as they are known now."""
        self._show_folds()
        look = self.look
        rows = [PlaceRow(place, look.is_checked(place)) for place in look.places]
        if [row.place for row in rows] != [row.place for row in self.places.rows]:
            self.places.show_rows(rows)
        else:
            self.places.update_rows(rows)
        self.heading.setText(self._words(rows))
        self.table.setVisible(bool(rows))
        self.next_button.setVisible(bool(rows))
        self.details.setText("" if self.look.current is None else words_of(self.look.current))
        self._select_current()

    def _words(self, rows: list[PlaceRow]) -> str:
        if self.look.layer is None:
            return EMPTY
        if self.look.problem:
            return self.look.problem
        if not rows:
            return LOOKING if self.look.is_looking else NONE
        checked = sum(row.checked for row in rows)
        return PLACES.format(self.look.layer.name, checked, len(rows))

    def _select_current(self) -> None:
        places = [row.place for row in self.places.rows]
        current = self.look.current
        if current in places and self.table.currentIndex().row() != places.index(current):
            self.table.selection.blockSignals(True)
            self.table.setCurrentIndex(self.places.index(places.index(current), ORGAN))
            self.table.selection.blockSignals(False)
            sure(self.table.viewport()).update()

    def _show_folds(self) -> None:
        """Show where folds dissent of an ensemble's label map."""
        layer = self.look.layer
        if layer is self._followed:
            return
        self._followed = layer
        disagreement = None if layer is None else disagreement_of(layer)
        for widget in (self.shown, self.legend):
            widget.setVisible(disagreement is not None)
        if layer is not None and disagreement is not None:
            self.legend.setText(_legend(disagreement.folds))
            self.overlay.show(layer, True)

    def _show_overlay(self, shown: bool) -> None:
        self.overlay.show(sure(self._followed), shown)

    def _show_whether_shown(self) -> None:
        layer = self._followed
        self.shown.setChecked(layer is not None and self.overlay.is_shown(layer))

    def _go_to(self, index: QModelIndex, before: QModelIndex | None = None) -> None:
        if index.isValid():
            self.look.go_to(self.places.rows[index.row()].place)


def _legend(folds: int) -> str:
    squares = "&nbsp; ".join(
        f'<span style="color: {to_hex(color)}; background: {SQUARES}">&nbsp;■&nbsp;</span> {count}'
        for count, color in enumerate(fold_colors(folds), start=1)
    )
    return f"Dissenting folds: &nbsp;{squares}"
