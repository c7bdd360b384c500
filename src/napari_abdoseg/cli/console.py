"""Work drawn in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from napari_abdoseg.progress import Result, Work

console = Console()


def show(work: Work[Result]) -> Result:
    """Run ``work`` under a progress bar; Ctrl-C cancels it.

    Notices are printed above the bar as they come.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console, transient=True) as bar:
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
    console.print(f"[yellow]Note:[/] {notice}", highlight=False)
