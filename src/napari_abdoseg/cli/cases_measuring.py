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

PAGE = ".html"


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
    from napari_abdoseg.cli.dataset_words import counted
    from napari_abdoseg.evaluation.processes import available_cores
    from napari_abdoseg.image.files.saving import write_text
    from napari_abdoseg.worklist.effort.case_effort import case_works
    from napari_abdoseg.worklist.effort.effort import write_effort
    from napari_abdoseg.worklist.effort.effort_page import render_effort
    from napari_abdoseg.worklist.effort.measuring_effort import measuring_effort
    from napari_abdoseg.worklist.listing.listing import chosen, listing

    page = page_beside(output)
    place = work_folder(folder, masks)
    rows = chosen(show(listing(place)), statuses_of(status), user)
    works = show(measuring_effort(place, rows, workers or available_cores()))
    write_effort(output, works)
    write_text(page, render_effort(case_works(place, rows, works), works))
    minutes = sum(work.seconds for work in works) / 60
    corrected = len({work.case for work in works})
    console.print(f"{counted(corrected, 'corrected case')}, {minutes:.0f} minutes of work.")
    for path in (output, page):
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
    from napari_abdoseg.evaluation.raters import comparing_raters, write_agreement
    from napari_abdoseg.evaluation.report.raters import render_raters
    from napari_abdoseg.evaluation.report.worst import drawing_worst
    from napari_abdoseg.evaluation.tolerance import find_tolerances
    from napari_abdoseg.image.files.saving import make_folder, write_text
    from napari_abdoseg.worklist.comparing.raters import drawn_as_versions, drawn_in_folders
    from napari_abdoseg.worklist.listing.finding import Found, finding_work
    from napari_abdoseg.worklist.listing.listing import listing

    tolerances, processes, people = find_tolerances(tolerance), workers or available_cores(), user
    given = masks or []
    place = work_folder(folder, given[0] if given else None)
    if len(given) > 1:
        found = show(finding_work(place, Found()))
        drawn = drawn_in_folders(folder, found.cases, given, people or ())
    else:
        drawn = drawn_as_versions(place, show(listing(place)), people or ())
    make_folder(output)
    agreement = show(comparing_raters(drawn.pairs, tolerances, processes))
    scans = {name: each.scan for name, each in agreement.drawn.items() if each.scan is not None}
    worst = show(drawing_worst(agreement.cohort, scans, processes))
    files = (*write_agreement(output, agreement), output / "report.html")
    write_text(files[-1], render_raters(agreement, worst, drawn.left_out))
    console.print(agreement_table(agreement))
    for sentence in drawn.left_out:
        say(f"Left out: {sentence}")
    for path in files:
        console.print(f"  {path}")
    for case, reason in agreement.cohort.failed:
        say_failed(case, reason)
    if agreement.cohort.failed:
        raise typer.Exit(FAULTY)


def page_beside(table: Path) -> Path:
    from napari_abdoseg.errors import WorkListError

    page = table.with_suffix(PAGE)
    if page == table:
        raise WorkListError(
            f"--output {table} would be the page beside the table: name a .csv file."
        )
    return page
