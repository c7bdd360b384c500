"""`abdoseg dataset`: data sets to train on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_abdoseg.cli.console import console, show
from napari_abdoseg.errors import AbdosegError

if TYPE_CHECKING:
    from napari_abdoseg.image.organ import Organ

INCOMPLETE = FAULTY = 1

dataset = typer.Typer(
    name="dataset",
    help="Bring data sets into nnU-Net's format and check them.",
    no_args_is_help=True,
)

Workers = Annotated[int | None, typer.Option(min=1, help="Processes; as many as cores by default.")]


@dataset.command()
def convert(
    output: Annotated[
        Path,
        typer.Option(
            help="Folder to make, named Dataset018_Name; a bare name lies in $nnUNet_raw if set."
        ),
    ],
    source: Annotated[Path | None, typer.Argument(help="Folder of the data set.")] = None,
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="totalsegmentator, pants, msd, abdomenct1k, panorama, flare, kits, lits, btcv, "
            "bids, pairs; recognized by default.",
        ),
    ] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option(
            help="Folder of the label maps, if it lies elsewhere; or what their values are called: "
            "a published scheme such as kits, a file such as dataset.json, or '1=liver,2=kidney'."
        ),
    ] = None,
    test_cases: Annotated[
        Path | None, typer.Option(help="Text file with the name of a test case a line.")
    ] = None,
    maps: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="Rename and merge labels: 'left kidney=kidney,right kidney=kidney', or a file of "
            "such lines. A label's value may stand for its name; =background removes it.",
        ),
    ] = None,
    organs: Annotated[
        str | None,
        typer.Option(
            help="Organs to keep, in this order: liver,kidney; else all. Where masks overlap, the "
            "first keeps the voxel."
        ),
    ] = None,
    channels: Annotated[
        str | None, typer.Option(help="Names of the channels, if they are not just CT.")
    ] = None,
    skip_unpaired: Annotated[
        bool, typer.Option("--skip-unpaired", help="Leave out cases without image or labels.")
    ] = False,
    copy: Annotated[bool, typer.Option("--copy", help="Copy files instead of links.")] = False,
    phantoms: Annotated[
        int | None, typer.Option(min=1, help="Make so many synthetic cases instead.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    workers: Workers = None,
) -> None:
    """Bring a data set into nnU-Net's raw format; run it again to go on.

    Files that need no change become links. Exit status 1: a case failed.
    """
    from napari_abdoseg.cli.dataset_words import conclude, introduce, list_steps
    from napari_abdoseg.evaluation.processes import available_cores
    from napari_abdoseg.training.conversion.convert import converting
    from napari_abdoseg.training.conversion.label_mapping import read_map
    from napari_abdoseg.training.conversion.naming import dataset_folder
    from napari_abdoseg.training.conversion.plan import plan_phantoms, require_room
    from napari_abdoseg.training.conversion.prepare import Wishes, preparing, read_names

    if (source is None) == (phantoms is None):
        raise AbdosegError("Give either the folder of a data set or --phantoms and a number.")
    folder, processes = dataset_folder(output), workers or available_cores()
    label_folder, names = _labels(labels or [])
    wishes = Wishes(
        format_name,
        label_folder,
        names,
        read_names(test_cases) if test_cases else (),
        read_map(maps or ()),
        _split(organs),
        _split(channels),
        skip_unpaired,
        copy,
    )
    if source is None:
        plan = plan_phantoms(phantoms or 0, folder)
    else:
        plan = show(preparing(source, folder, wishes, processes))
    introduce(plan)
    if dry_run:
        require_room(plan)
        list_steps(plan)
        failed = plan.failed
    else:
        conversion = show(converting(plan, processes))
        conclude(conversion)
        failed = conversion.failed
    if failed:
        raise typer.Exit(INCOMPLETE)


@dataset.command()
def check(
    folder: Annotated[Path, typer.Argument(help="Data set in nnU-Net's raw format.")],
    output: Annotated[
        Path | None, typer.Option(help="Folder for check.html and tables; DIR/check by default.")
    ] = None,
    workers: Workers = None,
) -> None:
    """Find what ruins training before it starts.

    Exit status 1: something does; 2: this is no data set.
    """
    from napari_abdoseg.cli.dataset_words import problem_table
    from napari_abdoseg.evaluation.processes import available_cores
    from napari_abdoseg.progress import counted
    from napari_abdoseg.training.checking.check import checking
    from napari_abdoseg.training.checking.results import write_results
    from napari_abdoseg.training.conversion.naming import in_raw_folder

    folder = folder if folder.exists() else in_raw_folder(folder)
    found = show(checking(folder, workers or available_cores()))
    files = write_results(output or folder / "check", found)
    if found.problems:
        console.print(problem_table(found))
    errors = sum(problem.ruins for problem in found.problems)
    console.print(
        f"{counted(len(found.facts), 'case')}, {counted(errors, 'error')}, "
        f"{counted(len(found.problems) - errors, 'warning')}.",
    )
    for path in files:
        console.print(f"  {path}")
    if found.ruined:
        raise typer.Exit(FAULTY)


def _labels(texts: list[str]) -> tuple[Path | None, tuple[Organ, ...]]:
    """The folder of label maps and the names of their values, of which either may be given."""
    from napari_abdoseg.image.names.stated_names import read_stated

    folders = [Path(text) for text in texts if Path(text).is_dir()]
    stated = [text for text in texts if not Path(text).is_dir()]
    if len(folders) > 1 or len(stated) > 1:
        raise AbdosegError("--labels takes one folder of label maps and one list of names.")
    return folders[0] if folders else None, read_stated(stated[0]) if stated else ()


def _split(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())
