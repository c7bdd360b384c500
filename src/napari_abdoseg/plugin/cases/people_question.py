"""Asks whose label maps are to be compared, and where tables go."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QListWidget,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.path_edit import folder_edit, path_in
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel

Button = QDialogButtonBox.StandardButton
LINES, WIDTH = 4, 520
WORDS = (
    "DSC and NSD of what each two people have made of the same cases, organ by organ, and pictures "
    "of where they differ most."
)
ANOTHER = "Choose the label maps of another person"


class PeopleQuestion(QDialog):
    """Versions of cases, or a folder of masks a person.

    Parameters
    ----------
    parent : QWidget
    masks : Path
        Of the work list: the first person's.
    output : Path
        Proposed folder for tables and page.
    """

    answered = Signal(object, object)
    """Folders of masks, none for versions; and where tables and page go."""

    def __init__(self, parent: QWidget, masks: Path, output: Path) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Compare what people have drawn")
        self.versions = QRadioButton("Versions of the cases, by who has corrected them")
        self.in_folders = QRadioButton("Folders of label maps, one a person:")
        self.folders = QListWidget()
        self.add, self.remove = QPushButton("Add…"), QPushButton("Remove")
        self.output = folder_edit("For agreement.csv, cases.csv and report.html")
        self.buttons = QDialogButtonBox(Button.Cancel)
        self.compare = sure(
            self.buttons.addButton("Compare", QDialogButtonBox.ButtonRole.AcceptRole)
        )
        self.folders.addItem(str(masks))
        self.output.line_edit.value = str(output)
        self.versions.setChecked(True)
        self._lay_out()
        self.add.clicked.connect(self._ask_for_folder)
        self.remove.clicked.connect(lambda: self.folders.takeItem(self.folders.currentRow()))
        self.in_folders.toggled.connect(self._follow)
        listed = sure(self.folders.model())
        for changed in (listed.rowsInserted, listed.rowsRemoved):
            changed.connect(self._follow)
        self.output.line_edit.changed.connect(self._follow)
        self.buttons.accepted.connect(self._answer)
        self.buttons.rejected.connect(self.reject)
        self._follow()

    @property
    def masks(self) -> tuple[Path, ...]:
        """Folders that are to be compared; none where versions are."""
        places = range(self.folders.count()) if self.in_folders.isChecked() else ()
        return tuple(Path(sure(self.folders.item(place)).text()) for place in places)

    def _lay_out(self) -> None:
        self.setMinimumWidth(WIDTH)
        self.folders.setFixedHeight(LINES * self.fontMetrics().lineSpacing() + LINES * 4)
        buttons = QVBoxLayout()
        for button in (self.add, self.remove):
            buttons.addWidget(button)
        buttons.addStretch()
        people = QHBoxLayout()
        people.addWidget(self.folders, stretch=1)
        people.addLayout(buttons)
        form = QFormLayout()
        form.addRow("Tables and page", self.output.native)
        words = WrappedLabel()
        words.setText(WORDS)
        layout = QVBoxLayout(self)
        layout.addWidget(words)
        for choice in (self.versions, self.in_folders):
            layout.addWidget(choice)
        layout.addLayout(people)
        layout.addLayout(form)
        layout.addWidget(self.buttons)

    def _ask_for_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, ANOTHER, self.masks[-1].as_posix())
        if folder:
            self.folders.addItem(folder)

    def _follow(self, *_: object) -> None:
        in_folders = self.in_folders.isChecked()
        for part in (self.folders, self.add, self.remove):
            part.setEnabled(in_folders)
        is_enough = not in_folders or len(self.masks) > 1
        self.compare.setEnabled(is_enough and path_in(self.output) is not None)

    def _answer(self) -> None:
        self.answered.emit(self.masks, sure(path_in(self.output)))
        self.accept()
