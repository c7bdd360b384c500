"""What commands of `abdoseg cases` take: a folder, its masks, a case of it, statuses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_abdoseg.cli.console import show

if TYPE_CHECKING:
    from napari_abdoseg.worklist.listing.listing import Row
    from napari_abdoseg.worklist.records.case_record import Status
    from napari_abdoseg.worklist.records.work_folder import WorkFolder

NOTHING_LEFT = FAULTY = 1
"""Exit statuses."""
Scans = Annotated[Path, typer.Argument(help="Folder of CTs, in any layout.", metavar="FOLDER")]
Masks = Annotated[
    Path | None,
    typer.Option(help="Folder of their label maps; FOLDER_masks beside it by default."),
]
Name = Annotated[str, typer.Argument(help="The case, as the list names it.", metavar="CASE")]
Statuses = Annotated[
    list[str] | None,
    typer.Option(
        "--status",
        help="to-do, predicted, in-progress, needs-review, done or rejected; may be repeated.",
    ),
]
User = Annotated[str, typer.Option(help="Of this person alone.")]


def work_folder(scans: Path, masks: Path | None) -> WorkFolder:
    """The work list of a folder."""
    from napari_abdoseg.worklist.records.work_folder import WorkFolder

    return WorkFolder.of(scans, masks)


def row_of(folder: WorkFolder, case: str) -> Row:
    """A case that the folder has, or had.

    Raises
    ------
    WorkListError
        There is none.
    """
    from napari_abdoseg.worklist.listing.listing import listing, named

    return named(show(listing(folder)), case)


def statuses_of(names: list[str] | None) -> tuple[Status, ...]:
    """Statuses as they are typed.

    Raises
    ------
    WorkListError
        There is no such status.
    """
    from napari_abdoseg.errors import WorkListError
    from napari_abdoseg.worklist.records.case_record import Status

    found = []
    for name in names or ():
        try:
            found.append(Status(name.replace("-", " ")))
        except ValueError as error:
            known = ", ".join(status.replace(" ", "-") for status in Status)
            raise WorkListError(f"There is no status {name!r}: choose one of {known}.") from error
    return tuple(found)
