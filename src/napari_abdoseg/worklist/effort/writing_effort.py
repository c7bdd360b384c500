"""How much work corrected cases were, as a table and a page beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.errors import WorkListError
from napari_abdoseg.image.files.saving import write_text
from napari_abdoseg.progress import Work
from napari_abdoseg.worklist.effort.case_effort import case_works
from napari_abdoseg.worklist.effort.effort import write_effort
from napari_abdoseg.worklist.effort.effort_page import render_effort
from napari_abdoseg.worklist.effort.measuring_effort import measuring_effort
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.records.work_folder import WorkFolder

PAGE = ".html"


@dataclass(frozen=True)
class WrittenEffort:
    """What was written.

    Parameters
    ----------
    table, page : Path
    cases : int
        That somebody has corrected.
    minutes : float
        Of work on them.
    """

    table: Path
    page: Path
    cases: int
    minutes: float


def writing_effort(
    folder: WorkFolder, rows: Sequence[Row], table: Path, workers: int = 1
) -> Work[WrittenEffort]:
    """Measure and write how much work cases were: see `measuring_effort`.

    Parameters
    ----------
    folder : WorkFolder
    rows : sequence of Row
    table : Path
        CSV file; the page beside it has the same name.
    workers : int, optional
        Processes.

    Raises
    ------
    WorkListError
        The table would be the page.
    SaveError
        They can't be written.
    """
    page = table.with_suffix(PAGE)
    if page == table:
        raise WorkListError(f"{table} would be the page beside the table: name a .csv file.")
    works = yield from measuring_effort(folder, rows, workers)
    write_effort(table, works)
    write_text(page, render_effort(case_works(folder, rows, works), works))
    minutes = sum(work.seconds for work in works) / 60
    return WrittenEffort(table, page, len({work.case for work in works}), minutes)
