"""`abdoseg evaluate`: how well predictions agree with references."""

from __future__ import annotations

from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_abdoseg.cli.console import console, say, say_after, say_failed, show

if TYPE_CHECKING:
    from rich.table import Table

    from napari_abdoseg.evaluation.cohort import CohortScores

INCOMPLETE = 1
MOST_SHOWN = 20
"""Notes on cases that are told one by one."""


def evaluate(
    predictions: Annotated[Path, typer.Argument(help="Folder of label maps, or one.")],
    references: Annotated[Path, typer.Argument(help="Folder of label maps to compare with.")],
    output: Annotated[Path, typer.Option(help="Folder for the tables and report.html.")],
    tolerance: Annotated[
        str, typer.Option(help="Tolerance of NSD: mm, FLARE21 (1 mm) or FLARE22 (by organ).")
    ] = "FLARE21",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; as many as cores by default.")
    ] = None,
    resample: Annotated[
        bool, typer.Option("--resample", help="Bring predictions to the grid of their reference.")
    ] = False,
    assume_same_grid: Annotated[
        bool,
        typer.Option(
            "--assume-same-grid",
            help="Compare files of one shape voxel by voxel, whatever they say of their place.",
        ),
    ] = False,
    compare: Annotated[
        Path | None, typer.Option(help="Other predictions of the same cases, to tell apart.")
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="Folder of the CTs, to show behind the worst slices.")
    ] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option(
            help="What label values are called: a published scheme such as amos22, a file such as "
            "dataset.json, or '1=liver,2=kidney'. Twice: first for predictions, then for "
            "references; 'own' leaves a side its own names."
        ),
    ] = None,
    thin: Annotated[
        str | None,
        typer.Option(
            help="Thin structures, whose centre lines are compared too (clDice and distance): "
            "'common bile duct,veins'."
        ),
    ] = None,
) -> None:
    """Score predictions: DSC, NSD, HD95, ASSD and volumes, with tables and a report.

    Cases are matched by name, organs by the names in and beside the files, else by value.

    Exit status 1: a case failed or has no prediction; 2: nothing was compared.
    """
    from napari_abdoseg.evaluation.alignment import GridRule
    from napari_abdoseg.evaluation.cohort import evaluating
    from napari_abdoseg.evaluation.definitions import definitions
    from napari_abdoseg.evaluation.label_schemes import read_schemes
    from napari_abdoseg.evaluation.pairs import find_cases
    from napari_abdoseg.evaluation.processes import available_cores
    from napari_abdoseg.evaluation.results import writing_results
    from napari_abdoseg.evaluation.tolerance import find_tolerances
    from napari_abdoseg.image.files.saving import make_folder

    tolerances = find_tolerances(tolerance)
    rule = GridRule.of(resample, assume_same_grid)
    scans = find_cases(images) if images else None
    processes = workers or available_cores()
    schemes = read_schemes(labels or [])
    thin_structures = [name.strip() for name in (thin or "").split(",") if name.strip()]
    make_folder(output)
    cohort, *others = [
        show(evaluating(folder, references, tolerances, processes, rule, schemes, thin_structures))
        for folder in (predictions, compare)
        if folder is not None
    ]
    other = others[0] if others else None
    files = show(writing_results(output, cohort, other, scans, processes))
    console.print(summary_table(cohort))
    for definition in definitions(cohort):
        say_after(f"{definition.term}:", definition.meaning)
    for path in files:
        console.print(f"  {path}")
    warn(cohort)
    if other:
        warn(other)
    if not all(scored.complete for scored in (cohort, *others)):
        raise typer.Exit(INCOMPLETE)


def summary_table(cohort: CohortScores) -> Table:
    """Mean, spread and median of each organ."""
    from rich.table import Table

    from napari_abdoseg.evaluation.report.words import fixed
    from napari_abdoseg.evaluation.summary import organs_by_metric, summarize

    table = Table("organ")
    metrics = organs_by_metric(cohort)
    for column in ("cases", *(part for metric in metrics for part in (metric, "SD", "median"))):
        table.add_column(column, justify="right")
    rows = summarize(cohort)
    for organ in cohort.organs:
        cells = [
            fixed(row.get((organ, metric), nan), 4) for metric in metrics for row in rows.values()
        ]
        table.add_row(organ, str(len(cohort.of_organ(organ))), *cells)
    return table


def warn(cohort: CohortScores) -> None:
    """Say which cases are not in the numbers, and why."""
    folder = cohort.pairing.pairs[0].prediction.parent
    if cohort.pairing.surplus:
        say(f"{folder} has cases without a reference: {', '.join(cohort.pairing.surplus)}.")
    if cohort.pairing.missing:
        missing = ", ".join(cohort.pairing.missing)
        say_after(f"{folder} has no prediction of", missing, "bold red")
    for case, notice in cohort.notices[:MOST_SHOWN]:
        say(f"{case}: {notice}")
    if (more := len(cohort.notices) - MOST_SHOWN) > 0:
        say(f"{more} more such notes are in definitions.txt.")
    for case, reason in cohort.failed:
        say_failed(case, reason)
