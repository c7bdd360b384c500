"""Dock widget `Models`: which models are here, which can be had, and what each is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ProgressBar
from napari.utils.notifications import show_error
from qtpy.QtCore import QSize
from qtpy.QtWidgets import (
    QDialog,
    QFileDialog,
    QGridLayout,
    QInputDialog,
    QLineEdit,
    QMessageBox,
    QPushButton,
)

from napari_abdoseg.errors import AbdosegError, ModelError
from napari_abdoseg.inference.model.known_models import KnownModel
from napari_abdoseg.inference.model.model_folder import Model
from napari_abdoseg.model_store.archive import FoundModel
from napari_abdoseg.model_store.exporting import exporting
from napari_abdoseg.model_store.installing import installing
from napari_abdoseg.model_store.questions import ModelChoiceNeededError
from napari_abdoseg.model_store.removal import remove_model
from napari_abdoseg.model_store.testing import LEAST, Agreement, running_test
from napari_abdoseg.plugin.jobs.job import Job
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.plugin.models.card_form import CardForm
from napari_abdoseg.plugin.models.rows import ModelRow, model_columns, model_rows, words_of
from napari_abdoseg.plugin.models.terms import terms_dialog
from napari_abdoseg.plugin.viewing.models_here import ModelsHere
from napari_abdoseg.plugin.viewing.viewer_state import state_of
from napari_abdoseg.plugin.widgets.panel import Panel, open_panel
from napari_abdoseg.plugin.widgets.table_model import TableModel
from napari_abdoseg.plugin.widgets.tables import PlainTable
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel
from napari_abdoseg.progress import Progress, Work

if TYPE_CHECKING:
    from napari import Viewer

WIDTH, TABLE_HEIGHT = 400, 220
HINT = "Address (https://…), zip archive or folder of a model"
READING = "Looking for models…"


class ModelsWidget(Panel):
    """Install, test, describe, export and remove models."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__("Models")
        self._viewer = napari_viewer
        self._models_here = state_of(napari_viewer, ModelsHere)
        self._to_select = ""
        self.job: Job | None = None
        self.dialog: QDialog | None = None
        self.models: TableModel[ModelRow] = TableModel(model_columns())
        self.table = PlainTable(self.models)
        self.table.setUniformRowHeights(True)
        self.words = WrappedLabel()
        self.install = QPushButton("Install")
        self.use = QPushButton("Segment with it")
        self.test = QPushButton("Test")
        self.card = QPushButton("Card…")
        self.export = QPushButton("Export…")
        self.remove = QPushButton("Remove…")
        self.place = QLineEdit()
        self.file, self.add = QPushButton("File…"), QPushButton("Install from there")
        self.status = WrappedLabel()
        self.bar = ProgressBar(value=0, min=0, max=1)
        self.cancel_button = QPushButton("Cancel")
        self._listing = LatestWork(_listing)
        self._lay_out()
        self._follow_theme()
        self._connect(napari_viewer)
        self._show_selected()

    def sizeHint(self) -> QSize:  # noqa: N802
        return super().sizeHint().expandedTo(QSize(WIDTH, 0))

    def showEvent(self, event: Any) -> None:  # noqa: N802
        super().showEvent(event)
        self.list_models()

    @property
    def row(self) -> ModelRow | None:
        """The model that is selected."""
        place = self.table.currentIndex().row()
        return self.models.rows[place] if 0 <= place < len(self.models.rows) else None

    def list_models(self) -> None:
        """Look again for models that are here."""
        if not self.models.rows:
            self.status.setText(READING)
        self._listing.start_soon()

    def select(self, name: str) -> None:
        """Select a model by its name, as soon as it is listed."""
        self._to_select = name
        self._select_soon()

    def cancel(self) -> None:
        """Stop what is being done; of a download what has come is kept for the next time."""
        if self.job is not None:
            self.job.cancel()
            self.cancel_button.setEnabled(False)

    def install_entry(self) -> None:
        """Show the licence of the selected entry, and install it once that is accepted."""
        row = self.row
        if row is None or row.entry is None:
            return
        self.dialog = dialog = terms_dialog(row.entry, self, self._viewer.theme)
        dialog.accepted.connect(partial(self.install_from, row.name, accepted=True))
        dialog.open()

    def install_from(self, what: str, model: str | None = None, *, accepted: bool = False) -> None:
        """Install a model by its name in the catalogue, from an address, an archive or a folder."""
        work = _asking(installing(what, model=model, accepted=accepted))
        self._run(work, f"Install {Path(what).name}", partial(self._conclude_install, what))

    def _lay_out(self) -> None:
        self.table.setMinimumHeight(TABLE_HEIGHT)
        self.place.setPlaceholderText(HINT)
        self.use.setToolTip("Choose it in the panel Segment")
        self.test.setToolTip("Segment its small test scan, and compare with what it should find")
        self.card.setToolTip("Title, source, licence and how it expects scans")
        self.export.setToolTip("One zip for a machine without internet")
        buttons = QGridLayout()
        six = (self.install, self.use, self.test, self.card, self.export, self.remove)
        for place, button in enumerate(six):
            buttons.addWidget(button, *divmod(place, 3))
        buttons.addWidget(self.place, 2, 0, 1, 3)
        buttons.addWidget(self.file, 3, 0)
        buttons.addWidget(self.add, 3, 1, 1, 2)
        self.body.addWidget(self.table, stretch=1)
        self.body.addLayout(buttons)
        self.body.addWidget(self.words)
        self.body.addStretch()
        for widget in (self.status, self.bar.native, self.cancel_button):
            self.foot.addWidget(widget)
        self.bar.native.hide()
        self.cancel_button.hide()

    def _connect(self, viewer: Viewer) -> None:
        self.follow(viewer.events.theme, self._follow_theme)
        self.follow(self._models_here.changed, self.list_models)
        self._listing.yielded.connect(self._take)
        self.table.selection.currentRowChanged.connect(self._show_selected)
        self.install.clicked.connect(self.install_entry)
        self.use.clicked.connect(self._segment_with_it)
        self.test.clicked.connect(self._run_test)
        self.card.clicked.connect(self._fill_in_card)
        self.export.clicked.connect(self._ask_where_to_export)
        self.remove.clicked.connect(self._ask_before_removing)
        self.file.clicked.connect(self._choose_file)
        self.place.returnPressed.connect(self._install_from_place)
        self.place.textChanged.connect(self._show_selected)
        self.add.clicked.connect(self._install_from_place)
        self.cancel_button.clicked.connect(self.cancel)
        for end in (self.closed, self.destroyed):
            end.connect(self._listing.close)

    def _follow_theme(self, event: Any = None) -> None:
        self.table.wear(self._viewer.theme)

    def _take(self, rows: list[ModelRow] | AbdosegError) -> None:
        if isinstance(rows, AbdosegError):
            self.status.setText(str(rows))
            return
        if self.status.text() == READING:
            self.status.setText("")
        self._to_select = self._to_select or (self.row.name if self.row else "")
        self.models.show_rows(rows)
        self._select_soon()
        self._show_selected()

    def _select_soon(self) -> None:
        names = [row.name for row in self.models.rows]
        if self._to_select in names:
            index = self.models.index(names.index(self._to_select), 0)
            self.table.setCurrentIndex(index)
            self.table.scrollTo(index)
            self._to_select = ""

    def _show_selected(self, *_: object) -> None:
        row, is_free = self.row, self.job is None
        self.words.setText(words_of(row) if row else "")
        is_here = row is not None and row.known is not None
        self.install.setEnabled(is_free and row is not None and not is_here)
        usable = row is not None and row.is_usable
        self.use.setEnabled(is_free and row is not None and (usable or row.is_asked))
        self.export.setEnabled(is_free and usable)
        self.test.setEnabled(is_free and row is not None and usable and row.card.test is not None)
        self.card.setEnabled(is_free and row is not None and usable and row.is_removable)
        self.remove.setEnabled(is_free and row is not None and row.is_removable)
        self.add.setEnabled(is_free and bool(self.place.text().strip()))

    def _run(self, work: Work[Any], title: str, conclude: Callable[[Any], None]) -> None:
        if self.job is not None:
            return
        self.job = Job(work, title)
        self.job.progressed.connect(self._show_progress)
        self.job.returned.connect(conclude)
        self.job.ended.connect(self._rest)
        self.status.setText("Starting")
        self.bar.max = 0
        self.bar.native.show()
        self.cancel_button.setEnabled(True)
        self.cancel_button.show()
        self._show_selected()
        self.job.start()

    def _show_progress(self, progress: Progress, time_left: str) -> None:
        self.bar.max = progress.total
        self.bar.value = progress.done
        self.status.setText(" · ".join(filter(None, (progress.words, time_left))))

    def _rest(self) -> None:
        """Back to where something else can be done."""
        job, self.job = self.job, None
        if job is not None and (job.cancelled or job.failed):
            self.status.setText(job.problem)
        self.bar.native.hide()
        self.cancel_button.hide()
        self._show_selected()

    def _conclude_install(self, what: str, result: Model | tuple[FoundModel, ...]) -> None:
        if isinstance(result, tuple):
            self.status.setText("")
            self._ask_which(what, result)
            return
        self.place.clear()
        self.status.setText(f"Installed {result.name}.")
        self.select(result.name)
        self._models_here.changed.emit()
        self._models_here.chosen.emit(result.name)

    def _ask_which(self, what: str, models: tuple[FoundModel, ...]) -> None:
        self.dialog = dialog = QInputDialog(self)
        dialog.setWindowTitle("Which model?")
        dialog.setLabelText(f"{Path(what).name} holds several models.")
        dialog.setComboBoxItems([each.inside or each.name for each in models])
        dialog.textValueSelected.connect(lambda inside: self.install_from(what, inside))
        dialog.open()

    def _choose_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Choose a model's archive", "", "Zip (*.zip)")
        if path:
            self.place.setText(path)

    def _install_from_place(self) -> None:
        if what := self.place.text().strip():
            self.install_from(what)

    def _segment_with_it(self) -> None:
        if (row := self.row) is not None:
            open_panel(self._viewer, "Segment organs")
            self._models_here.chosen.emit(row.name)

    def _run_test(self) -> None:
        if (row := self.row) is not None:
            self._run(running_test(row.name), f"Test {row.name}", self._tell_of_test)

    def _tell_of_test(self, found: Agreement) -> None:
        verdict = "It works here as it should" if found.passed else "It finds something else here"
        self.status.setText(
            f"{verdict}: {found.differing} of {found.voxels} voxels differ, an agreement of "
            f"{found.share:.6f}, of which {LEAST} is enough."
        )

    def _fill_in_card(self) -> None:
        row = self.row
        if row is None or row.known is None:
            return
        try:
            self.dialog = dialog = CardForm(row.name, row.known.folder, self)
        except AbdosegError as error:
            show_error(str(error))
            return
        dialog.accepted.connect(self._models_here.changed.emit)
        dialog.open()

    def _ask_where_to_export(self) -> None:
        row = self.row
        if row is None:
            return
        name = f"{row.name.replace('/', '_')}.zip"
        path, _ = QFileDialog.getSaveFileName(self, "Export the model", name, "Zip (*.zip)")
        if path:
            self.export_to(row.name, Path(path))

    def export_to(self, name: str, path: Path) -> None:
        """Write a model into a zip archive."""
        self._run(
            exporting(name, path),
            f"Export {name}",
            lambda made: self.status.setText(f"Saved {made}."),
        )

    def _ask_before_removing(self) -> None:
        row = self.row
        if row is None or row.known is None:
            return
        self.dialog = dialog = QMessageBox(self)
        dialog.setWindowTitle(f"Remove {row.name}")
        dialog.setText(f"Delete {row.known.folder} with all its files?")
        dialog.addButton("Remove", QMessageBox.ButtonRole.AcceptRole)
        dialog.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        dialog.accepted.connect(partial(self._remove, row.name))
        dialog.open()

    def _remove(self, name: str) -> None:
        self._run(_removing(name), f"Remove {name}", self._tell_of_removal)

    def _tell_of_removal(self, removed: KnownModel) -> None:
        self.status.setText(f"Removed {removed.name}.")
        self._models_here.changed.emit()


def _listing() -> Iterator[list[ModelRow] | ModelError]:
    try:
        yield model_rows()
    except ModelError as error:
        yield error


def _removing(name: str) -> Work[KnownModel]:
    """Remove a model; gigabytes take a while."""
    yield Progress("Removing", 0, 0)
    return remove_model(name)


def _asking(work: Work[Model]) -> Work[Model | tuple[FoundModel, ...]]:
    """Install a model, or give back those of which one is to be chosen."""
    try:
        return (yield from work)
    except ModelChoiceNeededError as question:
        return question.models
