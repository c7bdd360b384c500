"""The `abdoseg` command."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from napari_abdoseg.cli.cases import cases
from napari_abdoseg.cli.check import check
from napari_abdoseg.cli.console import LogLines, complain, console, print_any_character
from napari_abdoseg.cli.dataset import dataset
from napari_abdoseg.cli.demo import demo
from napari_abdoseg.cli.evaluate import evaluate
from napari_abdoseg.cli.info import info
from napari_abdoseg.cli.models import models
from napari_abdoseg.cli.predict import predict
from napari_abdoseg.cli.train import train
from napari_abdoseg.cli.view import view
from napari_abdoseg.cli.watch import watch
from napari_abdoseg.errors import AbdosegError, lacks_memory
from napari_abdoseg.log import attach, log_error

LACK = (
    "This process may have no more memory: close other programs, or give it more (ulimit -v, the "
    "memory of a job or a container)."
)

app = typer.Typer(
    name="abdoseg",
    help="Find abdominal organs in CT with nnU-Net ensembles. For research, not for diagnosis.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.command()(view)
app.command()(predict)
app.command()(evaluate)
app.command()(check)
app.add_typer(cases)
app.add_typer(models)
app.add_typer(dataset)
app.command()(train)
app.command()(watch)
app.command()(info)


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        console.print(f"napari-abdoseg {version('napari-abdoseg')}")
        raise typer.Exit


@app.callback()
def _before_all(
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log on standard error what is being done.")
    ] = False,
    _: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Say it and end."),
    ] = False,
) -> None:
    if verbose:
        attach(LogLines())


def main() -> None:
    """Run the command line; a user's mistake is a sentence and exit status 2."""
    print_any_character()
    try:
        app()
    except AbdosegError as error:
        log_error("abdoseg", error)
        complain(str(error))
        sys.exit(2)
    except (MemoryError, ImportError, OSError, RuntimeError) as error:
        log_error("abdoseg", error)
        if not lacks_memory(error):
            raise
        sys.stderr.write(f"abdoseg: {LACK}\n")  # rich would import more
        sys.exit(2)
    except Exception as error:
        log_error("abdoseg", error)
        raise
