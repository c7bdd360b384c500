"""`abdoseg cases`: the work list of a folder of CTs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from napari_abdoseg.cli.completion import complete_model
from napari_abdoseg.cli.console import console, say, say_failed, show
from napari_abdoseg.cli.model_options import Devices, Folds, Models, Preset, Scheduler
from napari_abdoseg.inference.preset import DEFAULT

if TYPE_CHECKING:
    from napari_abdoseg.worklist.listing.listing import Row
    from napari_abdoseg.worklist.records.case_record import CaseRecord, Place, Status
    from napari_abdoseg.worklist.records.changing import Change
    from napari_abdoseg.worklist.records.work_folder import WorkFolder

NOTHING_LEFT = FAULTY = 1
NOTHING_EXPECTED = "Nothing is expected of any: no model that is calibrated has made their masks."
LIST = "list"
PAGE = ".html"


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

Scans = Annotated[Path, typer.Argument(help="Folder of CTs, in any layout.", metavar="FOLDER")]
Masks = Annotated[
    Path | None,
    typer.Option(help="Folder of their label maps; FOLDER_masks beside it by default."),
]
Name = Annotated[str, typer.Argument(help="The case, as the list names it.", metavar="CASE")]
Comment = Annotated[str, typer.Option(help="What there is to say.")]
Statuses = Annotated[
    list[str] | None,
    typer.Option(
        "--status",
        help="to-do, predicted, in-progress, needs-review, done or rejected; may be repeated.",
    ),
]
User = Annotated[str, typer.Option(help="Of this person alone.")]


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

    rows = show(listing(_folder(folder, masks)))
    found = chosen(rows, _statuses(status), user, flag, sort)
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

    place, wanted = _folder(folder, masks), _statuses(status)
    rows = show(listing(place))
    row = take_next(place, rows, wanted) if start else next_row(rows, wanted, user_name())
    if row is None or row.case is None:
        say("No such case is left.")
        raise typer.Exit(NOTHING_LEFT)
    _conclude(row.record)
    console.print(f"  {folder / row.case.image}", soft_wrap=True)
    if row.has_labels or row.record.current:
        console.print(f"  {place.current_of(row.record)}", soft_wrap=True)


@cases.command("set")
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
    from napari_abdoseg.worklist.effort.effort import with_work
    from napari_abdoseg.worklist.records.changing import with_comment, with_status

    (wanted,) = _statuses([status])
    said = [] if comment is None else [with_comment(comment)]
    work = with_work(_folder(folder, masks))
    _change(folder, masks, case, with_status(wanted), work, *said)


@cases.command("comment")
def comment_case(
    folder: Scans,
    case: Name,
    text: Annotated[str, typer.Argument(help="In place of what was said before.")],
    masks: Masks = None,
) -> None:
    """Say something of a case."""
    from napari_abdoseg.worklist.records.changing import with_comment

    _change(folder, masks, case, with_comment(text))


@cases.command("flag")
def flag_case(
    folder: Scans,
    case: Name,
    flag: Annotated[str, typer.Argument(help="A word to find the case by.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take it off.")] = False,
    masks: Masks = None,
) -> None:
    """Mark a case by a word."""
    from napari_abdoseg.worklist.records.changing import with_flag, without_flag

    _change(folder, masks, case, without_flag(flag) if remove else with_flag(flag))


@cases.command("take-over")
def take_over_case(folder: Scans, case: Name, masks: Masks = None) -> None:
    """Take over a case that a dead session has left open; one that lives says whose it is."""
    from napari_abdoseg.worklist.records.case_record import Status
    from napari_abdoseg.worklist.records.changing import change_record, take_over, with_status

    place = _known(folder, masks, case)
    session = take_over(place, case)
    try:
        record = change_record(place, case, with_status(Status.IN_PROGRESS), session)
    finally:
        session.release()
    _conclude(record)


@cases.command("accept")
def accept_case(folder: Scans, case: Name, comment: Comment = "", masks: Masks = None) -> None:
    """Accept a case that needs a review, as a reviewer."""
    from napari_abdoseg.worklist.records.reviewing import accepting

    _change(folder, masks, case, accepting(_folder(folder, masks), comment))


@cases.command("send-back")
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

    place = None if voxel is None else _place(folder, masks, case, voxel)
    _change(folder, masks, case, sending_back(comment, place))


@cases.command()
def predict(
    folder: Scans,
    model: Models = None,
    folds: Folds = None,
    preset: Preset = DEFAULT,
    device: Devices = "auto",
    scheduler: Scheduler = None,
    masks: Masks = None,
) -> None:
    """Find the organs of cases that are to do and have no label map.

    What somebody has open, or saves meanwhile, is left as it is. Stop it whenever you like: the
    same command goes on where it was, beside others that do the same on other machines.

    Exit status 1: a case failed.
    """
    from napari_abdoseg.cli.dataset_words import counted
    from napari_abdoseg.cli.predict import require_nothing_of_this_machine
    from napari_abdoseg.inference.preset import find_preset
    from napari_abdoseg.log import keep_log
    from napari_abdoseg.worklist.predicting.predicting import PredictionSettings, predicting_missing

    find_preset(preset)
    if scheduler:
        require_nothing_of_this_machine(device, None)
    chosen = tuple(folds.split(",")) if folds else None
    keep_log("predict")
    settings = PredictionSettings(tuple(model or ["demo"]), chosen, preset, device, scheduler or "")
    predicted = show(predicting_missing(_folder(folder, masks), settings))
    for case, reason in predicted.failed:
        say_failed(case, reason)
    made, failed = len(predicted.made), len(predicted.failed)
    console.print(f"{counted(made, 'label map')} made, {failed} failed.")
    if failed:
        raise typer.Exit(FAULTY)


@cases.command()
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
    from napari_abdoseg.worklist.versions.versions import version_at, versions_of

    place = _known(folder, masks, case)
    changes: list[Change] = []
    if add is not None:
        changes.append(with_version(version_at(place, case, add, model)))
    if use is not None:
        changes.append(with_current(use))
    record = _changed(place, case, *changes)
    console.print(version_table(versions_of(place, record), record))


@cases.command()
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

    page = _page_beside(output)
    place = _folder(folder, masks)
    rows = chosen(show(listing(place)), _statuses(status), user)
    works = show(measuring_effort(place, rows, workers or available_cores()))
    write_effort(output, works)
    write_text(page, render_effort(case_works(place, rows, works), works))
    minutes = sum(work.seconds for work in works) / 60
    corrected = len({work.case for work in works})
    console.print(f"{counted(corrected, 'corrected case')}, {minutes:.0f} minutes of work.")
    for path in (output, page):
        console.print(f"  {path}", soft_wrap=True)


@cases.command()
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
    place = _folder(folder, given[0] if given else None)
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


@cases.command("changed-by")
def changed_by(
    folder: Scans,
    model: Annotated[
        str,
        typer.Option(
            autocompletion=complete_model, help="The new model: a name, or an nnU-Net model folder."
        ),
    ],
    predictions: Annotated[
        Path | None,
        typer.Option(
            help="Folder of what it has predicted, such as cross-validation; else it predicts."
        ),
    ] = None,
    status: Statuses = None,
    worst_percent: Annotated[
        float, typer.Option("--worst", metavar="PERCENT", help="How many cases are offered.")
    ] = 5.0,
    flag: Annotated[str, typer.Option(help="Flag these cases by a word, to review them.")] = "",
    output: Annotated[
        Path | None, typer.Option(help="CSV file of all cases, a row an organ.")
    ] = None,
    preset: Preset = DEFAULT,
    device: Devices = "auto",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; as many as cores by default.")
    ] = None,
    masks: Masks = None,
) -> None:
    """Say which masks a new model would change most: of the cases that are done, by default.

    What it predicts becomes a version of its case that counts for nothing; corrected masks stay.
    Run it again after a stop: what is predicted is kept.

    Exit status 1: a case could not be predicted or compared, or none is there.
    """
    from napari_abdoseg.cli.changed_words import conclude_changes
    from napari_abdoseg.evaluation.processes import available_cores
    from napari_abdoseg.inference.preset import find_preset
    from napari_abdoseg.worklist.comparing.model_changes import comparing_with_model, write_changes
    from napari_abdoseg.worklist.comparing.model_versions import (
        note_versions,
        predicting_versions,
        versions_in,
    )
    from napari_abdoseg.worklist.listing.listing import chosen, listing
    from napari_abdoseg.worklist.records.case_record import Status
    from napari_abdoseg.worklist.records.changing import flagging

    find_preset(preset)
    place = _folder(folder, masks)
    rows = chosen(show(listing(place)), _statuses(status) or (Status.DONE,))
    if not rows:
        say("No such case is there; --status takes others than those that are done.")
        raise typer.Exit(NOTHING_LEFT)
    if predictions is None:
        versions = show(predicting_versions(place, rows, model, preset, device))
    else:
        versions = versions_in(predictions, rows, model)
    refused = note_versions(place, versions)
    processes = workers or available_cores()
    changes = show(comparing_with_model(place, rows, versions.files, processes))
    most = changes.most(worst_percent)
    if output is not None:
        write_changes(output, changes)
    refused |= flagging(place, [case.case for case in most], flag) if flag else {}
    conclude_changes(changes, most, output)
    for case, reason in refused.items():
        say(f"{case} was not changed: {reason}")
    for case, reason in (versions.failed | changes.failed).items():
        say_failed(case, reason)
    if versions.failed or changes.failed:
        raise typer.Exit(FAULTY)


@cases.command()
def export(
    folder: Scans,
    output: Annotated[
        Path,
        typer.Option(
            help="Folder to make, named Dataset018_Name; a bare name lies in $nnUNet_raw if set."
        ),
    ],
    status: Statuses = None,
    names: Annotated[
        str | None,
        typer.Option(
            "--labels",
            help="What label values are called, if the label maps don't say: a published scheme "
            "such as amos22, a file such as dataset.json, or '1=liver,2=kidney'.",
        ),
    ] = None,
    maps: Annotated[
        list[str] | None,
        typer.Option("--map", help="Rename and merge labels, as in `abdoseg dataset convert`."),
    ] = None,
    organs: Annotated[
        str | None, typer.Option(help="Organs to keep, in this order: liver,kidney; else all.")
    ] = None,
    copy: Annotated[bool, typer.Option("--copy", help="Copy files instead of links.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; as many as cores by default.")
    ] = None,
    masks: Masks = None,
) -> None:
    """Make a data set to train on of the cases that are done, and check it.

    Run it again when more are done. All scans of a patient are in one fold.

    Exit status 1: a case failed, or the check found what ruins training.
    """
    from napari_abdoseg.cli.dataset_words import conclude, introduce, problem_table
    from napari_abdoseg.evaluation.processes import available_cores
    from napari_abdoseg.image.names.stated_names import read_stated
    from napari_abdoseg.training.checking.check import checking
    from napari_abdoseg.training.conversion.convert import converting
    from napari_abdoseg.training.conversion.label_mapping import read_map
    from napari_abdoseg.training.conversion.naming import dataset_folder
    from napari_abdoseg.training.conversion.prepare import Wishes, preparing_source
    from napari_abdoseg.worklist.export import source_of
    from napari_abdoseg.worklist.listing.listing import chosen, listing
    from napari_abdoseg.worklist.records.case_record import Status

    place, target = _folder(folder, masks), dataset_folder(output)
    processes = workers or available_cores()
    rows = chosen(show(listing(place)), _statuses(status) or (Status.DONE,))
    wishes = Wishes(
        names=read_stated(names) if names else (),
        renamed=read_map(maps or ()),
        organs=tuple(filter(None, map(str.strip, (organs or "").split(",")))),
        copy=copy,
    )
    plan = show(preparing_source(source_of(place, rows), target, wishes, processes))
    introduce(plan)
    conversion = show(converting(plan, processes))
    conclude(conversion)
    if conversion.failed:
        raise typer.Exit(FAULTY)
    checked = show(checking(target, processes))
    if checked.problems:
        console.print(problem_table(checked))
    if checked.ruined:
        raise typer.Exit(FAULTY)


def _page_beside(table: Path) -> Path:
    from napari_abdoseg.errors import WorkListError

    page = table.with_suffix(PAGE)
    if page == table:
        raise WorkListError(
            f"--output {table} would be the page beside the table: name a .csv file."
        )
    return page


def _folder(scans: Path, masks: Path | None) -> WorkFolder:
    from napari_abdoseg.worklist.records.work_folder import WorkFolder

    return WorkFolder.of(scans, masks)


def _row(scans: Path, masks: Path | None, case: str) -> Row:
    """A case that the folder has, or had."""
    from napari_abdoseg.worklist.listing.listing import listing, named

    return named(show(listing(_folder(scans, masks))), case)


def _known(scans: Path, masks: Path | None, case: str) -> WorkFolder:
    """The work list, in which there must be such a case."""
    _row(scans, masks, case)
    return _folder(scans, masks)


def _place(scans: Path, masks: Path | None, case: str, voxel: str) -> Place:
    from napari_abdoseg.errors import WorkListError
    from napari_abdoseg.worklist.records.reviewing import place_in

    row = _row(scans, masks, case)
    if row.case is None:
        raise WorkListError(f"{case}: {row.problem}")
    try:
        indices = [int(index) for index in voxel.split(",")]
    except ValueError as error:
        raise WorkListError(f"--voxel takes i,j,k, such as 120,96,40, not {voxel!r}.") from error
    return place_in(scans / row.case.image, indices)


def _change(scans: Path, masks: Path | None, case: str, *changes: Change) -> None:
    _conclude(_changed(_known(scans, masks, case), case, *changes))


def _changed(folder: WorkFolder, case: str, *changes: Change) -> CaseRecord:
    from napari_abdoseg.worklist.records.case_record import CaseRecord as Record
    from napari_abdoseg.worklist.records.changing import change_record, in_turn
    from napari_abdoseg.worklist.records.record_files import read_record

    if not changes:
        return read_record(folder.record_of(case)) or Record(case)
    return change_record(folder, case, in_turn(*changes))


def _conclude(record: CaseRecord) -> None:
    """Say how far a case is now."""
    by = f", {record.user}" if record.user else ""
    console.print(f"{record.case}: {record.status}{by}")
    last = record.verdicts[-1:]
    if last and not last[0].accepted:
        where = f" at voxel {','.join(map(str, last[0].place.voxel))}" if last[0].place else ""
        console.print(f"  sent back by {last[0].user}{where}: {last[0].comment}")
    if record.comment:
        console.print(f"  {record.comment}")


def _statuses(names: list[str] | None) -> tuple[Status, ...]:
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
