"""Fingerprint and plans of a data set, and whether their batches fit into memory."""

from __future__ import annotations

import shutil

from napari_abdoseg.errors import TrainingError
from napari_abdoseg.progress import Work
from napari_abdoseg.training.plans import copy_plans, take_over_plans
from napari_abdoseg.training.run import Run, processes
from napari_abdoseg.training.splits import take_over_splits


def planning(run: Run) -> Work[None]:
    """Measure the data set and plan what the settings ask for, unless that is done.

    Raises
    ------
    TrainingError
        nnU-Net failed, or plans no such configuration; or the data set brings too few folds.
    DatasetError
        The folds that it brings can't be used.
    """
    dataset, settings = run.folders.dataset, run.settings
    if not run.steps.hold("fingerprint", True):
        arguments = {"dataset": dataset.name, "processes": processes()}
        yield from run.follow("fingerprint", arguments, "Measuring the data set")
        run.steps.add("fingerprint", True)
    shutil.copyfile(dataset.folder / "dataset.json", run.folders.preprocessed / "dataset.json")
    take_over_splits(run)
    if settings.start_from:
        take_over_plans(settings.start_from, run.folders, settings)
    elif not run.steps.hold(settings.planned, True):
        wishes = {
            "dataset": dataset.name,
            "planner": settings.planner,
            "identifier": settings.planned,
            "spacing": settings.spacing,
        }
        threads = {"nnUNet_n_proc_DA": str(processes())}
        yield from run.follow("plan", wishes, "Planning", threads)
        run.steps.add(settings.planned, True)
    copy_plans(run.folders, settings)
    _require_planned(run)


def trying_steps(run: Run) -> Work[None]:
    """Train on one batch of each configuration, on each kind of device.

    Raises
    ------
    TrainingError
        It does not fit into memory.
    """
    kinds = {(slot.kind, len(slot.gpus)): slot for slot in run.slots}
    for configuration in run.settings.all_configurations:
        for (kind, gpus), slot in kinds.items():
            tried = f"{run.settings.plans} {configuration} on {kind} {gpus}"
            if run.steps.hold(tried, run.settings.trainer):
                continue
            arguments = {
                "preprocessed": str(run.folders.preprocessed),
                "plans": run.settings.plans,
                "configuration": configuration,
                "trainer": run.settings.trainer,
                "device": kind,
                "gpus": gpus,
            }
            stage = f"Trying a batch of {configuration}"
            fit = yield from run.follow("try_step", arguments, stage, slot.environment())
            require_fit(fit, configuration, kind)
            run.steps.add(tried, run.settings.trainer)


def require_fit(fit: dict[str, int], configuration: str, kind: str) -> None:
    """Require that a batch fits, as `try_step` found it.

    Raises
    ------
    TrainingError
        It does not.
    """
    if fit["wanted"] <= fit["largest"]:
        return
    device = "each GPU" if kind == "cuda" else "the main memory"
    smaller = f"give --batch-size {fit['largest']}"
    way_out = smaller if fit["largest"] >= 1 else "choose a smaller --planner"
    raise TrainingError(
        f"A batch of {fit['wanted']} for {configuration} needs {fit['needed'] / 1e9:.1f} GB or "
        f"more of {device}, and {fit['available'] / 1e9:.1f} GB are free: {way_out}."
    )


def _require_planned(run: Run) -> None:
    planned = run.plans["configurations"]
    for configuration in run.settings.all_configurations:
        if configuration not in planned:
            raise TrainingError(
                f"The plans for {run.folders.dataset.name} have no {configuration}, since its "
                f"images are too small for it: choose among {', '.join(planned)}."
            )
