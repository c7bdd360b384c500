"""The menu of what is made of all cases, and how far that is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QUrl
from qtpy.QtGui import QAction, QDesktopServices
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from napari_abdoseg.plugin.cases.at_work import cases_at_work
from napari_abdoseg.plugin.cases.new_model_question import NewModelQuestion
from napari_abdoseg.plugin.cases.people_question import PeopleQuestion
from napari_abdoseg.plugin.cases.whole_list import whole_list
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel

if TYPE_CHECKING:
    from napari import Viewer

DATASET, EFFORT, AGREEMENT = "Dataset001_Corrected", "effort.csv", "agreement"
EXPORT = "Data set of the cases that are done"
TABLE = "Table of the work on cases; a page with curves lies beside it"
NO_QUESTION = QFileDialog.Option.DontConfirmOverwrite  # what is there already is kept, and added to
NONE_DONE = "No case is done yet"


class WholeListRow(QWidget):
    """Offers what can be made of all cases; tells what came of it.

    Parameters
    ----------
    viewer : Viewer
    """

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self._viewer, self._cases = viewer, cases_at_work(viewer)
        self.work = whole_list(viewer)
        self.button = QPushButton("More")
        self.button.setToolTip("What is made of all cases: a data set, tables, cases to look at")
        self.menu = QMenu(self)
        self.menu.setToolTipsVisible(True)
        self.export = self._offer("Export as a data set to train on…", self._ask_for_data_set)
        self.changed_by = self._offer("Find what a new model would change…", self._ask_for_model)
        self.menu.addSeparator()
        self.raters = self._offer("Compare what people have drawn…", self._ask_for_people)
        self.effort = self._offer("Measure how much work it was…", self._ask_for_table)
        self.button.setMenu(self.menu)
        self.words, self.cancel = WrappedLabel(), QPushButton("Cancel")
        self.close_words = QPushButton("Close")
        self.look = QPushButton("Look")
        self.look.setToolTip("Open the page in the browser")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.words, stretch=1)
        buttons = QVBoxLayout()
        for button in (self.look, self.close_words, self.cancel):
            buttons.addWidget(button)
        layout.addLayout(buttons)
        self.look.clicked.connect(self._open_page)
        self.close_words.clicked.connect(self.work.forget)
        self.cancel.clicked.connect(self.work.cancel)
        self.show_state()

    def show_state(self) -> None:
        """Show what can be made, and how far it is."""
        work, is_free = self.work, self.work.job is None
        for action in (self.export, self.changed_by):
            action.setEnabled(is_free and bool(self._cases.done))
            action.setToolTip("" if self._cases.done else NONE_DONE)
        for action in (self.raters, self.effort):
            action.setEnabled(is_free)
        self.words.setText(work.words)
        self.cancel.setVisible(not is_free)
        self.close_words.setVisible(is_free)
        self.look.setVisible(is_free and work.page is not None)
        self.setVisible(bool(work.words))

    def _offer(self, words: str, do: Callable[[], None]) -> QAction:
        action = sure(self.menu.addAction(words))
        action.triggered.connect(lambda _: do())
        return action

    def _beside(self, name: str) -> Path:
        return sure(self._cases.folder).scans.absolute().with_name(name)

    def _ask_for_data_set(self) -> None:
        proposed = str(self._beside(DATASET))
        chosen, _ = QFileDialog.getSaveFileName(self, EXPORT, proposed, options=NO_QUESTION)
        if chosen:
            self.work.export(Path(chosen))

    def _ask_for_table(self) -> None:
        proposed = str(self._beside(EFFORT))
        chosen, _ = QFileDialog.getSaveFileName(self, TABLE, proposed, "*.csv")
        if chosen:
            self.work.tell_effort(Path(chosen))

    def _ask_for_people(self) -> None:
        folder = sure(self._cases.folder)
        question = PeopleQuestion(self, folder.masks, self._beside(AGREEMENT))
        question.answered.connect(self.work.tell_agreement)
        question.open()

    def _ask_for_model(self) -> None:
        question = NewModelQuestion(self, self._viewer, len(self._cases.done))
        question.answered.connect(self.work.offer_changed)
        question.open()

    def _open_page(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(sure(self.work.page))))
