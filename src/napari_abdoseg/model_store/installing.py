"""Models brought to this machine: by name, from an address, from an archive or a folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.errors import ModelError
from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.inference.model.card import ModelCard, Origin, read_card, write_card
from napari_abdoseg.inference.model.known_models import is_of_totalsegmentator
from napari_abdoseg.inference.model.model_folder import Model, read_model_folder
from napari_abdoseg.model_store.arriving import copying_model, unpacking_model
from napari_abdoseg.model_store.cards import card_of_installed, model_hash
from napari_abdoseg.model_store.catalogue import Entry, ModelPart, find_entry, like
from napari_abdoseg.model_store.questions import ModelChoiceNeededError, TermsNeededError
from napari_abdoseg.model_store.staging import (
    move_into_place,
    require_new_name,
    require_room,
    staged,
)
from napari_abdoseg.model_store.trust import known_download, remember_download, today
from napari_abdoseg.model_store.trusted_download import downloading_as_known, forget_download
from napari_abdoseg.progress import Progress, Work, as_part, relay

GROWTH = 1.4
"""How many times its archive's size a model has at most, as a guess before it is there."""
DOWNLOADED, UNPACKED = 0.8, 0.98
"""Shares of the work on a part after which it has come, and is unpacked."""
BLOCK = 1 << 22


@dataclass(frozen=True)
class _Source:
    """Where a model comes from.

    Parameters
    ----------
    shown : str
        What the user gave.
    parts : sequence of ModelPart
        What is to be downloaded.
    place : Path, optional
        An archive or folder that is there already.
    entry : Entry, optional
    """

    shown: str
    parts: tuple[ModelPart, ...] = ()
    place: Path | None = None
    entry: Entry | None = None


@dataclass(frozen=True)
class _Arrived:
    """A part that lies in its place; what it is called there, and the hash of its archive."""

    name: str
    sha256: str | None


def installing(
    what: str | Path,
    name: str | None = None,
    *,
    model: str | None = None,
    accepted: bool = False,
    renewed: bool = False,
) -> Work[Model]:
    """Install a model, as a generator that reports on it.

    It is in its place as a whole, checked as for segmenting, or not at all; closing the generator
    leaves nothing but what was downloaded, from which the next call goes on.

    Parameters
    ----------
    what : str or Path
        A name in the catalogue, an address, a zip archive or a folder.
    name : str, optional
        What it is known by afterwards; that of the catalogue or of the model's data set by
        default.
    model : str, optional
        Which of several in an archive or folder: its folder there.
    accepted : bool, optional
        Whether the user has accepted the terms of the catalogue's entry.
    renewed : bool, optional
        Take what is at an address now also if it was something else before.

    Raises
    ------
    TermsNeededError
        The terms have not been accepted.
    ModelChoiceNeededError
        There are several models.
    ChangedDownloadError
        What is at an address now was something else before.
    ModelError, DownloadError, SaveError
        It is no model that works here, can't be had, or can't be written.

    Examples
    --------
    >>> from napari_abdoseg.model_store.installing import installing
    >>> from napari_abdoseg.progress import drain
    >>> drain(installing("total_fast")).name  # doctest: +SKIP
    'total_fast'
    """
    source = _find_source(str(what))
    if source.entry and source.entry.content.terms and not accepted:
        raise TermsNeededError(source.entry)
    if name or source.entry:
        require_new_name(name or source.shown)
    if source.entry and source.entry.size:
        require_room((1 + GROWTH) * source.entry.size, f"Installing {source.shown}")
    with staged() as staging:
        folder = staging / "model"
        arrived = yield from _bringing(source, folder, model, renewed)
        name = name or (source.entry.name if source.entry else arrived[0].name)
        require_new_name(name)
        yield from _finishing(source, folder, arrived)
        installed = move_into_place(folder, name)
        _conclude(source, arrived)
    return read_model_folder(installed)


def _find_source(what: str) -> _Source:
    """What was asked for; a name in the catalogue goes before a file of that name.

    Raises
    ------
    ModelError
        It is nothing that is known or there.
    """
    if entry := find_entry(what):
        return _Source(what, tuple(entry.content.parts), entry=entry)
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", what):
        if not re.match(r"https?://", what, re.IGNORECASE):
            raise ModelError(f"{what} can't be downloaded: give an address that begins with https.")
        return _Source(what, (ModelPart(url=what),))
    try:
        place = Path(what).expanduser().absolute()
        if place.exists():
            return _Source(what, place=place)
    except (OSError, RuntimeError, ValueError) as error:
        raise ModelError(f"{what!r} can't be looked for ({error}): give another.") from error
    meant = f" Did you mean {' or '.join(like(what))}?" if like(what) else ""
    raise ModelError(
        f"There is no model {what!r} in the catalogue, and no file or folder of this name:"
        f" `abdoseg models list` shows what there is.{meant}"
    )


def _bringing(
    source: _Source, folder: Path, model: str | None, renewed: bool
) -> Work[list[_Arrived]]:
    """Have all parts in a folder."""
    if source.place is not None:
        return [(yield from _from_place(source, source.place, folder, model))]
    arrived = []
    for number, part in enumerate(source.parts):
        begin, end = number / len(source.parts), (number + 1) / len(source.parts)
        work = _from_web(source, part, folder, model, renewed)
        arrived.append((yield from relay(work, as_part(begin, end))))
    return arrived


def _from_place(source: _Source, place: Path, folder: Path, model: str | None) -> Work[_Arrived]:
    if place.is_dir():
        work = copying_model(place, source.shown, folder, model)
        return _Arrived((yield from relay(work, as_part(0.0, UNPACKED))), None)
    sha256 = yield from _hashing(place)
    work = unpacking_model(place, source.shown, folder, model)
    return _Arrived((yield from relay(work, as_part(0.0, UNPACKED))), sha256)


def _from_web(
    source: _Source, part: ModelPart, folder: Path, model: str | None, renewed: bool
) -> Work[_Arrived]:
    fetching = downloading_as_known(part.url, part.sha256, renewed)
    download = yield from relay(fetching, as_part(0.0, DOWNLOADED))
    place = folder / part.place if part.place else folder
    inside = part.inside if part.place else model or part.inside
    work = unpacking_model(download.path, part.url, place, inside)
    try:
        name = yield from relay(work, as_part(DOWNLOADED, UNPACKED))
    except ModelChoiceNeededError:
        remember_download(part.url, download.sha256)  # and it need not come again
        raise
    if part.card != ModelCard():
        write_card(place, part.card)
    return _Arrived(name, download.sha256)


def _hashing(path: Path) -> Work[str]:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
                yield Progress("Reading", 0, 0)
    except OSError as error:
        raise ModelError(
            f"{path} can't be read ({error.strerror or error}): check its permissions."
        ) from error
    return digest.hexdigest()


def _finishing(source: _Source, folder: Path, arrived: Sequence[_Arrived]) -> Work[None]:
    """Check what has come, and write its card."""
    try:
        own = _own_card(source, folder)
        known = own.origin.catalogue if own.origin else None
        origin = Origin(
            url=source.parts[0].url if source.parts else str(source.place),
            sha256=arrived[0].sha256,
            catalogue=source.entry.name if source.entry else known,
            installed=today(),
        )
        given = source.entry.card if source.entry else own
        card, told = card_of_installed(given, read_json(folder / "dataset.json"), origin)
        write_card(folder, card)
        model = read_model_folder(folder)
        for part in source.parts:
            if part.place:
                read_model_folder(folder / part.place)
        sha256 = model_hash(model)
        if own.sha256 not in (None, sha256) and not source.entry:
            raise ModelError(
                f"{source.shown} is not what its card says: its SHA-256 is {sha256}, not "
                f"{own.sha256}. Copy or download it again."
            )
        write_card(folder, card.model_copy(update={"sha256": sha256}))
    except (OSError, ValueError) as error:
        raise ModelError(f"{source.shown} can't be used ({error}): choose another.") from error
    except ModelError as error:
        raise ModelError(str(error).replace(str(folder), source.shown)) from error
    yield Progress("Checking", 99, 100, notice=told or None)
    for part in source.parts:
        if part.sha256 is None and not known_download(part.url):
            yield Progress("Checking", 99, 100, notice=_told_of_trust(part))


def _own_card(source: _Source, folder: Path) -> ModelCard:
    """The card that came with a model; from TotalSegmentator's folder none names its axes."""
    card = read_card(folder)
    if source.place and not card.names_axes and is_of_totalsegmentator(source.place, ""):
        return card.with_axes("RAS")
    return card


def _told_of_trust(part: ModelPart) -> str:
    return (
        f"No SHA-256 is published of {part.url}: that of what came now is kept, and a later "
        "download from there must have the same."
    )


def _conclude(source: _Source, arrived: Sequence[_Arrived]) -> None:
    """Remember what came from where, and remove the archives."""
    for part, each in zip(source.parts, arrived, strict=False):
        if part.sha256 is None and each.sha256:
            remember_download(part.url, each.sha256)
        forget_download(part.url)
