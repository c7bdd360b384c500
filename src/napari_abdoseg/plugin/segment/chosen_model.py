"""The model that a viewer's panels segment with, and how: what is chosen in the panel Segment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from napari.components import ViewerModel
from psygnal import Signal

from napari_abdoseg.inference.model.ensemble import Ensemble
from napari_abdoseg.inference.model.model_folder import Model, read_model
from napari_abdoseg.inference.preset import PRESETS
from napari_abdoseg.plugin.segment.last_ensemble import LastEnsemble
from napari_abdoseg.plugin.viewing.viewer_state import state_of
from napari_abdoseg.plugin.widgets.preferences import preferences
from napari_abdoseg.progress import Work

AUTO, BEST = "auto", "the best device"


class ChosenSettings(NamedTuple):
    """What a model is to work with; None for all of its folds."""

    model: str
    folds: tuple[str, ...] | None
    preset: str
    device: str

    def words(self, model: Model) -> str:
        """Such as ``"demo with fold 0 of 5, fast, on cpu"``."""
        folds = PRESETS[self.preset].used(model.choose_folds(self.folds))
        names = f"fold{'s' * (len(folds) > 1)} {', '.join(folds)} of {len(model.folds)}"
        told = f"all {len(folds)} folds" if len(folds) == len(model.folds) > 1 else names
        with_folds = f" with {told}" if len(model.folds) > 1 else ""
        device = BEST if self.device == AUTO else self.device
        return f"{model.name}{with_folds}, {self.preset}, on {device}"


def chosen_model(viewer: ViewerModel) -> ChosenModel:
    """What is chosen for a viewer."""
    return state_of(viewer, ChosenModel)


class ChosenModel:
    """Model, preset and device as the preferences have them; folds as long as the viewer lives.

    Parameters
    ----------
    viewer : ViewerModel
    """

    folds_changed = Signal()
    began = Signal()
    """The user has something segmented from now on: what works in the background makes way."""
    rested = Signal()
    """No more."""

    def __init__(self, viewer: ViewerModel) -> None:
        self.last_ensemble = LastEnsemble()
        self._folds: dict[str, tuple[str, ...]] = {}
        self.is_at_work = False

    @property
    def settings(self) -> ChosenSettings:
        """What is chosen now."""
        kept = preferences().segmenting
        return ChosenSettings(kept.model, self._folds.get(kept.model), kept.preset, kept.device)

    def choose_folds(self, model: str, folds: Sequence[str]) -> None:
        """Have a model, by its name or folder, work with these of its folds."""
        self._folds[model] = tuple(folds)
        self.folds_changed.emit()

    def follow(self, hear: Callable[[], None]) -> Callable[[], None]:
        """Call ``hear`` when something else is chosen, until what this returns is called."""

        def hear_of(event: Any = None) -> None:
            hear()

        kept = preferences().segmenting.events
        told = self.folds_changed, kept.model, kept.preset, kept.device
        for each in told:
            each.connect(hear_of)

        def end() -> None:
            for each in told:
                each.disconnect(hear_of)

        return end

    def begin(self) -> None:
        """Tell that the user has something segmented."""
        self.is_at_work = True
        self.began.emit()

    def rest(self) -> None:
        """Tell that it is done."""
        self.is_at_work = False
        self.rested.emit()

    def model(self) -> Model:
        """The model that is chosen, checked.

        Raises
        ------
        ModelError
            It can't be used as it is.
        """
        return read_model(self.settings.model)

    def loading(self, model: Model, settings: ChosenSettings) -> Work[Ensemble]:
        """Load the folds that are chosen, unless they were loaded last."""
        folds = model.choose_folds(settings.folds)
        return (yield from self.last_ensemble.loading(model, folds, settings.device))
