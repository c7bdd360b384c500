"""Label maps by a model for those cases of a work list that have none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.claims import Claims
from napari_abdoseg.batch.fleet import segmenting_on
from napari_abdoseg.batch.goal import SegmentationJob
from napari_abdoseg.batch.pipeline import Pipeline
from napari_abdoseg.batch.recipe import Recipe
from napari_abdoseg.batch.run import Segmenting
from napari_abdoseg.batch.run_state import RunState
from napari_abdoseg.batch.step import Step
from napari_abdoseg.inference.hardware.device import choose_devices
from napari_abdoseg.inference.hardware.startup import prepare_for_torch
from napari_abdoseg.inference.model.ensemble import Ensemble, loading_ensemble
from napari_abdoseg.inference.model.model_folder import Model, read_model
from napari_abdoseg.inference.preset import DEFAULT
from napari_abdoseg.progress import Work
from napari_abdoseg.worklist.listing.listing import listing
from napari_abdoseg.worklist.predicting.missing_masks import MissingMasks, cases_without, take_in
from napari_abdoseg.worklist.records.work_folder import WorkFolder

Segment = Callable[[Sequence[Case], Claims], Segmenting]
"""Works on cases, as far as the claims to them are to be had."""


@dataclass(frozen=True)
class PredictionSettings:
    """By what cases are predicted, how and where.

    Parameters
    ----------
    models : tuple of str
        Names, or nnU-Net model folders; several are averaged.
    folds : tuple of str, optional
        All by default.
    preset, device : str
    scheduler : str
        Of a Dask cluster whose workers do the work; empty for this machine.
    """

    models: tuple[str, ...] = ("demo",)
    folds: tuple[str, ...] | None = None
    preset: str = DEFAULT
    device: str = "auto"
    scheduler: str = ""


@dataclass(frozen=True)
class Predicted:
    """What came of it.

    Parameters
    ----------
    made : tuple of str
        Cases that have a label map now.
    failed : tuple of (str, str)
        Others, and why they have none.
    """

    made: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()


def predicting_missing(
    folder: WorkFolder, settings: PredictionSettings, first: Sequence[str] = ()
) -> Work[Predicted]:
    """Predict the cases that are to do and have no label map, but those that somebody has open.

    The logits that hints to a correction go by are kept with them, where one configuration works.

    Several who do this at once, wherever they are, share the cases. One that has a label map
    when its prediction is there keeps it.

    Parameters
    ----------
    folder : WorkFolder
    settings : PredictionSettings
    first : sequence of str, optional
        Cases that are to be predicted before all others, in this order.

    Yields
    ------
    Progress
        Over all cases, in thousandths of a case. Once a case has its label map, ``interim`` is
        its name.

    Raises
    ------
    AbdosegError
        There are no scans, the model or device can't be used, or no scheduler answers.
    SaveError
        Results can't be written; what is finished stays.
    """
    made = take_in(folder)
    rows = yield from listing(folder)
    places = {name: place for place, name in enumerate(first)}
    order = sorted(rows, key=lambda row: (places.get(row.name, len(places)), row.name))
    cases = cases_without(folder, order)
    if not cases:
        return Predicted(tuple(made))
    segmenting = yield from _beginning(folder, settings)
    state, claims = RunState([], cases), Claims(folder.predictions)
    try:
        with closing(segmenting(cases, claims)) as reports:
            for report in reports:
                progress = state.note(report)
                came_in = take_in(folder) if isinstance(report, Step) and report.end else []
                made += came_in
                yield progress
                for name in came_in:
                    yield replace(progress, notice=None, interim=name)
    finally:
        claims.leave()
    failed = ((case.name, reason) for case, reason in state.outcome().failed)
    return Predicted(tuple(made), tuple(failed))


def _beginning(folder: WorkFolder, settings: PredictionSettings) -> Work[Segment]:
    """Load what is needed, and tell how cases are segmented with it."""
    models = [read_model(model) for model in settings.models]
    if settings.scheduler:
        return (yield from _beginning_on_cluster(folder, models, settings))
    prepare_for_torch()
    devices = choose_devices(settings.device)
    one = settings.device if len(devices) == 1 else devices[0].name
    ensemble = yield from loading_ensemble(models, settings.folds, one)
    goal = _goal(folder, ensemble, settings)
    job = SegmentationJob.for_this_machine(ensemble, goal)

    def segment(cases: Sequence[Case], claims: Claims) -> Segmenting:
        if len(devices) > 1 and len(cases) > 1:
            return segmenting_on(devices, cases, job)
        return Pipeline(job, ensemble, claims).run(iter(cases))

    return segment


def _beginning_on_cluster(
    folder: WorkFolder, models: Sequence[Model], settings: PredictionSettings
) -> Work[Segment]:
    from napari_abdoseg.batch.cluster.ensembles import loading_to_send
    from napari_abdoseg.batch.cluster.predicting import segmenting_cases
    from napari_abdoseg.batch.cluster.service import FolderService

    ensemble = yield from loading_to_send(models, settings.folds)
    job = SegmentationJob.for_others(ensemble, _goal(folder, ensemble, settings))

    def segment(cases: Sequence[Case], claims: Claims) -> Segmenting:
        return segmenting_cases(settings.scheduler, cases, FolderService(job, claims))

    return segment


def _goal(folder: WorkFolder, ensemble: Ensemble, settings: PredictionSettings) -> MissingMasks:
    logits = len(ensemble.configurations) == 1
    recipe = Recipe.of(ensemble, settings.preset, logits=logits)
    return MissingMasks(recipe, folder=folder)
