"""Folds spread over devices, each taking the next one when it is free."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack

from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.progress import Progress, Work
from napari_abdoseg.training.beginnings import note_settings
from napari_abdoseg.training.devices import Slot
from napari_abdoseg.training.fold import Fold
from napari_abdoseg.training.nnunet_process import PAUSE, NnunetProcess
from napari_abdoseg.training.run import Run

_log = logging.getLogger(__name__)


def training_folds(run: Run, configurations: Sequence[str]) -> Work[None]:
    """Train those folds of these configurations that are not finished.

    Yields
    ------
    Progress
        Epochs of all folds, and one step more for each one's validation.

    Raises
    ------
    TrainingError
        A fold failed; the others are stopped, and go on from their latest epoch next time.
    """
    for configuration in configurations:
        note_settings(run, configuration)
    folds = [
        Fold(configuration, number, run.folder(configuration) / f"fold_{number}")
        for configuration in configurations
        for number in run.settings.folds
    ]
    stage, epochs = f"Training {', '.join(configurations)}", run.settings.epochs
    total = len(folds) * (epochs + 1)
    waiting = deque(fold for fold in folds if not fold.finished)
    running: dict[int, NnunetProcess] = {}
    with ExitStack() as started:
        while waiting or running:
            for number, slot in enumerate(run.slots):
                if number not in running and waiting:
                    process = _start(run, waiting.popleft(), slot)
                    running[number] = started.enter_context(process)
            done = sum(fold.epochs_done(epochs) + fold.finished for fold in folds)
            yield Progress(stage, done, total)
            time.sleep(PAUSE)
            for number in [each for each, process in running.items() if not process.running]:
                running.pop(number).result()
    yield Progress(stage, total, total)


def _start(run: Run, fold: Fold, slot: Slot) -> NnunetProcess:
    settings = run.settings
    arguments = {
        "preprocessed": str(run.folders.preprocessed),
        "plans": settings.plans,
        "configuration": fold.configuration,
        "fold": fold.number,
        "trainer": settings.trainer,
        "device": slot.kind,
        "gpus": len(slot.gpus),
        "epochs": settings.epochs,
        "iterations": settings.iterations,
        "optimizer": settings.optimizer,
        "learning_rate": settings.first_rate,
        "threads": slot.threads,
        "start_from": _first_weights(run, fold.number),
        "keep_probabilities": len(settings.all_configurations) > 1,
    }
    log = fold.folder / "abdoseg.log"
    _log.info(
        "Fold %d of %s begins on %s; nnU-Net says more in %s",
        *(fold.number, fold.configuration, slot.kind, log),
    )
    environment = run.folders.environment() | slot.environment()
    return NnunetProcess("train_fold", arguments, environment, log)


def _first_weights(run: Run, fold: int) -> str | None:
    """Checkpoint of the model to start from whose fold has the same number, or another."""
    if run.settings.start_from is None:
        return None
    model = read_model(run.settings.start_from)
    folds = model.choose_folds()
    return str(model.checkpoint(folds[fold % len(folds)]))
