"""The question whether a model of other scans than CT is meant."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from napari_abdoseg.errors import AbdosegError, ModelError
from napari_abdoseg.inference.model.other_scans import OtherScansError
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel

FRAME = "OtherScansQuestion { border: 2px solid #e07000; border-radius: 4px }"


class OtherScansQuestion(QFrame):
    """Seen while a model is chosen that takes other scans than CT, until it is answered."""

    accepted = Signal()
    """It is used all the same, as its card says now."""
    declined = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._asked: OtherScansError | None = None
        self.words = WrappedLabel()
        self.use, self.leave = QPushButton(), QPushButton("Leave it")
        self.use.setToolTip("Its card, model.json in its folder, remembers it")
        self.leave.setToolTip("Choose the model again that was chosen before")
        buttons = QHBoxLayout()
        for button in (self.use, self.leave):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.words)
        layout.addLayout(buttons)
        self.setStyleSheet(FRAME)
        self.use.clicked.connect(self._accept)
        self.leave.clicked.connect(self.declined)
        self.hide()

    @property
    def is_asking(self) -> bool:
        """Whether an answer is waited for."""
        return self._asked is not None

    def ask(self, error: ModelError | None) -> None:
        """Ask about a model that was refused for its scans; hide after any other error, or none."""
        self._asked = error if isinstance(error, OtherScansError) else None
        if self._asked is not None:
            scans = self._asked.scans
            self.words.setText(
                f"This model takes {scans}: what it finds in a CT means nothing. Is your scan "
                f"{scans}?"
            )
            self.use.setText(f"Use it for {scans}")
        self.setVisible(self.is_asking)

    def _accept(self) -> None:
        if self._asked is None:
            return
        try:
            self._asked.accept()
        except AbdosegError as error:
            self.words.setText(f"{error} The model is not used.")
            return
        self.accepted.emit()
