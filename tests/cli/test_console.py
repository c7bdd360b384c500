"""Whatever things are called, the terminal shows it and does nothing else."""

from __future__ import annotations

import io
import sys

import pytest
from rich.table import Table

from napari_abdoseg.cli import console as terminal
from napari_abdoseg.progress import Progress

NAMES = {
    "kidney [left]": "kidney [left]",
    "a [/] b": "a [/] b",
    "[bold]x[/bold]": "[bold]x[/bold]",
    "[red]": "[red]",
    "\\[x]": "\\[x]",
    ":heart: :liver:": ":heart: :liver:",
    "m\udcfcller": "m\ufffdller",
    "\x1b[2J\x1b]0;title\x07": "␛[2J␛]0;title",
    "a\x9bb": "a\ufffdb",
}


def working(name):
    yield Progress(f"{name}: Reading", 0, 1, f"{name} is odd")
    return name


@pytest.mark.parametrize(("name", "shown"), NAMES.items())
@pytest.mark.parametrize("is_terminal", [True, False])
def test_names_are_printed_as_they_are(name, shown, is_terminal, monkeypatch):
    if is_terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
    console = terminal.PlainConsole()
    console.file = io.StringIO()
    monkeypatch.setattr(terminal, "console", console)
    table = Table("organ", name)
    table.add_row(name, "1")
    console.print(table)
    console.print(name)
    terminal.say(name)
    terminal.say_failed(name, name)
    assert terminal.show(working(name)) == name
    said = console.file.getvalue()
    assert console.is_terminal is is_terminal
    assert said.count(shown) >= 5
    assert name == shown or name not in said


def test_what_of_a_stage_is_done_is_shown_beside_the_bar(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    console = terminal.PlainConsole()
    console.file = io.StringIO()
    monkeypatch.setattr(terminal, "console", console)

    def downloading():
        yield Progress("Downloading", 40_000_000, 135_000_000, part="40 MB of 135 MB, 8.1 MB/s")

    terminal.show(downloading())
    assert "40 MB of 135 MB, 8.1 MB/s" in console.file.getvalue()


@pytest.mark.parametrize("setting", [{}, {"COLUMNS": "60"}, {"FORCE_COLOR": "1"}])
def test_only_a_terminal_folds(setting, monkeypatch):
    """In a pipe a path stays whole, so that it can be copied or searched for."""
    monkeypatch.delenv("COLUMNS", raising=False)
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    console, path = terminal.PlainConsole(), "/a/long/path" * 12
    console.file = io.StringIO()
    monkeypatch.setattr(terminal, "console", console)
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row("folder", path)
    console.print(table)
    console.print(path)
    terminal.say(path)
    said = console.file.getvalue().splitlines()
    assert len(said) > 3 if setting else len(said) == 3


def test_a_mistake_with_such_a_name_is_told(capsys):
    terminal.complain("the file a[/]b\udcfc is none")
    assert "the file a[/]b\ufffd is none" in capsys.readouterr().err


def test_what_a_terminal_cannot_show_is_escaped(monkeypatch):
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr(sys, "stdout", narrow)
    terminal.print_any_character()
    terminal.PlainConsole().print("−1, m\udcfcller, ü")
    narrow.flush()
    assert narrow.buffer.getvalue() == b"\\u22121, m\\ufffdller, \xfc\n"
