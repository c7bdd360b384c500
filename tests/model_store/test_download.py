"""Downloads from a real server: the right file, or one sentence."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from file_server import FileServer, reset, say_status, sign_in_page, truncate
from working import run

from napari_abdoseg.errors import DownloadError
from napari_abdoseg.model_store.download import Download, downloading
from napari_abdoseg.progress import drain

pytestmark = pytest.mark.usefixtures("_hasty")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "here.zip"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_file_comes_as_it_is(server, target, content):
    steps, done = run(downloading(server.url("model.zip"), target))
    assert done == Download(target, sha256(content), len(content))
    assert target.read_bytes() == content
    assert steps[-1].words == "Downloading, 1.0 MB of 1.0 MB"
    assert (steps[-1].done, steps[-1].total) == (len(content),) * 2
    assert parts(target) == []


def parts(target: Path) -> list[str]:
    """What is left of a download beside the file."""
    return [path.name for path in target.parent.glob("*.part*")]


def test_what_was_cancelled_goes_on_where_it_was(server, target, content):
    server.faults.append(truncate(300_000))
    work = downloading(server.url("model.zip"), target)
    while next(work).stage != "Waiting":
        pass
    work.close()
    assert not target.exists()
    drain(downloading(server.url("model.zip"), target, sha256=sha256(content)))
    assert server.asked[1]["range"] == "bytes=300000-"
    assert target.read_bytes() == content


@pytest.mark.parametrize(
    "fault", [truncate(0), truncate(5), reset(400_000), say_status(503, Retry_After="0")]
)
def test_what_passes_is_tried_again(fault, server, target, content):
    server.faults += [fault, fault]
    done = drain(downloading(server.url("model.zip"), target))
    assert done.sha256 == sha256(content)
    assert target.read_bytes() == content
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (sign_in_page(), "a web page came in its place"),
        (say_status(404), "nothing at this address"),
    ],
)
def test_what_does_not_pass_is_told(fault, words, server: FileServer, target):
    server.always = fault
    with pytest.raises(DownloadError, match=words):
        drain(downloading(server.url("model.zip"), target))
    assert not target.exists()
    assert len(server.asked) == 1


def test_another_file_is_refused(server, target):
    with pytest.raises(DownloadError, match="is not the file expected: its SHA-256 is"):
        drain(downloading(server.url("model.zip"), target, sha256="0" * 64))
    assert not target.exists()
    assert parts(target) == []
