"""`abdoseg cases effort | raters`: how much work it was, and how far people agree."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_abdoseg.cli.cases_options import (
    FAULTY,
    Masks,
    Scans,
    Statuses,
    User,
    statuses_of,
    work_folder,
)
from napari_abdoseg.cli.console import console, say, say_failed, show


def effort(
    folder: Scans,
    output: Annotated[
        Path,
        typer.Option(help="CSV file, a row an organ of a case; a page with curves lies beside."),
    ],
    status: Statuses = None,
    user: User = "",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; as many as cores by default.")
    ] = None,
    masks: Masks = None,
) -> None:
    """Write how much work corrected cases were, and what came of it.

    Minutes without pauses of more than a minute, strokes by tool, voxels, slices, added path
    length, DSC to the label map before and to the reference, where there is one. The page shows
    them case after case: does correcting get faster?
    """
    from napari_abdoseg.evaluation.processes import available_cores
    from napari_abdoseg.progress import counted
    from napari_abdoseg.worklist.effort.writing_effort import writing_effort
    from napari_abdoseg.worklist.listing.listing import chosen, listing

    place = work_folder(folder, masks)
    rows = chosen(show(listing(place)), statuses_of(status), user)
    written = show(writing_effort(place, rows, output, workers or available_cores()))
    corrected = counted(written.cases, "corrected case")
    console.print(f"{corrected}, {written.minutes:.0f} minutes of work.")
    for path in (written.table, written.page):
        console.print(f"  {path}", soft_wrap=True)


def raters(
    folder: Scans,
    output: Annotated[Path, typer.Option(help="Folder for the tables and report.html.")],
    masks: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder of label maps; FOLDER_masks by default. Given twice or more: one a person."
        ),
    ] = None,
    user: Annotated[
        list[str] | None, typer.Option(help="Of these people alone; may be repeated.")
    ] = None,
    tolerance: Annotated[
        str, typer.Option(help="Tolerance of NSD: mm, FLARE21 (1 mm) or FLARE22 (by organ).")
    ] = "FLARE21",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; as many as cores by default.")
    ] = None,
) -> None:
    """Compare what several people have made of the same cases: DSC and NSD by organ, with pictures.

    They are versions of a case, or lie in a folder of masks a person.

    Exit status 1: a case could not be compared.
    """
    from napari_abdoseg.cli.rater_words import agreement_table
    from napari_abdoseg.evaluation.processes import available_cores
    from napari_abdoseg.evaluation.tolerance import find_tolerances
    from napari_abdoseg.worklist.comparing.writing_agreement import (
        finding_drawn,
        writing_agreement,
    )

    tolerances, given = find_tolerances(tolerance), masks or []
    place = work_folder(folder, given[0] if given else None)
    drawn = show(finding_drawn(place, given, user or ()))
    written = show(writing_agreement(drawn, output, tolerances, workers or available_cores()))
    console.print(agreement_table(written.agreement))
    for sentence in written.left_out:
        say(f"Left out: {sentence}")
    for path in written.files:
        console.print(f"  {path}")
    failed = written.agreement.cohort.failed
    for case, reason in failed:
        say_failed(case, reason)
    if failed:
        raise typer.Exit(FAULTY)
