"""Asks which new model is to be compared with the cases that are done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QVBoxLayout,
    QWidget,
)

from napari_abdoseg.plugin.segment.chosen_model import chosen_model
from napari_abdoseg.plugin.segment.model_choice import ModelChoice
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.panel import open_panel
from napari_abdoseg.plugin.widgets.path_edit import folder_edit, path_in
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel
from napari_abdoseg.progress import counted
from napari_abdoseg.worklist.comparing.offering import NewModel
from napari_abdoseg.worklist.listing.listing import WORST

if TYPE_CHECKING:
    from napari import Viewer

Button = QDialogButtonBox.StandardButton
WIDTH = 520
TIP = "Such as those of cross-validation, which are fairer to cases that it was trained on"
WORDS = (
    "What it finds in the {} becomes one more version of each, and none of these counts: no mask "
    "is replaced, nor a status. The cases that it would change most are flagged, and listed."
)


class NewModelQuestion(QDialog):
    """A model, what it has predicted already, and how many cases are to be offered.

    Parameters
    ----------
    parent : QWidget
    viewer : Viewer
    done : int
        Cases that are done.
    """

    answered = Signal(object, float)
    """A `NewModel`, and how many of a hundred cases are offered."""

    def __init__(self, parent: QWidget, viewer: Viewer, done: int) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("What would a new model change?")
        self._viewer, self._settings = viewer, chosen_model(viewer).settings
        self.model = ModelChoice()
        self.predictions = folder_edit(TIP)
        self.predictions.line_edit.native.setPlaceholderText("It predicts, if this stays empty")
        self.percent = QDoubleSpinBox()
        self.percent.setRange(0.1, 100)
        self.percent.setDecimals(1)
        self.percent.setValue(WORST)
        self.percent.setSuffix(" % of the cases")
        self.buttons = QDialogButtonBox(Button.Cancel)
        self.compare = sure(
            self.buttons.addButton("Compare", QDialogButtonBox.ButtonRole.AcceptRole)
        )
        self._lay_out(f"{counted(done, 'case')} that {'is' if done == 1 else 'are'} done")
        self.model.wear(viewer.theme)
        self.model.choose(self._settings.model)
        self.model.folds_changed.connect(self._follow)
        self.model.more_wanted.connect(self._look_for_more)
        self.buttons.accepted.connect(self._answer)
        self.buttons.rejected.connect(self.reject)
        self._follow()

    def _lay_out(self, cases: str) -> None:
        self.setMinimumWidth(WIDTH)
        words = WrappedLabel()
        words.setText(WORDS.format(cases))
        form = QFormLayout()
        form.addRow("Model", self.model.row.native)
        form.addRow(self.model.words)
        form.addRow(self.model.question)
        form.addRow("Predictions", self.predictions.native)
        form.addRow("To look at", self.percent)
        layout = QVBoxLayout(self)
        layout.addWidget(words)
        layout.addLayout(form)
        layout.addWidget(self.buttons)

    def _look_for_more(self) -> None:
        """Give way to the panel that models come by."""
        self.reject()
        open_panel(self._viewer, "Models")

    def _follow(self) -> None:
        self.compare.setEnabled(self.model.model is not None)

    def _answer(self) -> None:
        kept = self._settings
        new = NewModel(self.model.chosen, kept.preset, kept.device, path_in(self.predictions))
        self.answered.emit(new, self.percent.value())
        self.accept()
