"""Trust on first use: what came from an address once must come from there again.

Publishers of models rarely publish hashes. Where there is none, that of the first download is
kept, so that a later change of the file, by its publisher or by somebody else, doesn't go
unnoticed.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field

from napari_abdoseg.errors import ModelError
from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.image.files.saving import make_folder, write_text
from napari_abdoseg.inference.model.card import Hash
from napari_abdoseg.inference.model.known_models import models_folder
from napari_abdoseg.inference.model.schema import Part, Text, check

FILE = ".known_downloads.json"
"""In `models_folder`."""
ADVICE = "correct it, or remove the file"


class KnownDownload(Part):
    """A file that came from an address.

    Parameters
    ----------
    sha256 : str
    since : str
        Date of the first time.
    """

    sha256: Hash
    since: Text


class _KnownDownloads(Part):
    downloads: Annotated[dict[str, KnownDownload], Field(max_length=100_000)]


def known_download(url: str) -> KnownDownload | None:
    """What came from an address before; None if nothing did.

    Raises
    ------
    ModelError
        The file of what is known can't be read.
    """
    return _read().get(url)


def remember_download(url: str, sha256: str) -> None:
    """Keep the hash of what came from an address, in place of what was known of it.

    Raises
    ------
    ModelError, SaveError
        The file of what is known can't be read or written.
    """
    known = _read() | {url: KnownDownload(sha256=sha256, since=today())}
    content = {"downloads": {url: known[url].model_dump() for url in sorted(known)}}
    make_folder(models_folder())
    write_text(_path(), json.dumps(content, indent=1) + "\n")


def today() -> str:
    """The date, as ISO 8601 writes it."""
    return datetime.now(UTC).date().isoformat()


def _path() -> Path:
    return models_folder() / FILE


def _read() -> dict[str, KnownDownload]:
    path = _path()
    if not path.exists():
        return {}
    try:
        content = read_json(path)
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} can't be read as JSON ({error}): {ADVICE}.") from error
    return check(_KnownDownloads, content, path, ADVICE).downloads
