"""`abdoseg info`: what to paste into a bug report."""

from __future__ import annotations

from rich.text import Text

from napari_abdoseg.cli.console import console
from napari_abdoseg.cli.privacy import without_names

WIDTH = 16


def info() -> None:
    """Say what is installed and what is missing, and try it on a tiny phantom.

    It can be pasted into a bug report: the home folder is shown as ~, and names of users, of
    machines and of other folders are left out.
    """
    from napari_abdoseg.cli.facts import MISSING, facts

    missing = []
    for about, words in facts():
        if about == MISSING:
            missing.append(words)
        else:
            _print(about, words)
    for words in missing:
        _print(MISSING, words, "yellow")


def _print(about: str, words: str, style: str = "bold") -> None:
    line = Text.assemble((f"{about:{WIDTH}}", style), without_names(words))
    console.print(line, soft_wrap=True)
