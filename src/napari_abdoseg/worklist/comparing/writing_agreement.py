"""How far people agree on the cases of a work list, as tables and a page with pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.evaluation.raters import Agreement, comparing_raters, write_agreement
from napari_abdoseg.evaluation.report.raters import render_raters
from napari_abdoseg.evaluation.report.worst import drawing_worst
from napari_abdoseg.evaluation.tolerance import FLARE21, Tolerances
from napari_abdoseg.image.files.saving import make_folder, write_text
from napari_abdoseg.progress import Work
from napari_abdoseg.worklist.comparing.raters import (
    DrawnCases,
    drawn_as_versions,
    drawn_in_folders,
)
from napari_abdoseg.worklist.listing.finding import Found, finding_work
from napari_abdoseg.worklist.listing.listing import listing
from napari_abdoseg.worklist.records.work_folder import WorkFolder

PAGE = "report.html"


@dataclass(frozen=True)
class WrittenAgreement:
    """What was compared and written.

    Parameters
    ----------
    agreement : Agreement
    left_out : tuple of str
        Sentences on what could not be compared.
    files : tuple of Path
        The page last.
    """

    agreement: Agreement
    left_out: tuple[str, ...]
    files: tuple[Path, ...]


def finding_drawn(
    folder: WorkFolder, masks: Sequence[Path] = (), people: Sequence[str] = ()
) -> Work[DrawnCases]:
    """Find what several people have made of the same cases.

    Parameters
    ----------
    folder : WorkFolder
    masks : sequence of Path, optional
        A folder of masks a person; with less than two of them, versions of the cases are meant.
    people : sequence of str, optional
        Of these alone.

    Raises
    ------
    AbdosegError
        No two have a case in common, or a folder can't be read.
    """
    if len(masks) > 1:
        found = yield from finding_work(folder, Found())
        return drawn_in_folders(folder.scans, found.cases, masks, people)
    return drawn_as_versions(folder, (yield from listing(folder)), people)


def writing_agreement(
    drawn: DrawnCases, output: Path, tolerances: Tolerances = FLARE21, workers: int = 1
) -> Work[WrittenAgreement]:
    """Compare what people have made of cases, and write what comes of it.

    Parameters
    ----------
    drawn : DrawnCases
    output : Path
        Folder for the tables and the page.
    tolerances : Tolerances, optional
        Of NSD.
    workers : int, optional
        Processes.

    Raises
    ------
    AbdosegError
        No case can be compared.
    SaveError
        Results can't be written.
    """
    make_folder(output)
    agreement = yield from comparing_raters(drawn.pairs, tolerances, workers)
    scans = {name: each.scan for name, each in agreement.drawn.items() if each.scan is not None}
    worst = yield from drawing_worst(agreement.cohort, scans, workers)
    page = output / PAGE
    tables = write_agreement(output, agreement)
    write_text(page, render_raters(agreement, worst, drawn.left_out))
    return WrittenAgreement(agreement, drawn.left_out, (*tables, page))
