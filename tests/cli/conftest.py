"""Commands as they are called, their output not folded at the width of a worker's terminal."""

from __future__ import annotations

import pytest

from napari_abdoseg.cli import console as terminal


@pytest.fixture
def as_wide_as_needed(monkeypatch):
    """As in a file or a pipe, wherever tests run: those that run in parallel set ``COLUMNS``."""
    monkeypatch.setattr(terminal.console, "_width", None)
