"""What can be done with the organ that is selected in the list."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QColorDialog,
    QGridLayout,
    QLabel,
    QPushButton,
    QSlider,
    QWidget,
)

from napari_abdoseg.anatomy.plausibility.expected import has_sides
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.plugin.organs.scene import OrganScene
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.tables import swatch

APART, TOGETHER = "Measure right and left apart", "Measure right and left together"
LEAST_PERCENT = 5
"""An organ that is to be gone is switched off."""


class OrganDetails(QWidget):
    """Colour and opacity of an organ, the way to it, and its right and left."""

    def __init__(self) -> None:
        super().__init__()
        self._scene: OrganScene | None = None
        self._organ: Organ | None = None
        self._name: str | None = None
        self.color = QPushButton("Colour…")
        self.color.setToolTip("Colour of the organ's mask, surface and box")
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(LEAST_PERCENT, 100)
        self.opacity.setToolTip("Opacity of the organ's mask, surface and box")
        self.percent = QLabel()
        self.percent.setMinimumWidth(self.percent.fontMetrics().horizontalAdvance("100 %"))
        self.percent.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.go_to = QPushButton("Go to")
        self.go_to.setToolTip("Bring all panels there, and zoom to its box (Enter)")
        self.split = QPushButton()
        self.split.setToolTip("Volumes, densities and boxes of both; the label map stays as it is")
        self._lay_out()
        self.color.clicked.connect(self._choose_color)
        self.opacity.valueChanged.connect(self._set_opacity)
        self.go_to.clicked.connect(lambda: sure(self._scene).go_to(sure(self._name)))
        self.split.clicked.connect(lambda: sure(self._scene).toggle_split(sure(self._organ)))

    def show_row(self, scene: OrganScene | None, organ: Organ | None, name: str | None) -> None:
        """Show an organ, one of its sides, or with no organ the bile-duct search region."""
        self._scene, self._organ, self._name = scene, organ, name
        for widget in (self.color, self.opacity, self.percent):
            widget.setEnabled(organ is not None)
        self.go_to.setEnabled(scene is not None and name in scene.boxes_by_name())
        measured = scene.table.measures if scene is not None else {}
        self.split.setEnabled(organ is not None and organ in measured)
        self._name_split()
        self.split.setVisible(organ is not None and has_sides(organ.name))
        if scene is not None and organ is not None:
            percent = round(100 * scene.masks.opacity(organ))
            self.opacity.blockSignals(True)
            self.opacity.setValue(percent)
            self.opacity.blockSignals(False)
            self.percent.setText(f"{percent} %")
            self.color.setIcon(swatch(_qt_color(scene.masks.color(organ))))

    def _lay_out(self) -> None:
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setColumnStretch(2, 1)
        layout.addWidget(self.color, 0, 0)
        layout.addWidget(QLabel("Opacity of organ"), 0, 1)
        layout.addWidget(self.opacity, 0, 2)
        layout.addWidget(self.percent, 0, 3)
        layout.addWidget(self.go_to, 1, 0)
        layout.addWidget(self.split, 1, 1, 1, 3)

    def _name_split(self) -> None:
        is_split = self._scene is not None and self._organ and self._scene.is_split(self._organ)
        self.split.setText(TOGETHER if is_split else APART)

    def _set_opacity(self, percent: int) -> None:
        sure(self._scene).set_opacity(sure(self._organ), percent / 100)

    def _choose_color(self) -> None:
        scene, organ = sure(self._scene), sure(self._organ)
        dialog = QColorDialog(_qt_color(scene.masks.color(organ)), self)
        dialog.setWindowTitle(f"Colour of the {organ.name}")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.colorSelected.connect(
            lambda color: scene.masks.set_color(organ, color.getRgbF()[:3])
        )
        dialog.open()


def _qt_color(rgb: Any) -> QColor:
    return QColor.fromRgbF(*(float(part) for part in rgb))
