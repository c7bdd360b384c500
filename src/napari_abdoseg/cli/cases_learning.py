"""`abdoseg cases predict | export | changed-by`: from models to cases, and back to training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_abdoseg.cli.cases_options import (
    FAULTY,
    NOTHING_LEFT,
    Masks,
    Scans,
    Statuses,
    statuses_of,
    work_folder,
)
from napari_abdoseg.cli.completion import complete_model
from napari_abdoseg.cli.console import console, say, say_failed, show
from napari_abdoseg.cli.model_options import Devices, Folds, Models, Preset, Scheduler
from napari_abdoseg.inference.preset import DEFAULT


def predict(
    folder: Scans,
    model: Models = None,
    folds: Folds = None,
    preset: Preset = DEFAULT,
    device: Devices = "auto",
    scheduler: Scheduler = None,
    masks: Masks = None,
) -> None:
    """Find the organs of cases that are to do and have no label map.

    What somebody has open, or saves meanwhile, is left as it is. Stop it whenever you like: the
    same command goes on where it was, beside others that do the same on other machines.

    Exit status 1: a case failed.
    """
    from napari_abdoseg.cli.predict import require_nothing_of_this_machine
    from napari_abdoseg.inference.preset import find_preset
    from napari_abdoseg.log import keep_log
    from napari_abdoseg.progress import counted
    from napari_abdoseg.worklist.predicting.predicting import PredictionSettings, predicting_missing

    find_preset(preset)
    if scheduler:
        require_nothing_of_this_machine(device, None)
    chosen = tuple(folds.split(",")) if folds else None
    keep_log("predict")
    settings = PredictionSettings(tuple(model or ["demo"]), chosen, preset, device, scheduler or "")
    predicted = show(predicting_missing(work_folder(folder, masks), settings))
    for case, reason in predicted.failed:
        say_failed(case, reason)
    made, failed = len(predicted.made), len(predicted.failed)
    console.print(f"{counted(made, 'label map')} made, {failed} failed.")
    if failed:
        raise typer.Exit(FAULTY)


def changed_by(
    folder: Scans,
    model: Annotated[
        str,
        typer.Option(
            autocompletion=complete_model, help="The new model: a name, or an nnU-Net model folder."
        ),
    ],
    predictions: Annotated[
        Path | None,
        typer.Option(
            help="Folder of what it has predicted, such as cross-validation; else it predicts."
        ),
    ] = None,
    status: Statuses = None,
    worst_percent: Annotated[
        float, typer.Option("--worst", metavar="PERCENT", help="How many cases are offered.")
    ] = 5.0,
    flag: Annotated[str, typer.Option(help="Flag these cases by a word, to review them.")] = "",
    output: Annotated[
        Path | None, typer.Option(help="CSV file of all cases, a row an organ.")
    ] = None,
    preset: Preset = DEFAULT,
    device: Devices = "auto",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; as many as cores by default.")
    ] = None,
    masks: Masks = None,
) -> None:
    """Say which masks a new model would change most: of the cases that are done, by default.

    What it predicts becomes a version of its case that counts for nothing; corrected masks stay.
    Run it again after a stop: what is predicted is kept.

    Exit status 1: a case could not be predicted or compared, or none is there.
    """
    from napari_abdoseg.cli.changed_words import conclude_changes
    from napari_abdoseg.evaluation.processes import available_cores
    from napari_abdoseg.inference.preset import find_preset
    from napari_abdoseg.worklist.comparing.model_changes import write_changes
    from napari_abdoseg.worklist.comparing.offering import NewModel, offering_changed
    from napari_abdoseg.worklist.listing.listing import chosen, listing
    from napari_abdoseg.worklist.records.case_record import Status

    find_preset(preset)
    place = work_folder(folder, masks)
    rows = chosen(show(listing(place)), statuses_of(status) or (Status.DONE,))
    if not rows:
        say("No such case is there; --status takes others than those that are done.")
        raise typer.Exit(NOTHING_LEFT)
    new, processes = NewModel(model, preset, device, predictions), workers or available_cores()
    offered = show(offering_changed(place, rows, new, worst_percent, flag, processes))
    if output is not None:
        write_changes(output, offered.changes)
    conclude_changes(offered.changes, offered.most, output)
    for case, reason in offered.refused.items():
        say(f"{case} was not changed: {reason}")
    for case, reason in offered.failed.items():
        say_failed(case, reason)
    if offered.failed:
        raise typer.Exit(FAULTY)


def export(
    folder: Scans,
    output: Annotated[
        Path,
        typer.Option(
            help="Folder to make, named Dataset018_Name; a bare name lies in $nnUNet_raw if set."
        ),
    ],
    status: Statuses = None,
    names: Annotated[
        str | None,
        typer.Option(
            "--labels",
            help="What label values are called, if the label maps don't say: a published scheme "
            "such as amos22, a file such as dataset.json, or '1=liver,2=kidney'.",
        ),
    ] = None,
    maps: Annotated[
        list[str] | None,
        typer.Option("--map", help="Rename and merge labels, as in `abdoseg dataset convert`."),
    ] = None,
    organs: Annotated[
        str | None, typer.Option(help="Organs to keep, in this order: liver,kidney; else all.")
    ] = None,
    copy: Annotated[bool, typer.Option("--copy", help="Copy files instead of links.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; as many as cores by default.")
    ] = None,
    masks: Masks = None,
) -> None:
    """Make a data set to train on of the cases that are done, and check it.

    Run it again when more are done. All scans of a patient are in one fold.

    Exit status 1: a case failed, or the check found what ruins training.
    """
    from napari_abdoseg.cli.dataset_words import conclude, introduce, problem_table
    from napari_abdoseg.evaluation.processes import available_cores
    from napari_abdoseg.image.names.stated_names import read_stated
    from napari_abdoseg.training.checking.check import checking
    from napari_abdoseg.training.conversion.convert import converting
    from napari_abdoseg.training.conversion.label_mapping import read_map
    from napari_abdoseg.training.conversion.naming import dataset_folder
    from napari_abdoseg.training.conversion.prepare import Wishes, preparing_source
    from napari_abdoseg.worklist.export import source_of
    from napari_abdoseg.worklist.listing.listing import chosen, listing
    from napari_abdoseg.worklist.records.case_record import Status

    place, target = work_folder(folder, masks), dataset_folder(output)
    processes = workers or available_cores()
    rows = chosen(show(listing(place)), statuses_of(status) or (Status.DONE,))
    wishes = Wishes(
        names=read_stated(names) if names else (),
        renamed=read_map(maps or ()),
        organs=tuple(filter(None, map(str.strip, (organs or "").split(",")))),
        copy=copy,
    )
    plan = show(preparing_source(source_of(place, rows), target, wishes, processes))
    introduce(plan)
    conversion = show(converting(plan, processes))
    conclude(conversion)
    if conversion.failed:
        raise typer.Exit(FAULTY)
    checked = show(checking(target, processes))
    if checked.problems:
        console.print(problem_table(checked))
    if checked.ruined:
        raise typer.Exit(FAULTY)
