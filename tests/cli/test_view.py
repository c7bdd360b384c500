"""`abdoseg view` where napari can't show anything, and where it can."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest
import typer

from napari_abdoseg.cli import napari_process
from napari_abdoseg.cli.napari_process import show_in_napari, what_napari_lacks
from napari_abdoseg.errors import AbdosegError

needs_x = pytest.mark.skipif(
    napari_process.sys.platform in ("win32", "darwin"), reason="screens have no name there"
)


@pytest.fixture(autouse=True)
def screen(monkeypatch):
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":0")


def without(monkeypatch, *names: str) -> None:
    monkeypatch.setattr(napari_process, "find_spec", lambda name: None if name in names else name)


def test_a_machine_with_all_lacks_nothing(monkeypatch):
    without(monkeypatch)
    assert what_napari_lacks() is None


@pytest.mark.parametrize(
    ("names", "words"),
    [(["napari"], "napari is not installed"), (napari_process.BINDINGS, "No Qt binding")],
)
def test_what_is_not_installed_is_told(monkeypatch, names, words):
    without(monkeypatch, *names)
    with pytest.raises(AbdosegError, match=words):
        show_in_napari(Path("ct.nii"))


@needs_x
@pytest.mark.parametrize(("platform", "lacks"), [("", True), ("xcb", True), ("offscreen", False)])
def test_a_lack_of_a_screen_is_told(monkeypatch, platform, lacks):
    without(monkeypatch)
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setenv("QT_QPA_PLATFORM", platform)
    assert ("no screen" in (what_napari_lacks() or "")) == lacks


@pytest.mark.parametrize(
    ("status", "error"),
    [(0, None), (2, typer.Exit), (-signal.SIGABRT, AbdosegError), (-signal.SIGTERM, typer.Exit)],
)
def test_how_the_window_ended_is_passed_on(monkeypatch, status, error):
    without(monkeypatch)
    commands = []

    def run(command: list[str]) -> subprocess.CompletedProcess[bytes]:
        commands.append(command)
        return subprocess.CompletedProcess(command, status)

    monkeypatch.setattr(napari_process.subprocess, "run", run)
    if error is None:
        show_in_napari(Path("ct.nii"), Path("truth.nii"))
    else:
        with pytest.raises(error):
            show_in_napari(Path("ct.nii"), Path("truth.nii"))
    assert commands[0][-2:] == [str(Path("ct.nii").absolute()), str(Path("truth.nii").absolute())]
