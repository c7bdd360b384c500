"""`abdoseg predict`: organs of CT files."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_abdoseg.cli.console import say, show
from napari_abdoseg.cli.model_options import Devices, Folds, Models, Preset, Scheduler
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.inference.hardware.startup import prepare_for_torch
from napari_abdoseg.inference.preset import DEFAULT, find_preset
from napari_abdoseg.log import keep_log
from napari_abdoseg.progress import Work

if TYPE_CHECKING:
    from napari_abdoseg.batch.case import Case
    from napari_abdoseg.batch.run_state import Outcome
    from napari_abdoseg.inference.model.model_folder import Model

INCOMPLETE, NOTHING = 1, 2


def predict(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            help="CT files (.nii, .nii.gz, .nrrd, .mha), folders that are searched to any depth, "
            "or lists (.txt) with a path a line."
        ),
    ],
    output: Annotated[Path, typer.Option(help="Folder for label maps, reports and organs.csv.")],
    model: Models = None,
    folds: Folds = None,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Weights to use of each fold, such as checkpoint_best.pth; the final ones by "
            "default.",
        ),
    ] = None,
    preset: Preset = DEFAULT,
    device: Devices = "auto",
    overwrite: Annotated[bool, typer.Option(help="Make finished cases again.")] = False,
    disagreement: Annotated[
        bool,
        typer.Option(
            "--disagreement",
            help="Also write how many folds dissent at each voxel, and list places to review.",
        ),
    ] = False,
    keep_logits: Annotated[
        bool,
        typer.Option(
            "--keep-logits",
            help="Also write the networks' logits around the organs, 15 MB a case at most, which "
            "hints to a correction go by.",
        ),
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Cases that are prepared, and written, beside the networks of a device; one by "
            "default.",
        ),
    ] = None,
    scheduler: Scheduler = None,
) -> None:
    """Find the organs of CTs; write a label map, a report and a table.

    Stop it whenever you like: the same command goes on where it was.

    Exit status 1: a case failed; 2: nothing has a result.
    """
    from napari_abdoseg.batch.finding import finding_cases
    from napari_abdoseg.batch.folder import WORKERS, predicting
    from napari_abdoseg.cli.predict_words import introduce, tell
    from napari_abdoseg.inference.hardware.device import choose_devices
    from napari_abdoseg.inference.model.ensemble import loading_ensemble
    from napari_abdoseg.inference.model.model_folder import read_model

    begin = time.monotonic()
    used = find_preset(preset).used
    cases = show(finding_cases(inputs, output))
    if len(cases) > 1:
        keep_log("predict")
    models = [read_model(each, checkpoint) for each in model or ["demo"]]
    chosen = (models, folds.split(",") if folds else None)
    if scheduler:
        require_nothing_of_this_machine(device, workers)
        asked_for = (preset, disagreement, overwrite, keep_logits)
        work = on_cluster(cases, chosen, asked_for, scheduler)
    else:
        prepare_for_torch()
        devices = choose_devices(device)
        one = device if len(devices) == 1 else devices[0].name
        ensemble = show(loading_ensemble(*chosen, one, used))
        introduce(ensemble)
        if len(devices) > 1:
            say(f"A process on each of {', '.join(each.name for each in devices)}.")
        work = predicting(
            cases,
            ensemble,
            preset,
            overwrite,
            disagreement,
            foretell=len(devices) == 1,
            workers=workers or WORKERS,
            devices=devices,
            keep_logits=keep_logits,
        )
    outcome = show(work)
    tell(outcome, output, time.monotonic() - begin)
    if outcome.failed:
        raise typer.Exit(INCOMPLETE if outcome.finished else NOTHING)


def require_nothing_of_this_machine(device: str, workers: int | None) -> None:
    """Require that neither device nor workers of this machine were asked for beside a cluster.

    Raises
    ------
    AbdosegError
        They were.
    """
    if device != "auto":
        raise AbdosegError(
            f"--device {device} is of this machine, --scheduler has the workers of a cluster do "
            "the work, each on its own device: leave one of them out."
        )
    if workers is not None:
        raise AbdosegError(
            f"--workers {workers} is of this machine, --scheduler has the workers of a cluster do "
            "the work, one case at a time each: leave one of them out."
        )


def on_cluster(
    cases: Sequence[Case],
    chosen: tuple[list[Model], list[str] | None],
    asked_for: tuple[str, bool, bool, bool],
    scheduler: str,
) -> Work[Outcome]:
    """The same by the workers of a cluster, with models and folds that were chosen.

    What is asked for is the preset, where folds disagree, results anew, and logits.
    """
    from napari_abdoseg.batch.cluster.ensembles import loading_to_send
    from napari_abdoseg.batch.cluster.predicting import predicting_on_cluster
    from napari_abdoseg.batch.goal import Goal, SegmentationJob
    from napari_abdoseg.cli.predict_words import introduce

    ensemble = show(loading_to_send(*chosen))
    introduce(ensemble)
    goal = Goal.of(ensemble, *asked_for)
    return predicting_on_cluster(cases, SegmentationJob.for_others(ensemble, goal), scheduler)
