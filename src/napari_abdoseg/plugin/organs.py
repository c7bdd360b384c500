"""Dock widget `Organs`: what a label map holds, and what of it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox
from napari.layers import Labels
from napari.utils.theme import get_theme
from qtpy.QtWidgets import (
    QFrame,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from napari_abdoseg.image.organ import Organ
from napari_abdoseg.plugin.organ_model import OrganModel
from napari_abdoseg.plugin.organ_scene import organ_scene

if TYPE_CHECKING:
    from napari import Viewer

EMPTY = "Open a label map, or segment a CT, to see its organs here."
MEASURING = "Measuring…"
NO_LABELS = "This layer has no labels yet."
WIDEST = 480
MARGIN = 4


class OrgansWidget(QWidget):  # type: ignore[misc]
    """The organs of a Labels layer, each with its mask, box, volume and size."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self.model = OrganModel(self)
        self.layers = ComboBox(choices=self._label_layers, nullable=False)
        self.list = _list_view(self.model)
        self.split = QPushButton()
        self.message = QLabel(EMPTY)
        self.message.setWordWrap(True)
        layout = QVBoxLayout(self)
        for widget in (self.layers.native, self.message, self.list, self.split):
            layout.addWidget(widget)
        layout.addStretch()
        self._follow_theme()
        napari_viewer.events.theme.connect(self._follow_theme)
        self.layers.changed.connect(self._show)
        self.split.clicked.connect(self._toggle_split)
        self.list.selectionModel().currentChanged.connect(self._name_split)
        self.model.rowsInserted.connect(self.list.expandAll)
        self.model.refreshed.connect(self._fit)
        events = napari_viewer.layers.events
        for event in (events.inserted, events.removed, events.reordered, events.renamed):
            event.connect(self._update_layers)
        self._update_layers()

    def choose(self, layer: Labels) -> None:
        """List the organs of ``layer``."""
        self.layers.value = layer

    def _follow_theme(self, event: Any = None) -> None:
        self.list.setStyleSheet(_style(self._viewer.theme))

    def _label_layers(self, _: object = None) -> list[Labels]:
        return [layer for layer in self._viewer.layers if isinstance(layer, Labels)]

    def _update_layers(self, event: Any = None) -> None:
        self.layers.reset_choices()
        self._show()

    def _show(self, _: object = None) -> None:
        """List the chosen layer."""
        layer = self.layers.value
        self.model.scene = None if layer is None else organ_scene(self._viewer, layer)
        self._fit()

    def _selected(self) -> Organ | None:
        return self.model.organ_at(self.list.currentIndex())

    def _fit(self) -> None:
        """Show the list with room for its columns, or say why there is none."""
        listed = self.model.rowCount() > 0
        self.list.setMinimumWidth(min(self.list.header().length() + MARGIN, WIDEST))
        self.list.setVisible(listed)
        self.split.setVisible(listed)
        self.message.setVisible(not listed)
        self.layers.native.setVisible(self.layers.value is not None)
        self.message.setText(self._why_empty())
        self._name_split()

    def _why_empty(self) -> str:
        if self.model.scene is None:
            return EMPTY
        table = self.model.scene.table
        return table.problem or (MEASURING if table.grid is None else NO_LABELS)

    def _name_split(self, _: object = None) -> None:
        organ, scene = self._selected(), self.model.scene
        self.split.setEnabled(organ is not None and organ in scene.table.measures)
        if organ is None:
            self.split.setText("Split into left and right")
        elif scene.is_split(organ):
            self.split.setText(f"Join left and right {organ.name}")
        else:
            self.split.setText(f"Split {organ.name} into left and right")

    def _toggle_split(self) -> None:
        self.model.scene.toggle_split(self._selected())


def _style(theme: str) -> str:
    """Check boxes as napari draws them elsewhere, which it does not in lists."""
    colors = get_theme(theme)
    return f"""
        QTreeView::item {{ padding: 3px 4px }}
        QTreeView::indicator {{
            width: 14px; height: 14px; border-radius: 2px; background: {colors.primary.as_hex()}
        }}
        QTreeView::indicator:checked {{
            background: {colors.current.as_hex()}; image: url("theme_{theme}:/check.svg")
        }}
        QTreeView::indicator:disabled {{ background: transparent }}
    """


def _list_view(model: OrganModel) -> QTreeView:
    view = QTreeView()
    view.setModel(model)
    view.setFrameShape(QFrame.Shape.NoFrame)
    view.setSizeAdjustPolicy(QTreeView.SizeAdjustPolicy.AdjustToContents)
    view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
    view.setAllColumnsShowFocus(True)
    view.setUniformRowHeights(True)
    view.setRootIsDecorated(False)
    view.setItemsExpandable(False)
    view.setIndentation(16)
    header = view.header()
    header.setStretchLastSection(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    return view
