"""Asks a reviewer what is to be done with a case, and where."""

from __future__ import annotations

from collections.abc import Sequence

from napari.utils.theme import get_theme
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.records.case_record import Place

Button = QDialogButtonBox.StandardButton
MARK = "Mark the place in view: voxel {}"
LINES = 4


def ask_what_is_to_be_done(
    parent: QWidget, rows: Sequence[Row], place: Place | None, theme: str
) -> SendingBack:
    """Ask in front of the window; the answer comes by itself."""
    question = SendingBack(parent, rows, place)
    question.comment.setStyleSheet(f"background: {get_theme(theme).foreground.as_hex()}")
    question.open()
    return question


class SendingBack(QDialog):
    """A comment, and whether the place in view is meant.

    Parameters
    ----------
    parent : QWidget
    rows : sequence of Row
    place : Place or None
        Where panels look; None where no case of these is open.
    """

    answered = Signal(str, object)
    """The comment, and a `Place` or None."""

    def __init__(self, parent: QWidget, rows: Sequence[Row], place: Place | None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Send back")
        self._place = place
        self.comment, self.mark = QPlainTextEdit(), QCheckBox()
        self.buttons = QDialogButtonBox(Button.Cancel)
        self.send = sure(
            self.buttons.addButton("Send back", QDialogButtonBox.ButtonRole.AcceptRole)
        )
        self._lay_out(rows[0].name if len(rows) == 1 else f"{len(rows)} cases")
        self.comment.textChanged.connect(self._follow)
        self.buttons.accepted.connect(self._answer)
        self.buttons.rejected.connect(self.reject)
        self._follow()

    def _lay_out(self, name: str) -> None:
        self.comment.setPlaceholderText("What is to be done?")
        self.comment.setTabChangesFocus(True)
        self.comment.setFixedHeight(LINES * self.fontMetrics().lineSpacing() + LINES * 4)
        self.mark.setVisible(self._place is not None)
        self.mark.setChecked(self._place is not None)
        if self._place is not None:
            self.mark.setText(MARK.format(", ".join(map(str, self._place.voxel))))
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(f"{name} goes back to who worked on it."))
        layout.addWidget(self.comment)
        layout.addWidget(self.mark)
        layout.addWidget(self.buttons)

    def _follow(self) -> None:
        self.send.setEnabled(bool(self.comment.toPlainText().strip()))

    def _answer(self) -> None:
        place = self._place if self.mark.isChecked() else None
        self.answered.emit(self.comment.toPlainText().strip(), place)
        self.accept()
