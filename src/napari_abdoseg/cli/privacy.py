"""Texts that can be shown to strangers: no home folder, no names of users and machines."""

from __future__ import annotations

import getpass
import platform
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

HOME, ELSEWHERE = "~", "…"
_END = r"(?=[/\\]|[^\w.-]|$)"
_QUOTED = re.compile(r"""(['"])(?:/|[A-Za-z]:[/\\]|\\\\)[^'"]*[/\\]([^'"/\\]*)\1""")
_ABSOLUTE = re.compile(
    r"(?<![\w~.…/\\:-])(?:[A-Za-z]:[/\\]|\\\\|/)(?:[^\s'\"/\\:;,()][^'\"/\\:;,()]*[/\\])+([^\s'\"/\\;,()]*)"
)


def without_names(text: str) -> str:
    """A text as it may be pasted into a bug report.

    The home folder becomes ``~``, of any other path its last name is left, and names of the
    user and of the machine are taken out of paths and addresses.
    """
    for home in _homes():
        text = re.sub(re.escape(home) + _END, HOME, text)
    text = _QUOTED.sub(rf"\1{ELSEWHERE}/\2\1", text)
    text = _ABSOLUTE.sub(rf"{ELSEWHERE}/\1", text)
    for name, stands_for in _names():
        text = re.sub(rf"(?<=[/\\@]){re.escape(name)}{_END}", stands_for, text)
        text = re.sub(rf"\b{re.escape(name)}(?=@)", stands_for, text)
    return text


def shown_path(path: Path) -> str:
    """A folder below the home folder; of others, only that they are elsewhere."""
    shown = without_names(str(path.absolute()))
    return shown if shown.startswith(HOME) else "outside of the home folder"


def _homes() -> list[str]:
    """The home folder as it is called and as it is, the longest first."""
    with suppress(RuntimeError, OSError):
        home = Path.home()
        found = {str(home), str(home.resolve())} - {home.anchor}
        return sorted(found, key=len, reverse=True)
    return []


def _names() -> Iterator[tuple[str, str]]:
    with suppress(Exception):  # whatever the system's database of users says
        if user := getpass.getuser():
            yield user, "USER"
    node = platform.node()
    for host in (node, node.partition(".")[0]):
        if host:
            yield host, "HOST"
