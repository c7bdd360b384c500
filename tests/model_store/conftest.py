"""Fixtures of the model store: a server, and a file that it has."""

from __future__ import annotations

import random
import ssl
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
import trustme
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


Certified = Callable[..., ssl.SSLContext]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certified(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certified:
    """A function that gives a certificate of an authority that is trusted."""
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))

    def make(host: str = "localhost", **validity: datetime) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host, **validity).configure_cert(context)
        return context

    return make
