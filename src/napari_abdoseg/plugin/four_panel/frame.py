"""Four pictures in one frame, in one of two layouts."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.preferences import preferences

SLICES_ON_TOP, TWO_BY_TWO = "Slices above 3D", "Two by two"

STYLE = "#slice_label { font-size: 12px }"
"""napari leaves too little room for the numbers beside its sliders."""


class PanelFrame(QWidget):
    """Axial, coronal, sagittal and 3D pictures, and a bar of switches above.

    Parameters
    ----------
    parent : QWidget
    axial, coronal, sagittal, three_d : QWidget
    """

    closed = Signal()
    """The user wants the plain viewer back, or closes the window."""
    arranged = Signal()
    """The pictures have other sizes now."""

    def __init__(
        self,
        parent: QWidget,
        axial: QWidget,
        coronal: QWidget,
        sagittal: QWidget,
        three_d: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setStyleSheet(STYLE)
        self._panels: tuple[QWidget, ...] = (axial, coronal, sagittal, three_d)
        self.layouts = QComboBox()
        self.layouts.addItems([SLICES_ON_TOP, TWO_BY_TWO])
        self.layouts.setToolTip("How the four pictures are arranged")
        self.linked_zoom = QCheckBox("Link zoom")
        self.linked_zoom.setToolTip("Zoom the three slices together")
        self.linked_zoom.setChecked(True)
        self.volumes_in_3d = QCheckBox("CT and masks in 3D")
        self.volumes_in_3d.setToolTip("Render the scan and the masks in 3D besides the surfaces")
        self.close_button = QPushButton("Close")
        self.close_button.setToolTip("Go back to the plain viewer")
        self._outer = QSplitter(Qt.Orientation.Vertical)
        self._upper, self._lower = QSplitter(), QSplitter()
        self._lay_out()
        self.layouts.setCurrentText(preferences().viewing.layout)
        self.layouts.currentTextChanged.connect(self.arrange)
        self.layouts.currentTextChanged.connect(self._keep_layout)
        self.close_button.clicked.connect(self.closed)
        self.arrange(self.layouts.currentText())
        sure(self.window()).installEventFilter(self)

    def end(self) -> None:
        """Let the pictures go, and be deleted."""
        sure(self.window()).removeEventFilter(self)
        self._panels = ()
        self.hide()
        self.deleteLater()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        if sure(event).type() == QEvent.Type.Close:
            self.closed.emit()
        return False

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(4, 2, 4, 2)
        bar.setSpacing(14)
        for widget in (QLabel("Layout"), self.layouts, self.linked_zoom, self.volumes_in_3d):
            bar.addWidget(widget)
        bar.addStretch()
        bar.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(bar)
        layout.addWidget(self._outer, stretch=1)
        for splitter in (self._upper, self._lower):
            splitter.setChildrenCollapsible(False)
            self._outer.addWidget(splitter)

    def _keep_layout(self, layout: str) -> None:
        preferences().viewing.layout = layout

    def arrange(self, layout: str) -> None:
        """Arrange the pictures as `SLICES_ON_TOP` or `TWO_BY_TWO`."""
        axial, coronal, sagittal, three_d = self._panels
        upper: tuple[QWidget, ...]
        lower: tuple[QWidget, ...]
        if layout == SLICES_ON_TOP:
            upper, lower, heights = (axial, coronal, sagittal), (three_d,), (2, 3)
        else:
            upper, lower, heights = (axial, three_d), (coronal, sagittal), (1, 1)
        for splitter, panels in ((self._upper, upper), (self._lower, lower)):
            for place, panel in enumerate(panels):
                splitter.insertWidget(place, panel)
                panel.show()
            splitter.setSizes([10_000] * len(panels))
        self._outer.setSizes([height * 10_000 for height in heights])
        self.arranged.emit()
