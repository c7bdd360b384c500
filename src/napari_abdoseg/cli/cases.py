"""`abdoseg cases`: the work list of a folder of CTs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from napari_abdoseg.cli.cases_changing import (
    accept_case,
    comment_case,
    conclude,
    flag_case,
    send_back_case,
    set_status,
    take_over_case,
    versions,
)
from napari_abdoseg.cli.cases_learning import changed_by, export, predict
from napari_abdoseg.cli.cases_measuring import effort, raters
from napari_abdoseg.cli.cases_options import (
    NOTHING_LEFT,
    Masks,
    Scans,
    Statuses,
    User,
    statuses_of,
    work_folder,
)
from napari_abdoseg.cli.console import console, say, show

NOTHING_EXPECTED = "Nothing is expected of any: no model that is calibrated has made their masks."
LIST = "list"


class ListsByDefault(TyperGroup):
    """A group of commands of which `list` is meant where none is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `list` before a folder, or options of it."""
        if args and args[0] not in (*self.commands, *self.get_help_option_names(ctx)):
            args = [LIST, *args]
        return super().parse_args(ctx, args)


cases = typer.Typer(
    name="cases",
    cls=ListsByDefault,
    help="Who has done what of a folder of CTs. `abdoseg cases FOLDER` lists it.",
    no_args_is_help=True,
)


@cases.command(LIST)
def list_cases(
    folder: Scans,
    masks: Masks = None,
    status: Statuses = None,
    user: User = "",
    flag: Annotated[str, typer.Option(help="Those with this flag alone.")] = "",
    sort: Annotated[
        str, typer.Option(help="case, status, user, when, minutes, voxels or quality.")
    ] = "case",
    reverse: Annotated[bool, typer.Option("--reverse", help="The other way round.")] = False,
    worst_percent: Annotated[
        float | None,
        typer.Option(
            "--worst",
            metavar="PERCENT",
            help="Those alone of which the least is expected, such as 5, the worst first.",
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="CSV file for all of it.")] = None,
) -> None:
    """List the cases of a folder, and how far each is."""
    from napari_abdoseg.cli.cases_words import tell, write_cases
    from napari_abdoseg.worklist.listing.listing import chosen, listing, worst

    rows = show(listing(work_folder(folder, masks)))
    found = chosen(rows, statuses_of(status), user, flag, sort)
    if worst_percent is not None and not (found := worst(found, worst_percent)):
        say(NOTHING_EXPECTED)
    if reverse:
        found.reverse()
    tell(found, len(rows))
    if output is not None:
        write_cases(output, found)
        console.print(f"  {output}")


@cases.command("next")
def next_case(
    folder: Scans,
    masks: Masks = None,
    status: Statuses = None,
    start: Annotated[
        bool, typer.Option("--start", help="Take it: it is in progress in your name.")
    ] = False,
) -> None:
    """Say which case to work on next: its scan, and its label map where it has one.

    Those that were sent back come first, then those in progress, predicted and to do, of these
    the ones of which the least is expected.

    Exit status 1: none is left.
    """
    from napari_abdoseg.correction.journal.holder import user_name
    from napari_abdoseg.worklist.listing.listing import listing, next_row
    from napari_abdoseg.worklist.opening.taking import take_next

    place, wanted = work_folder(folder, masks), statuses_of(status)
    rows = show(listing(place))
    row = take_next(place, rows, wanted) if start else next_row(rows, wanted, user_name())
    if row is None or row.case is None:
        say("No such case is left.")
        raise typer.Exit(NOTHING_LEFT)
    conclude(row.record)
    console.print(f"  {folder / row.case.image}", soft_wrap=True)
    if row.has_labels or row.record.current:
        console.print(f"  {place.current_of(row.record)}", soft_wrap=True)


cases.command("set")(set_status)
cases.command("comment")(comment_case)
cases.command("flag")(flag_case)
cases.command("take-over")(take_over_case)
cases.command("accept")(accept_case)
cases.command("send-back")(send_back_case)
for command in (predict, versions, effort, raters):
    cases.command()(command)
cases.command("changed-by")(changed_by)
cases.command()(export)
