"""`abdoseg predict`: organs of CT files."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from napari_abdoseg.batch.case_report import Report
from napari_abdoseg.batch.finding import find_cases
from napari_abdoseg.batch.folder import WORKERS, predicting
from napari_abdoseg.batch.ledger import Outcome
from napari_abdoseg.batch.tables import FAILED, ORGANS
from napari_abdoseg.cli.console import console, say, show
from napari_abdoseg.inference.device import choose_devices
from napari_abdoseg.inference.ensemble import Ensemble, loading_ensemble
from napari_abdoseg.inference.preset import DEFAULT, find_preset
from napari_abdoseg.inference.startup import prepare_for_torch
from napari_abdoseg.progress import spoken_duration

INCOMPLETE, NOTHING = 1, 2
MOST_SHOWN = 20
"""Cases that are told of one by one."""


def predict(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            help="CT files (.nii, .nii.gz), folders that are searched to any depth, or lists "
            "(.txt) with a path a line."
        ),
    ],
    output: Annotated[Path, typer.Option(help="Folder for label maps, reports and organs.csv.")],
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="A model's name or nnU-Net model folder, demo by default; give it again for "
            "each other configuration that is to be averaged with it."
        ),
    ] = None,
    folds: Annotated[
        str | None, typer.Option(help="Folds to use, such as 0,1,2; all by default.")
    ] = None,
    preset: Annotated[
        str,
        typer.Option(
            help="balanced: all folds where the organs are; exact: everywhere, as "
            "nnUNetv2_predict; fast: one fold, no mirroring."
        ),
    ] = DEFAULT,
    device: Annotated[
        str,
        typer.Option(
            help="auto, cpu, cuda, cuda:N, mps, or several such as cuda:5,cuda:6, with a process "
            "on each; auto and cuda take all GPUs."
        ),
    ] = "auto",
    overwrite: Annotated[bool, typer.Option(help="Make finished cases again.")] = False,
    disagreement: Annotated[
        bool,
        typer.Option(
            "--disagreement",
            help="Also write how many folds dissent at each voxel, and list places to review.",
        ),
    ] = False,
    workers: Annotated[
        int,
        typer.Option(
            min=1, help="Cases that are prepared, and written, beside the networks of a device."
        ),
    ] = WORKERS,
) -> None:
    """Find the organs of CTs; write a label map, a report and a table.

    Stop it whenever you like: the same command goes on where it was.

    Exit status 1: a case failed; 2: nothing has a result.
    """
    begin = time.monotonic()
    find_preset(preset)
    cases = find_cases(inputs, output)
    prepare_for_torch()
    devices = choose_devices(device)
    one = device if len(devices) == 1 else devices[0].name
    ensemble = show(loading_ensemble(model or "demo", folds.split(",") if folds else None, one))
    introduce(ensemble)
    if len(devices) > 1:
        say(f"A process on each of {', '.join(each.name for each in devices)}.")
    outcome = show(
        predicting(
            cases,
            ensemble,
            preset,
            overwrite,
            disagreement,
            foretell=len(devices) == 1,
            workers=workers,
            devices=devices,
        )
    )
    tell(outcome, output, time.monotonic() - begin)
    if outcome.failed:
        raise typer.Exit(INCOMPLETE if outcome.finished else NOTHING)


def introduce(ensemble: Ensemble) -> None:
    """Say which model works, and what it is for."""
    for trained in ensemble.configurations:
        folds, model = ", ".join(trained.folds), trained.model
        console.print(f"Model {model.name}: {trained.name}, folds {folds}.", highlight=False)
        if model.description:
            console.print(model.description, style="yellow", highlight=False)


def tell(outcome: Outcome, output: Path, seconds: float) -> None:
    """Sum up a run; cases are told of one by one where they are few."""
    if outcome.finished:
        tell_of_organs(outcome)
        console.print(f"Results are in {output}.", highlight=False)
    if outcome.kept:
        say(f"{len(outcome.kept)} finished before and kept; --overwrite makes them again.")
    for case, reason in outcome.failed[:MOST_SHOWN]:
        console.print(f"[bold red]{case.name} failed:[/] {reason}", highlight=False)
    if outcome.failed:
        console.print(f"All that failed are in {output / FAILED}.", highlight=False)
    made, kept, failed = (len(part) for part in (outcome.made, outcome.kept, outcome.failed))
    console.print(
        f"{made} made, {kept} kept, {failed} failed in {spoken_duration(seconds)}.",
        highlight=False,
    )


def tell_of_organs(outcome: Outcome) -> None:
    """Print volumes and warnings, or where they are."""
    if len(outcome.finished) > MOST_SHOWN:
        console.print(f"Volumes are in {ORGANS}, warnings in each case's JSON.", highlight=False)
        return
    reports = list(outcome.reports())
    for report in reports:
        for warning in report["warnings"]:
            say(f"{report['case']}: {warning}")
    console.print(organ_table(reports))


def organ_table(reports: list[Report]) -> Table:
    """Volumes of all organs of all cases."""
    table = Table("case", "organ")
    for column in ("volume (ml)", "mean HU"):
        table.add_column(column, justify="right")
    table.add_column("")
    for report in reports:
        for organ in report["organs"]:
            table.add_row(
                report["case"],
                organ["name"],
                f"{organ['volume_ml']:.1f}",
                f"{organ['mean_hu']:.0f}",
                "touches the edge of the scan" if organ["touches_edge"] else "",
            )
    return table
