"""napari in a process of its own: the command line imports no Qt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import typer

from napari_abdoseg.errors import AbdosegError

BINDINGS = ("PyQt6", "PySide6", "PyQt5", "PySide2")
INSTALL = '`pip install "napari-abdoseg[all]"` brings it'
WITHOUT_SCREEN = ("offscreen", "minimal", "vnc")
"""Platforms that Qt can be told to take, which need no screen."""


def what_napari_lacks() -> str | None:
    """Why no window of napari can be opened here, in a sentence; None if nothing is known."""
    if find_spec("napari") is None:
        return f"napari is not installed: {INSTALL}."
    if qt_binding() is None:
        return f"No Qt binding is installed, and napari needs one, such as PyQt6: {INSTALL}."
    if not _has_screen():
        return (
            "There is no screen: neither DISPLAY nor WAYLAND_DISPLAY is set. Work at the machine's "
            "own screen, or over `ssh -X` or a remote desktop."
        )
    return None


def qt_binding() -> str | None:
    """The Qt binding that is used, where one is installed."""
    return next((name for name in BINDINGS if find_spec(name) is not None), None)


def show_in_napari(image: Path, labels: Path | None = None) -> None:
    """Show a scan, with a label map if there is one, until the window is closed.

    Raises
    ------
    AbdosegError
        No window can be opened.
    """
    lack = what_napari_lacks()
    if lack is not None:
        raise AbdosegError(lack)
    files = [str(each.absolute()) for each in (image, labels) if each is not None]
    ended = subprocess.run([sys.executable, "-m", "napari_abdoseg.plugin.window", *files])
    if ended.returncode == -getattr(signal, "SIGABRT", 0):
        raise AbdosegError(
            "Qt could not open a window, for the reason above: is the screen that DISPLAY names "
            "there, and are Qt's system libraries installed?"
        )
    if ended.returncode:
        raise typer.Exit(abs(ended.returncode))


def _has_screen() -> bool:
    """Whether there is one, where that can be told: on Linux and its like."""
    if sys.platform in ("win32", "darwin"):
        return True
    told = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0] in WITHOUT_SCREEN
    return told or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
