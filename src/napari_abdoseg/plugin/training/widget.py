"""Dock widget `Training`: how nnU-Net's folds are doing, here or on another machine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, PushButton
from napari.utils.notifications import show_info
from napari.utils.theme import get_theme
from qtpy.QtCore import QSize
from qtpy.QtWidgets import QFileDialog, QFormLayout

from napari_abdoseg.plugin.jobs.job import Job
from napari_abdoseg.plugin.training.curves_picture import CurvesPicture
from napari_abdoseg.plugin.training.fold_columns import TROUBLE, FoldRow, fold_columns, fold_rows
from napari_abdoseg.plugin.training.watching import TrainingWatch
from napari_abdoseg.plugin.viewing.viewer_state import unwrapped
from napari_abdoseg.plugin.widgets.narrow_choice import keep_narrow
from napari_abdoseg.plugin.widgets.panel import Panel
from napari_abdoseg.plugin.widgets.path_edit import folder_edit, path_in
from napari_abdoseg.plugin.widgets.readable import readable
from napari_abdoseg.plugin.widgets.table_model import TableModel
from napari_abdoseg.plugin.widgets.tables import PlainTable
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel
from napari_abdoseg.progress import Progress, Work
from napari_abdoseg.training.watching.finding import WatchedFold
from napari_abdoseg.training.watching.look import Look
from napari_abdoseg.training.watching.saving import save_curves
from napari_abdoseg.training.watching.words import model_words

if TYPE_CHECKING:
    from napari import Viewer

SPARE, WIDTH = 8, 360
HINT = (
    "Choose the folder of a training: a fold, an nnU-Net model folder, or nnU-Net's results. It "
    "may be on another machine, in a shared folder."
)
NOTHING = "There is no training in this folder yet: nnU-Net writes fold_0/training_log_….txt."
GONE = "The folder can't be read any more. These are the curves as they were last."


class TrainingWidget(Panel):
    """Follow nnU-Net trainings by their log files."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__("Training")
        self._viewer = unwrapped(napari_viewer)
        self._look = Look("#000000", "#ffffff")
        self._models: dict[Path, tuple[WatchedFold, ...]] = {}
        self._drawn: object = None
        self._is_gone = False
        self.watch = TrainingWatch()
        self.job: Job | None = None
        self.folder = folder_edit()
        self.model = ComboBox(choices=self._model_choices)
        keep_narrow(self.model.native)
        self.folds: TableModel[FoldRow] = TableModel(fold_columns("#ffffff", TROUBLE))
        self.table = PlainTable(self.folds)
        self.table.setUniformRowHeights(True)
        self.words = WrappedLabel()
        self.picture = CurvesPicture()
        self.save = PushButton(
            text="Save curves…", tooltip="As curves.png and curves.csv, of all folds"
        )
        self._lay_out()
        self._follow_theme()
        self.follow(self._viewer.events.theme, self._follow_theme)
        self.folder.changed.connect(self._follow_chosen)
        self.folder.line_edit.native.editingFinished.connect(self._follow_folder)
        self.model.changed.connect(self._show_model)
        self.table.selection.currentRowChanged.connect(self._show_model)
        self.save.changed.connect(self._ask_where_to_save)
        self.watch.looked.connect(self._take)
        self._show_model()

    def sizeHint(self) -> QSize:  # noqa: N802
        return super().sizeHint().expandedTo(QSize(WIDTH, 0))

    def showEvent(self, event: Any) -> None:  # noqa: N802
        super().showEvent(event)
        self.watch.resume()

    def hideEvent(self, event: Any) -> None:  # noqa: N802
        super().hideEvent(event)
        self.watch.pause()
        self.picture.close_background()

    @property
    def all_folds(self) -> tuple[WatchedFold, ...]:
        """Folds of the model that is shown."""
        return self._models.get(self.model.value, ())

    def _lay_out(self) -> None:
        self._form = QFormLayout()
        self._form.addRow("Training", self.folder.native)
        self._form.addRow("Model", self.model.native)
        layout = self.body
        layout.addLayout(self._form)
        layout.addWidget(self.table)
        layout.addWidget(self.words)
        layout.addWidget(self.picture, stretch=1)
        layout.addWidget(self.save.native)
        layout.addStretch()

    def _model_choices(self, _: object = None) -> list[tuple[str, Path]]:
        return [(name, model) for model, name in model_words(self._models).items()]

    def _follow_theme(self, _: object = None) -> None:
        theme = get_theme(self._viewer.theme)
        background, text = (color.as_hex(format="long") for color in (theme.background, theme.text))
        self._look = Look(background, text)
        self.table.wear(self._viewer.theme)
        self._show_model()

    def _follow_chosen(self) -> None:
        """Follow a folder that was chosen; one that is typed waits until it is whole."""
        if not self.folder.line_edit.native.isModified():
            self._follow_folder()

    def _follow_folder(self) -> None:
        folder = path_in(self.folder)
        if folder == self.watch.folder:
            return
        self._models = {}
        self.model.reset_choices()
        self.watch.follow(folder)
        self._show_model()

    def _take(self, folds: Sequence[WatchedFold]) -> None:
        """Show what the last look has seen; what is gone stays as it was last."""
        self._is_gone = not folds
        if folds:
            groups = groupby(folds, key=lambda fold: fold.curves.model)
            models = {model: tuple(group) for model, group in groups}
            known, self._models = self._models, models
            if known.keys() != models.keys():
                self.model.reset_choices()
        self._show_model()

    def _show_model(self, *_: object) -> None:
        folds = self.all_folds
        self._form.setRowVisible(self.model.native, len(self._models) > 1)
        for widget in (self.table, self.picture, self.save.native):
            widget.setVisible(bool(folds))
        colors = [self._look.fold(place) for place in range(len(folds))]
        trouble = readable(TROUBLE, self._viewer.theme)
        self.folds.update_rows(
            fold_rows(folds, colors), fold_columns(self._look.foreground, trouble)
        )
        self._fit_table()
        chosen = self._chosen(len(folds))
        self.words.setText(self._words(folds[chosen]))
        drawn = [fold.curves for fold in folds[chosen]], colors[chosen], self._look
        if drawn != self._drawn:
            self._drawn = drawn
            self.picture.show_curves(*drawn)

    def _chosen(self, folds: int) -> slice:
        """Which of so many folds the selected row stands for; all where there is no such row."""
        place = self.table.currentIndex().row() - (self.folds.rowCount() - folds)
        return slice(place, place + 1) if 0 <= place < folds else slice(folds)

    def _fit_table(self) -> None:
        """All rows are seen."""
        count = self.folds.rowCount()
        rows = count * self.table.sizeHintForRow(count - 1)
        self.table.setFixedHeight(self.table.head.sizeHint().height() + rows + SPARE)

    def _words(self, folds: Sequence[WatchedFold]) -> str:
        if self.watch.folder is None:
            return HINT
        if not folds:
            return NOTHING
        reasons = [
            f"{fold.curves.name} {found.trouble}: {found.reason}"
            for fold in folds
            for found in fold.findings
        ]
        return "\n".join([GONE, *reasons] if self._is_gone else reasons)

    def _ask_where_to_save(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Save curves.png and curves.csv in")
        if folder and self.job is None:
            self.save_curves(Path(folder))

    def save_curves(self, folder: Path) -> None:
        """Write the curves of all folds of the model that is shown."""
        self.job = Job(_saving(self.all_folds, folder), "Save curves")
        self.job.returned.connect(show_info)
        self.job.ended.connect(partial(setattr, self, "job", None))
        self.job.start()


def _saving(folds: Sequence[WatchedFold], folder: Path) -> Work[str]:
    yield Progress("Drawing", 0, 0)
    files = save_curves(folds, folder)
    return f"Saved {' and '.join(map(str, files))}."
