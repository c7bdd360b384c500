"""Words and work in the terminal.

Whatever a file, an organ or a model is called is printed as it is: nothing in a text is markup,
an emoji or a command to the terminal.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress

from rich.console import Console, ConsoleDimensions, ConsoleOptions, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, TaskProgressColumn, TextColumn
from rich.progress import Progress as Bar
from rich.segment import Segment
from rich.text import Text

from napari_abdoseg.log import logged
from napari_abdoseg.progress import Countdown, Result, Work

UNKNOWN = "\ufffd"
PICTURES = 0x2400
"""Where Unicode has its pictures of control characters."""
HARMLESS = str.maketrans(
    {number: chr(PICTURES + number) for number in range(0x20) if chr(number) not in "\t\n"}
    | {0x7F: "\u2421"}
    | dict.fromkeys((*range(0x80, 0xA0), *range(0xD800, 0xE000)), UNKNOWN)
)
"""Characters that steer a terminal, and bytes of file names that are no UTF-8."""


WIDEST = 10_000
"""Letters of a line where no terminal folds it."""


class PlainConsole(Console):
    """A console that takes texts as they are, and folds them at the width of a terminal alone.

    In a file or a pipe a path stays whole; ``COLUMNS`` folds there, too.
    """

    def __init__(self, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False)

    @property
    def size(self) -> ConsoleDimensions:
        """Letters of a line, and lines."""
        width, height = super().size
        folds = self.is_terminal or self._width is not None
        return ConsoleDimensions(width if folds else WIDEST, height)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        self._width, self._height = new_size

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """What is printed, with pictures of characters that would steer the terminal."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(text.translate(HARMLESS), style)


BAR_WIDTH = 20
"""Letters, so that words and time left fit beside it on a terminal of 80."""

console = PlainConsole()


class LogLines(logging.Handler):
    """Prints what is logged where errors go, above any bar."""

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):  # no work ends for want of a log
            PlainConsole(stderr=True).print(self.format(record), style="dim", soft_wrap=True)


def print_any_character() -> None:
    """Escape what the terminal's encoding lacks, in place of ending with an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def show(work: Work[Result], below: Callable[[], RenderableType] | None = None) -> Result:
    """Run ``work`` under a progress bar; Ctrl-C cancels it.

    Notices are printed above the bar as they come.

    Parameters
    ----------
    work : Work
    below : callable, optional
        What else is to be seen now, asked for once a second.
    """
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(BAR_WIDTH),
        TaskProgressColumn(),
        TextColumn("{task.fields[left]}", markup=False),
    )
    work = logged(work, "abdoseg")
    bar, countdown = Bar(*columns, console=console), Countdown()
    with Live(
        get_renderable=lambda: Group(bar, below()) if below else bar,
        console=console,
        transient=True,
        refresh_per_second=1 if below else 10,
    ):
        task = bar.add_task("Starting", total=None, left="")
        try:
            while True:
                progress = next(work)
                bar.update(
                    task,
                    description=progress.stage,
                    completed=progress.done,
                    total=progress.total or None,
                    left=", ".join(filter(None, (progress.part, countdown.words_for(progress)))),
                )
                if progress.notice:
                    say(progress.notice)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            work.close()


def say(notice: str) -> None:
    """Print something the user should know."""
    say_after("Note:", notice, "yellow")


def say_failed(case: str, reason: str) -> None:
    """Print why a case has no result."""
    say_after(f"{case} failed:", reason, "bold red")


def say_after(head: str, text: str, style: str = "bold") -> None:
    """Print a text after some words that stand out."""
    console.print(Text.assemble((head, style), f" {text}"))


def complain(message: str) -> None:
    """Print a user's mistake where errors go."""
    PlainConsole(stderr=True).print(Text.assemble(("abdoseg:", "bold red"), f" {message}"))
