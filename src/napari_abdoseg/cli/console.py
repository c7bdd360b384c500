"""Work drawn in the terminal."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from napari_abdoseg.progress import Result, Work

console = Console()


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
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    bar = Bar(*columns, console=console)
    with Live(
        get_renderable=lambda: Group(bar, below()) if below else bar,
        console=console,
        transient=True,
        refresh_per_second=1 if below else 10,
    ):
        task = bar.add_task("Starting", total=None)
        try:
            while True:
                progress = next(work)
                bar.update(
                    task,
                    description=progress.stage,
                    completed=progress.done,
                    total=progress.total or None,
                )
                if progress.notice:
                    say(progress.notice)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            work.close()


def say(notice: str) -> None:
    """Print something the user should know."""
    console.print(f"[yellow]Note:[/] {escape(notice)}", highlight=False)
