"""Archives from the internet: the one that an address has always had."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from napari_abdoseg.image.files.saving import make_folder
from napari_abdoseg.inference.model.known_models import models_folder
from napari_abdoseg.model_store.download import Download, downloading
from napari_abdoseg.model_store.questions import ChangedDownloadError
from napari_abdoseg.model_store.staging import DOWNLOADS
from napari_abdoseg.model_store.trust import known_download
from napari_abdoseg.progress import Work


def downloading_as_known(url: str, sha256: str | None, renewed: bool) -> Work[Download]:
    """Download an archive into a folder beside the models, as a generator that reports bytes.

    Parameters
    ----------
    url : str
    sha256 : str or None
        The published hash; that of the first time by default.
    renewed : bool
        Take it also if it was something else before.

    Raises
    ------
    ChangedDownloadError
        It was something else before.
    DownloadError, SaveError
        It can't be had, or can't be written.
    """
    known = None if sha256 or renewed else known_download(url)
    target = _target(url)
    make_folder(target.parent)
    if known and target.is_file():
        sha256 = known.sha256
    download = yield from downloading(url, target, sha256=sha256)
    if known and download.sha256 != known.sha256:
        raise ChangedDownloadError(
            f"{url} has changed: what came on {known.since} had the SHA-256 {known.sha256}, "
            f"and now it is {download.sha256}. If its publisher says that there is a new version, "
            "install it with --renewed."
        )
    return download


def forget_download(url: str) -> None:
    """Remove what came from an address, whole or not."""
    target = _target(url)
    for ending in ("", ".part", ".part.json", ".lock"):
        target.with_name(target.name + ending).unlink(missing_ok=True)


def _target(url: str) -> Path:
    name = PurePosixPath(unquote(urlsplit(url).path)).name
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)[-60:].lstrip(".") or "model.zip"
    key = hashlib.sha256(url.encode()).hexdigest()[:12]
    return models_folder() / DOWNLOADS / f"{key}-{plain}"
