"""`abdoseg predict`: organs of CT files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from napari_abdoseg.batch.case_report import Report
from napari_abdoseg.batch.folder import find_cases, predicting
from napari_abdoseg.cli.console import console, say, show
from napari_abdoseg.inference.ensemble import Ensemble, loading_ensemble
from napari_abdoseg.inference.preset import DEFAULT, find_preset


def predict(
    inputs: Annotated[list[Path], typer.Argument(help="CT files (.nii, .nii.gz) or folders.")],
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
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    overwrite: Annotated[bool, typer.Option(help="Replace label maps that are there.")] = False,
    disagreement: Annotated[
        bool,
        typer.Option(
            "--disagreement",
            help="Also write how many folds dissent at each voxel, and list places to review.",
        ),
    ] = False,
) -> None:
    """Find the organs of CTs; write a label map, a report and a table."""
    find_preset(preset)
    cases = find_cases(inputs, output)
    ensemble = show(loading_ensemble(model or "demo", folds.split(",") if folds else None, device))
    introduce(ensemble)
    work = predicting(cases, ensemble, preset, overwrite, disagreement, foretell=True)
    outcome = show(work)
    for case in outcome.kept:
        say(f"{case.labels} is there already and was kept; --overwrite replaces it.")
    for report in outcome.reports:
        for warning in report["warnings"]:
            say(f"{report['case']}: {warning}")
    if outcome.reports:
        console.print(organ_table(outcome.reports))
        console.print(f"Results are in {output}.", highlight=False)
    for case, reason in outcome.failed:
        console.print(f"[bold red]{case.name} failed:[/] {reason}", highlight=False)
    if outcome.failed:
        raise typer.Exit(2)


def introduce(ensemble: Ensemble) -> None:
    """Say which model works, and what it is for."""
    for trained in ensemble.configurations:
        folds, model = ", ".join(trained.folds), trained.model
        console.print(f"Model {model.name}: {trained.name}, folds {folds}.", highlight=False)
        if model.description:
            console.print(model.description, style="yellow", highlight=False)


def organ_table(reports: tuple[Report, ...]) -> Table:
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
