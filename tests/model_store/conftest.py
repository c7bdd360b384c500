"""Fixtures of the model store: a server, and a file that it has."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from file_server import FileServer, serving

from napari_abdoseg.model_store import download


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine's own network is like is left out."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for nothing longer than a test needs."""
    monkeypatch.setattr(download, "WAITS", (0.01,) * 4)


@pytest.fixture
def content() -> bytes:
    """What a file holds."""
    return random.Random(5).randbytes(1_000_003)


@pytest.fixture
def server(tmp_path: Path, content: bytes) -> Iterator[FileServer]:
    """A server of one file, ``model.zip``."""
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "model.zip").write_bytes(content)
    with serving(folder) as running:
        yield running
