"""The `abdoseg` command."""

from __future__ import annotations

import errno
import sys

import typer

from napari_abdoseg.cli.console import complain, print_any_character
from napari_abdoseg.cli.dataset import dataset
from napari_abdoseg.cli.demo import demo
from napari_abdoseg.cli.evaluate import evaluate
from napari_abdoseg.cli.predict import predict
from napari_abdoseg.cli.train import train
from napari_abdoseg.cli.watch import watch
from napari_abdoseg.errors import NO_MEMORY, AbdosegError

_NOT_LOADED = ("failed to map segment", "cannot map zero-fill pages", "Cannot allocate memory")
"""What the loader of libraries on Linux says where memory is short."""

app = typer.Typer(
    name="abdoseg",
    help="Find abdominal organs in CT with nnU-Net ensembles. For research, not for diagnosis.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.command()(predict)
app.command()(evaluate)
app.add_typer(dataset)
app.command()(train)
app.command()(watch)


@app.callback()
def _subcommands() -> None:
    """Keep `abdoseg COMMAND` the way to call, however many commands there are."""


def main() -> None:
    """Run the command line; a user's mistake is a sentence and exit status 2."""
    print_any_character()
    try:
        app()
    except AbdosegError as error:
        complain(str(error))
        sys.exit(2)
    except (MemoryError, OSError, ImportError) as error:
        if not is_want_of_memory(error):
            raise
        complain(NO_MEMORY)
        sys.exit(2)


def is_want_of_memory(error: Exception) -> bool:
    """Whether there was too little memory, also to load a library."""
    if isinstance(error, ImportError):
        return any(words in str(error) for words in _NOT_LOADED)
    return isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM
