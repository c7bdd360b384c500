"""`abdoseg models`: models to segment with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_abdoseg.cli.completion import (
    complete_device,
    complete_known_or_published,
    complete_model,
    complete_published,
)
from napari_abdoseg.cli.console import console, say, show
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.inference.model.known_models import find_known_models, models_folder
from napari_abdoseg.progress import Work, spoken_bytes

if TYPE_CHECKING:
    from napari_abdoseg.inference.model.model_folder import Model

DIFFERENT = 1

models = typer.Typer(
    name="models",
    help="Find, install and keep models; $ABDOSEG_MODELS names another folder for them.",
    no_args_is_help=True,
)

Device = Annotated[
    str, typer.Option(autocompletion=complete_device, help="auto, cpu, cuda, cuda:N or mps.")
]


@models.command("list")
def list_models() -> None:
    """List models that are here, and those that can be installed by name."""
    from napari_abdoseg.cli.models_words import model_table

    table, faults = model_table()
    console.print(table)
    console.print("`abdoseg models show NAME` says more of one, also what of it was never tried.")
    console.print(f"Installed models are in {models_folder()}.", soft_wrap=True)
    for name, reason in faults:
        say(f"{name} can't be used: {reason}")


@models.command("show")
def show_model(
    name: Annotated[
        str,
        typer.Argument(
            autocompletion=complete_known_or_published,
            help="A model's name, its folder, or one to install.",
        ),
    ],
) -> None:
    """Say what a model finds, whose it is, and under which licence."""
    from napari_abdoseg.cli.models_words import tell_of_entry, tell_of_model
    from napari_abdoseg.inference.model.model_folder import read_model
    from napari_abdoseg.model_store.catalogue import find_entry

    entry = find_entry(name)
    if entry and name not in {model.name for model in find_known_models()}:
        tell_of_entry(entry)
    else:
        tell_of_model(name, read_model(name))


@models.command()
def install(
    what: Annotated[
        str,
        typer.Argument(
            autocompletion=complete_published,
            help="A name that `abdoseg models list` shows, an address (https://...), a zip archive "
            "or a folder.",
        ),
    ],
    name: Annotated[str | None, typer.Option(help="What to call it here.")] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="INSIDE", help="Which of several models in an archive or folder."),
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept the terms of the model's licence.")
    ] = False,
    renewed: Annotated[
        bool,
        typer.Option(
            "--renewed", help="Take what its publisher has replaced since the first time."
        ),
    ] = False,
) -> None:
    """Install a model: all of it, checked, or nothing. Run it again to go on with a download."""
    from napari_abdoseg.cli.models_words import conclude
    from napari_abdoseg.model_store.catalogue import find_entry
    from napari_abdoseg.model_store.installing import installing
    from napari_abdoseg.model_store.questions import TermsNeededError

    entry = find_entry(what)
    if entry and entry.content.untried:
        say(f"{what} was never tried by us: `abdoseg models show {what}` says what of it.")

    def work(accepted: bool) -> Work[Model]:
        return installing(what, name, model=model, accepted=accepted, renewed=renewed)

    try:
        installed = show(work(accept_licence))
    except TermsNeededError as error:
        if not is_asked_at():
            raise
        console.print(f"{error.entry.name}: {error.entry.card.licence}", style="bold")
        console.print(f"{error.entry.content.terms} {error.entry.card.licence_url or ''}")
        if not typer.confirm("Do you accept these terms?"):
            raise typer.Abort from error
        installed = show(work(True))
    conclude(installed)


@models.command()
def remove(
    name: Annotated[
        str, typer.Argument(autocompletion=complete_model, help="A model that is installed.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Remove it without a question.")] = False,
) -> None:
    """Remove a model that was installed or trained here."""
    from napari_abdoseg.model_store.removal import remove_model

    known = next((model for model in find_known_models() if model.name == name), None)
    if known and known.place == "installed" and not yes:
        if not is_asked_at():
            raise AbdosegError(f"{known.folder} would be removed: say so with --yes.")
        typer.confirm(f"Remove {known.folder}?", abort=True)
    console.print(f"Removed {remove_model(name).folder}.", soft_wrap=True)


@models.command("test")
def run_test(
    name: Annotated[
        str, typer.Argument(autocompletion=complete_model, help="A model's name or folder.")
    ],
    record: Annotated[
        Path | None,
        typer.Option(metavar="CT", help="Make its test first, from a CT where it works well."),
    ] = None,
    device: Device = "auto",
) -> None:
    """Segment a model's tiny test, and compare with what it found where the test was made.

    Exit status 1: it finds something else here.
    """
    from napari_abdoseg.model_store.testing import LEAST, recording_test, running_test

    if record is not None:
        show(recording_test(name, record, device))
    found = show(running_test(name, device))
    console.print(
        f"{found.differing} of {found.voxels} voxels differ: an agreement of {found.share:.6f}, "
        f"of which {LEAST} is enough."
    )
    if not found.passed:
        raise typer.Exit(DIFFERENT)


@models.command()
def export(
    name: Annotated[
        str, typer.Argument(autocompletion=complete_model, help="A model's name or folder.")
    ],
    file: Annotated[Path, typer.Argument(help="The zip archive to be, or a folder for it.")],
) -> None:
    """Write a model into one zip, with its card and hashes, for a machine without internet."""
    from napari_abdoseg.model_store.exporting import exporting

    archive = show(exporting(name, file))
    console.print(f"{archive}: {spoken_bytes(archive.stat().st_size)}.", soft_wrap=True)
    console.print(f"Install it there with: abdoseg models install {archive.name}", soft_wrap=True)


def is_asked_at() -> bool:
    """Whether somebody sits at the terminal who can answer."""
    return sys.stdin.isatty()
