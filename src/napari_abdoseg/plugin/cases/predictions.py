"""Cases without masks are predicted in the background while one corrects others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from weakref import finalize

from napari.components import ViewerModel
from qtpy.QtCore import QCoreApplication, QObject, Qt, Signal
from qtpy.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.plugin.cases.at_work import cases_at_work
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.plugin.segment.chosen_model import chosen_model
from napari_abdoseg.plugin.viewing.viewer_state import state_of
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.preferences import preferences
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel
from napari_abdoseg.progress import Progress
from napari_abdoseg.worklist.predicting.background import predicting_in_background
from napari_abdoseg.worklist.predicting.missing_masks import cases_without
from napari_abdoseg.worklist.predicting.predicting import Predicted, PredictionSettings
from napari_abdoseg.worklist.records.work_folder import WorkFolder

OFFER = "Predict {} without masks meanwhile, with {}"
TIP = (
    "With {}, the model that is chosen in Segment organs, in the background, or on the cluster "
    "that is set there. It stops at once when you segment something yourself."
)
MIDDLE = Qt.TextElideMode.ElideMiddle
NAME_WIDTH = 100
"""Pixels that the name of a model has."""
WAITS = "Waits until you have segmented."


def background_predictions(viewer: ViewerModel) -> BackgroundPredictions:
    """What predicts the cases of a viewer's work list."""
    return state_of(viewer, BackgroundPredictions)


class BackgroundPredictions(QObject):
    """Has a process predict the cases that have no masks, as long as that is wanted.

    It is ended at once when the user segments something, and begun anew after that.

    Parameters
    ----------
    viewer : ViewerModel

    Attributes
    ----------
    is_wanted : bool
    words : str
        What is being done, or why it can't.
    """

    changed = Signal()

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._cases = cases_at_work(viewer)
        self._model = chosen_model(viewer)
        self.is_wanted = False
        self.words = ""
        self._tried: set[str] = set()
        self._asked: tuple[str, ...] = ()
        self._work = LatestWork(_predicting, settle_ms=0)
        self._work.yielded.connect(self._take)
        self._cases.listed.connect(self._go_on)
        self._model.began.connect(self._make_way)
        self._model.rested.connect(self._go_on)
        finalize(viewer, self._work.close)
        sure(QCoreApplication.instance()).aboutToQuit.connect(self._work.close)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Cases that have no masks, in the order in which they will be opened."""
        cases = self._cases
        if cases.folder is None:
            return ()
        without = {case.name for case in cases_without(cases.folder, cases.rows)}
        return tuple(name for name in _in_order(cases.names_ahead, sorted(without)))

    @property
    def model(self) -> str:
        """The model that is chosen, by its name."""
        return Path(self._model.settings.model).name

    def want(self, wanted: bool) -> None:
        """Predict from now on, or no more."""
        self.is_wanted, self.words, self._tried = wanted, "", set()
        self._work.close()
        self._go_on()
        self.changed.emit()

    def _make_way(self) -> None:
        self._work.close()
        self._tell(WAITS if self.is_wanted else "")

    def _go_on(self) -> None:
        """Begin, if there is something to be done that was not tried yet."""
        folder, waiting = self._cases.folder, self.waiting
        if not self.is_wanted or folder is None or self._work.is_busy or self._model.is_at_work:
            return
        if not self._tried.issuperset(waiting):
            self._asked = waiting
            self._work.start_soon(folder, self._settings, waiting)
            self._tell("")

    @property
    def _settings(self) -> PredictionSettings:
        chosen, cluster = self._model.settings, str(preferences().segmenting.cluster).strip()
        device = "auto" if cluster else chosen.device
        return PredictionSettings((chosen.model,), chosen.folds, chosen.preset, device, cluster)

    def _take(self, said: Progress | Predicted | AbdosegError) -> None:
        if isinstance(said, Progress):
            share = f", {said.fraction:.0%}" if said.total else ""
            self._tell(f"{said.words}{share}")
            if said.interim is not None:
                self._cases.watch.look()
        elif isinstance(said, Predicted):
            self._tried |= {*self._asked}
            self._tell(" ".join(f"{case} failed: {reason}" for case, reason in said.failed))
            self._cases.watch.look()
        else:
            self.is_wanted = False
            self._tell(str(said))

    def _tell(self, words: str) -> None:
        if words != self.words:
            self.words = words
            self.changed.emit()


class PredictionRow(QWidget):
    """Offers to predict, and tells how far that is.

    Parameters
    ----------
    predictions : BackgroundPredictions
    """

    def __init__(self, predictions: BackgroundPredictions) -> None:
        super().__init__()
        self._predictions = predictions
        self.box, self.words = QCheckBox(), WrappedLabel()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (self.box, self.words):
            layout.addWidget(part)
        self.box.clicked.connect(predictions.want)
        self.show_state()

    def show_state(self) -> None:
        """Show what is being done now."""
        predictions = self._predictions
        count = len(predictions.waiting)
        cases = "1 case" if count == 1 else f"{count:,} cases"
        name = self.fontMetrics().elidedText(predictions.model, MIDDLE, NAME_WIDTH)
        self.box.setText(OFFER.format(cases, name))
        self.box.setToolTip(TIP.format(predictions.model))
        self.box.setChecked(predictions.is_wanted)
        self.words.setText(predictions.words)
        self.words.setVisible(bool(predictions.words))
        self.setVisible(bool(count or predictions.words))


def _in_order(names: Sequence[str], known: Sequence[str]) -> Iterator[str]:
    """Those of the known ones, the others after them."""
    there = set(known)
    yield from dict.fromkeys((*(name for name in names if name in there), *known))


def _predicting(
    folder: WorkFolder, settings: PredictionSettings, first: Sequence[str]
) -> Iterator[Progress | Predicted | AbdosegError]:
    try:
        yield (yield from predicting_in_background(folder, settings, first))
    except AbdosegError as error:
        yield error
