"""`abdoseg check`: places in label maps that no healthy abdomen explains."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_abdoseg.cli.console import console, say, say_failed, show

if TYPE_CHECKING:
    from rich.table import Table

    from napari_abdoseg.batch.checking import CheckedCohort

DOUBTFUL, NOTHING = 1, 2
MOST_SHOWN = 50
"""Places that are told one by one."""


def check(
    labels: Annotated[list[Path], typer.Argument(help="Label maps, or folders of them.")],
    scan: Annotated[
        Path | None,
        typer.Option(help="The CT, or a folder of CTs named as the label maps; more is told."),
    ] = None,
    names: Annotated[
        str | None,
        typer.Option(
            "--labels",
            help="What label values are called: a published scheme such as amos22, a file such as "
            "dataset.json, or '1=liver,2=kidney'.",
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="CSV file for all places.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; as many as cores by default.")
    ] = None,
) -> None:
    """List places that no healthy abdomen explains, the surest first.

    Several pieces of one organ, the wrong side, outside the body, holes, cuts along a plane,
    and with --scan HU that the organ doesn't have.

    Exit status 1: something is in doubt; 2: a label map could not be looked at.
    """
    from napari_abdoseg.batch.checking import checking, write_doubts
    from napari_abdoseg.evaluation.processes import available_cores
    from napari_abdoseg.image.names.stated_names import read_stated

    organs = read_stated(names) if names else ()
    cohort = show(checking(labels, scan, organs, workers or available_cores()))
    if output is not None:
        write_doubts(output, cohort)
    tell(cohort, output)
    if cohort.failed:
        raise typer.Exit(NOTHING)
    if cohort.doubted:
        raise typer.Exit(DOUBTFUL)


def tell(cohort: CheckedCohort, output: Path | None) -> None:
    """Print what is in doubt, and what could not be looked at."""
    for notice in dict.fromkeys(notice for case in cohort.cases for notice in case.notices):
        say(notice)
    places = sum(len(case.doubts) for case in cohort.cases)
    if places:
        console.print(doubt_table(cohort))
    if places > MOST_SHOWN and output is None:
        say(f"{places - MOST_SHOWN} more places are not shown: --output writes them all.")
    for case, reason in cohort.failed:
        say_failed(case, reason)
    many = "1 label map" if len(cohort.cases) == 1 else f"{len(cohort.cases)} label maps"
    of = "1 place" if places == 1 else f"{places or 'no'} places"
    console.print(f"{many} checked, {of} in doubt.")
    if output is not None:
        console.print(f"  {output}")


def doubt_table(cohort: CheckedCohort) -> Table:
    """The first places of all, by case."""
    from rich.table import Table

    table = Table("case", "organ", "what", "voxel", "sure?")
    rows = [(case.case, doubt) for case in cohort.cases for doubt in case.doubts]
    for case, doubt in rows[:MOST_SHOWN]:
        voxel = " ".join(map(str, doubt["voxel"]))
        what = f"{doubt['kind']}: {doubt['seen']}"
        table.add_row(case, doubt["organ"], what, voxel, doubt["certainty"])
    return table
