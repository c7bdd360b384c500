"""The button that saves a label map, and where it is."""

from __future__ import annotations

from napari.components import ViewerModel
from napari.layers import Labels
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget
from superqt import QElidingLineEdit

from napari_abdoseg.plugin.saving.label_maps import saving
from napari_abdoseg.plugin.saving.layer_marks import MARK
from napari_abdoseg.plugin.saving.leaving import guard_unsaved
from napari_abdoseg.plugin.saving.logits_beside import unsaved_logits
from napari_abdoseg.plugin.saving.unsaved import unsaved_labels
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel

TIP = (
    "Save the label map as NIfTI on the CT's exact grid (Ctrl+S); what it replaces is kept as .bak"
)
SAVED, UNSAVED, OTHERWISE = "Saved in", "Not saved yet; it goes to", "To be saved in"
WITH_LOGITS = "with logits"
LOGITS_TIP = (
    "Also write what the ensemble thought around the organs beside the label map, 15 MB at most: "
    "hints go by it when the case is opened again"
)
NO_PLACE = "Save asks where to."
SAVING = "Saving…"


class SaveRow(QWidget):
    """Saves the label map that a panel shows, in one click.

    Parameters
    ----------
    viewer : ViewerModel
    """

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        guard_unsaved(viewer)
        self.button, self.elsewhere = QPushButton(), QPushButton("Save as…")
        self.with_logits = QCheckBox(WITH_LOGITS)
        self.words = WrappedLabel()
        self.path = QElidingLineEdit()
        self._layer: Labels | None = None
        self._problem = ""
        self._saving = saving(viewer)
        self._unsaved = unsaved_labels(viewer)
        self._lay_out()
        self.button.clicked.connect(lambda: self._saving.save(self._layer, self.window()))
        self.elsewhere.clicked.connect(lambda: self._saving.save_as(self._layer, self.window()))
        self.with_logits.toggled.connect(self._want_logits)
        self._saving.started.connect(self._follow_start)
        self._saving.ended.connect(self._follow_end)
        self._unsaved.changed.connect(self._show)

    def follow(self, layer: Labels | None) -> None:
        """Be the button of another label map."""
        if layer is not self._layer:
            self._layer, self._problem = layer, ""
        self._show()

    def _lay_out(self) -> None:
        self.button.setToolTip(TIP)
        self.with_logits.setToolTip(LOGITS_TIP)
        self.path.setReadOnly(True)
        self.path.setFrame(False)
        self.path.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.path.setStyleSheet("background: transparent; padding: 0")
        row = QHBoxLayout()
        for button in (self.button, self.elsewhere, self.with_logits):
            row.addWidget(button, alignment=Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.words, stretch=1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.path)

    def _want_logits(self, wanted: bool) -> None:
        logits = None if self._layer is None else unsaved_logits(self._layer)
        if logits is not None:
            logits.are_wanted = wanted

    def _show_logits(self, layer: Labels) -> None:
        logits = unsaved_logits(layer)
        self.with_logits.setVisible(logits is not None)
        self.with_logits.setChecked(logits is not None and logits.are_wanted)

    def _follow_start(self, layer: Labels) -> None:
        if layer is self._layer:
            self._problem = ""
            self._show()

    def _follow_end(self, layer: Labels, problem: str) -> None:
        if layer is self._layer:
            self._problem = problem
            self._show()

    def _show(self) -> None:
        layer = self._layer
        self.setVisible(layer is not None)
        if layer is None:
            return
        self._show_logits(layer)
        unsaved = layer in self._unsaved.layers
        self.button.setText(f"{MARK} Save" if unsaved else "Save")
        place = self._saving.place(layer)
        path = str(place or "")
        if self._saving.is_saving(layer):
            self._say(SAVING, path)
        elif self._problem:
            self._say(self._problem, "")
        elif place is None:
            self._say(NO_PLACE, "")
        elif unsaved:
            self._say(UNSAVED, path)
        else:
            self._say(SAVED if place == layer.metadata.get("path") else OTHERWISE, path)

    def _say(self, words: str, path: str) -> None:
        self.words.setText(words)
        self.path.setText(path)
        self.path.setToolTip(path)
        self.path.setVisible(bool(path))
