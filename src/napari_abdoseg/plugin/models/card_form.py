"""What a user says of a model: the fields of its card."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QWidget

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.inference.model.card import CARD, ModelCard, read_card, write_card
from napari_abdoseg.inference.model.model_folder import read_model_folder
from napari_abdoseg.inference.model.schema import check
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel

FIELDS = {
    "title": "A line for lists",
    "description": "What it finds, in which scans",
    "source": "Its web page",
    "licence": "Such as Apache-2.0",
    "licence_url": "Web page of the licence",
    "citation": "What is to be cited",
}
NAMES = {"licence_url": "licence page"}
AXES = {"stored": "As they are in the file (nnU-Net)", "RAS": "Turned to RAS (TotalSegmentator)"}
ADVICE = "correct it"


class CardForm(QDialog):
    """A form for the card of a model that lies in a folder.

    Parameters
    ----------
    name : str
    folder : Path
    parent : QWidget
    """

    def __init__(self, name: str, folder: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Card of {name}")
        self._folder = folder
        self._card = read_card(folder)
        self.lines = {field: QLineEdit(getattr(self._card, field) or "") for field in FIELDS}
        self.shown = QLineEdit(", ".join(self._card.shown or ()))
        self.axes = QComboBox()
        self.problem = WrappedLabel()
        buttons = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(buttons.Save | buttons.Cancel)
        self._lay_out()
        self.buttons.accepted.connect(self._save)
        self.buttons.rejected.connect(self.reject)

    def _lay_out(self) -> None:
        self.setMinimumWidth(480)
        layout = QFormLayout(self)
        for field, line in self.lines.items():
            line.setPlaceholderText(FIELDS[field])
            line.setCursorPosition(0)
            layout.addRow(NAMES.get(field, field).capitalize(), line)
        self.shown.setPlaceholderText("Organs that are shown at first, with commas; all if empty")
        layout.addRow("Shown", self.shown)
        for axes, words in AXES.items():
            self.axes.addItem(words, axes)
        self.axes.setCurrentIndex(self.axes.findData(self._card.axes))
        layout.addRow("Axes", self.axes)
        layout.addRow(self.problem)
        layout.addRow(self.buttons)

    def _save(self) -> None:
        """Write the card, or say what is wrong with it; nothing is written then."""
        try:
            write_card(self._folder, self._changed_card())
        except AbdosegError as error:
            self.problem.setText(str(error))
            return
        self.accept()

    def _changed_card(self) -> ModelCard:
        """The card as the form has it, with all that the form doesn't show as it was.

        Raises
        ------
        ModelError
            A field is not what it must be.
        """
        content = self._card.model_dump(exclude_unset=True)
        for field, line in self.lines.items():
            content[field] = line.text().strip() or None
        names = [name.strip() for name in self.shown.text().split(",")]
        content["shown"] = [name for name in names if name] or None
        axes = sure(self.axes.currentData())
        if axes != self._card.axes:
            content["axes"] = axes
            content["sha256"] = None  # results are others now
        kept = {key: value for key, value in content.items() if value is not None}
        model = read_model_folder(self._folder)
        unknown = set(kept.get("shown", ())) - {organ.name for organ in model.organs}
        if unknown:
            raise AbdosegError(
                f"The model finds no {', '.join(sorted(unknown))}: take names that it has, such as "
                f"{model.organs[0].name}."
            )
        return check(ModelCard, kept, self._folder / CARD, ADVICE)
