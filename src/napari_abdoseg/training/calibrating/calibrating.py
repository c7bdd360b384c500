"""A model's calibration of expected DSC, from cases that one of its folds has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.files.json_file import read_any_json
from napari_abdoseg.inference.model.ensemble import Ensemble, load_ensemble
from napari_abdoseg.inference.model.model_folder import Model, read_model
from napari_abdoseg.inference.model.quality_calibration import QualityCalibration, write_quality
from napari_abdoseg.inference.preset import DEFAULT
from napari_abdoseg.progress import Progress, Work, relay
from napari_abdoseg.training.calibrating.fitting import LEAST, organ_curves
from napari_abdoseg.training.calibrating.observing import (
    STAGE,
    HeldOut,
    Observation,
    observing,
    shifts_of,
)
from napari_abdoseg.training.conversion.patient_splits import NAME
from napari_abdoseg.training.finished_steps import FinishedSteps
from napari_abdoseg.training.run import Run

MOST_CASES = 60
TOO_FEW = (
    "Of this model's label maps there will be no expected DSC, but how far its folds agree: to "
    "learn more takes two folds at least, and more cases."
)


def calibrating_models(run: Run, models: Mapping[str, Model]) -> Work[dict[str, Model]]:
    """Calibrate what a training gave, and have each model's folder say what was learnt.

    Parameters
    ----------
    run : Run
    models : dict of str to Model
        By configuration.

    Returns
    -------
    dict of str to Model
        As they are now.
    """
    calibrated = dict(models)
    for configuration, model in models.items():
        if len(run.settings.folds) < 2:
            yield Progress(STAGE, 0, 0, notice=TOO_FEW)
            continue
        notes = FinishedSteps(run.folders.results / f"abdoseg_observations_{configuration}.json")
        device = run.slots[0].device
        work = calibrating(model, held_out_cases(run), device, notes)
        if (calibration := (yield from work)) is None:
            yield Progress(STAGE, 0, 0, notice=TOO_FEW)
            continue
        write_quality(model.folder, calibration)
        calibrated[configuration] = read_model(model.folder)
    return calibrated


def held_out_cases(run: Run) -> list[HeldOut]:
    """Cases that one of the trained folds has not seen, of each fold equally many."""
    splits = read_any_json(run.folders.preprocessed / NAME)
    files = {case.name: case for case in run.folders.dataset.training}
    chosen = []
    folds = run.settings.folds
    for fold in folds:
        names = [name for name in sorted(splits[fold]["val"]) if name in files]
        for name in names[: max(1, MOST_CASES // len(folds))]:
            case = files[name]
            if case.labels is not None and len(case.images) == 1:
                chosen.append(HeldOut(name, case.images[0], case.labels, str(fold)))
    return chosen


def calibrating(
    model: Model, cases: Sequence[HeldOut], device: str, notes: FinishedSteps
) -> Work[QualityCalibration | None]:
    """Learn what is to be expected of a model's label maps.

    Parameters
    ----------
    model : Model
    cases : sequence of HeldOut
    device : str
    notes : FinishedSteps
        Of what was looked at before, so that it goes on from there.

    Returns
    -------
    QualityCalibration or None
        None where too little is known of any organ.
    """
    yield Progress(STAGE, 0, 0)
    looks = [(case, shift) for case in cases for shift in shifts_of(case.name)]
    if len(looks) < LEAST:
        return None
    ensemble = load_ensemble(model, None, device)
    (trained,) = ensemble.configurations
    sha256 = trained.sha256(trained.folds)
    observations: list[Observation] = []
    for number, (case, shift) in enumerate(looks):
        place = partial(_at, number, len(looks))
        seen = yield from relay(_noted(case, shift, ensemble, f"{sha256} {DEFAULT}", notes), place)
        observations += seen
    names = sorted({each.organ for each in observations})
    folds = len(trained.folds)
    curves = {
        name: found
        for name in names
        if (found := organ_curves([each for each in observations if each.organ == name], folds))
    }
    if not curves:
        return None
    return QualityCalibration(
        sha256=sha256,
        folds=list(trained.folds),
        preset=DEFAULT,
        cases=len({each.case for each in observations}),
        organs=curves,
    )


def _noted(
    case: HeldOut, shift: str, ensemble: Ensemble, of: str, notes: FinishedSteps
) -> Work[tuple[Observation, ...]]:
    """Look at a case, or know it from before; one that can't be read is told and left out."""
    step = f"{of} {case.name} {shift}"
    if (before := notes.get(step)) is not None:
        return tuple(Observation(**each) for each in before)
    try:
        found = yield from observing(case, shift, ensemble, DEFAULT)
    except AbdosegError as error:
        yield Progress(STAGE, 0, 0, notice=f"{case.name} is left out: {error}")
        return ()
    notes.add(step, list(map(asdict, found)))
    return found


def _at(number: int, total: int, progress: Progress) -> Progress:
    return replace(progress, stage=STAGE, done=number, total=total)
