"""`abdoseg cases set | comment | flag | accept | ...`: what is said of a case."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_abdoseg.cli.cases_options import Masks, Name, Scans, row_of, statuses_of, work_folder
from napari_abdoseg.cli.console import console

if TYPE_CHECKING:
    from napari_abdoseg.worklist.listing.listing import Row
    from napari_abdoseg.worklist.records.case_record import CaseRecord, Place
    from napari_abdoseg.worklist.records.changing import Change
    from napari_abdoseg.worklist.records.work_folder import WorkFolder

Comment = Annotated[str, typer.Option(help="What there is to say.")]


def set_status(
    folder: Scans,
    case: Name,
    status: Annotated[
        str,
        typer.Argument(
            help="to-do, predicted, in-progress, needs-review, done or rejected.", metavar="STATUS"
        ),
    ],
    comment: Annotated[str | None, typer.Option(help="What there is to say.")] = None,
    masks: Masks = None,
) -> None:
    """Give a case a status, in your name."""
    from napari_abdoseg.worklist.opening.steps import setting
    from napari_abdoseg.worklist.records.changing import with_comment

    (wanted,) = statuses_of([status])
    said = [] if comment is None else [with_comment(comment)]
    place = work_folder(folder, masks)
    _change(place, case, setting(place, row_of(place, case), wanted), *said)


def comment_case(
    folder: Scans,
    case: Name,
    text: Annotated[str, typer.Argument(help="In place of what was said before.")],
    masks: Masks = None,
) -> None:
    """Say something of a case."""
    from napari_abdoseg.worklist.records.changing import with_comment

    place = work_folder(folder, masks)
    _change(place, row_of(place, case).name, with_comment(text))


def flag_case(
    folder: Scans,
    case: Name,
    flag: Annotated[str, typer.Argument(help="A word to find the case by.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take it off.")] = False,
    masks: Masks = None,
) -> None:
    """Mark a case by a word."""
    from napari_abdoseg.worklist.records.changing import with_flag, without_flag

    place = work_folder(folder, masks)
    _change(place, row_of(place, case).name, without_flag(flag) if remove else with_flag(flag))


def take_over_case(folder: Scans, case: Name, masks: Masks = None) -> None:
    """Take over a case that a dead session has left open; one that lives says whose it is."""
    from napari_abdoseg.worklist.records.case_record import Status
    from napari_abdoseg.worklist.records.changing import change_record, take_over, with_status

    place = work_folder(folder, masks)
    session = take_over(place, row_of(place, case).name)
    try:
        record = change_record(place, case, with_status(Status.IN_PROGRESS), session)
    finally:
        session.release()
    conclude(record)


def accept_case(folder: Scans, case: Name, comment: Comment = "", masks: Masks = None) -> None:
    """Accept a case that needs a review, as a reviewer."""
    from napari_abdoseg.worklist.opening.steps import accepted

    place = work_folder(folder, masks)
    _change(place, case, accepted(place, row_of(place, case), comment))


def send_back_case(
    folder: Scans,
    case: Name,
    comment: Annotated[str, typer.Option(help="What is to be done.")],
    voxel: Annotated[
        str | None, typer.Option(help="Where in the scan: i,j,k in the file's own axis order.")
    ] = None,
    masks: Masks = None,
) -> None:
    """Send a case back to who worked on it, as a reviewer."""
    from napari_abdoseg.worklist.records.reviewing import sending_back

    place = work_folder(folder, masks)
    row = row_of(place, case)
    where = None if voxel is None else _place(place, row, voxel)
    _change(place, case, sending_back(comment, where))


def versions(
    folder: Scans,
    case: Name,
    add: Annotated[Path | None, typer.Option(help="A label map of the case to add.")] = None,
    model: Annotated[
        str, typer.Option(help="Which model has predicted it; else you have corrected it.")
    ] = "",
    use: Annotated[
        str | None,
        typer.Option(help="Which version counts, as the list names it; '' for the case's own."),
    ] = None,
    masks: Masks = None,
) -> None:
    """List the label maps of a case, which of them counts, and add others."""
    from napari_abdoseg.cli.cases_words import version_table
    from napari_abdoseg.worklist.records.changing import with_current, with_version
    from napari_abdoseg.worklist.records.promised_labels import having_labels
    from napari_abdoseg.worklist.versions.versions import version_at, versions_of

    place = work_folder(folder, masks)
    row = row_of(place, case)
    changes: list[Change] = []
    if add is not None:
        scan = place.scans / row.image if row.image else None
        changes.append(with_version(version_at(place, case, add, scan, model)))
    if use is not None:
        changes += [with_current(use), having_labels(place, row.image)]
    record = _changed(place, case, *changes)
    console.print(version_table(versions_of(place, record), record))


def _place(folder: WorkFolder, row: Row, voxel: str) -> Place:
    from napari_abdoseg.errors import WorkListError
    from napari_abdoseg.worklist.records.reviewing import place_in

    if not row.image:
        raise WorkListError(f"{row.name}: {row.problem}")
    try:
        indices = [int(index) for index in voxel.split(",")]
    except ValueError as error:
        raise WorkListError(f"--voxel takes i,j,k, such as 120,96,40, not {voxel!r}.") from error
    return place_in(folder.scans / row.image, indices)


def _change(folder: WorkFolder, case: str, *changes: Change) -> None:
    conclude(_changed(folder, case, *changes))


def _changed(folder: WorkFolder, case: str, *changes: Change) -> CaseRecord:
    from napari_abdoseg.worklist.records.case_record import CaseRecord as Record
    from napari_abdoseg.worklist.records.changing import change_record, in_turn
    from napari_abdoseg.worklist.records.record_files import read_record

    if not changes:
        return read_record(folder.record_of(case)) or Record(case)
    return change_record(folder, case, in_turn(*changes))


def conclude(record: CaseRecord) -> None:
    """Say how far a case is now."""
    by = f", {record.user}" if record.user else ""
    console.print(f"{record.case}: {record.status}{by}")
    last = record.verdicts[-1:]
    if last and not last[0].accepted:
        where = f" at voxel {','.join(map(str, last[0].place.voxel))}" if last[0].place else ""
        console.print(f"  sent back by {last[0].user}{where}: {last[0].comment}")
    if record.comment:
        console.print(f"  {record.comment}")
