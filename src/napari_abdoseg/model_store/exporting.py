"""Models as one archive each, for machines without an internet access."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from napari_abdoseg.errors import ModelError
from napari_abdoseg.image.files.saving import replaced_file
from napari_abdoseg.inference.model.card import CARD
from napari_abdoseg.inference.model.known_models import find_known_models
from napari_abdoseg.inference.model.model_folder import Model, read_model
from napari_abdoseg.model_store.arriving import first_stage_name
from napari_abdoseg.model_store.cards import model_hash
from napari_abdoseg.model_store.model_files import model_files
from napari_abdoseg.progress import Progress, Work

STAGE = "Exporting"
SUMS = "SHA256SUMS"
"""Hashes of all files, as ``sha256sum -c`` takes them."""
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""Date of all entries, so that the same model becomes the same archive."""
LEVEL = 1
"""Of compression: weights hardly become smaller by more."""
BLOCK = 1 << 20


def exporting(name_or_folder: str | Path, target: Path) -> Work[Path]:
    """Write a model into a zip archive, as a generator that reports bytes.

    It holds the model's card with its hash, and a list of the hashes of all files.

    Parameters
    ----------
    name_or_folder : str or Path
        As `read_model` takes it.
    target : Path
        Ends with ``.zip``; or a folder, which gets ``NAME.zip``.

    Returns
    -------
    Path
        The archive.

    Raises
    ------
    ModelError
        There is no such model, or the name doesn't end with ``.zip``.
    SaveError
        It can't be written; what was there before is untouched.
    """
    model = read_model(name_or_folder)
    inside = _name(model)
    if target.is_dir():
        target = target / f"{inside.replace('/', '_')}.zip"
    if target.suffix.lower() != ".zip":
        raise ModelError(f"{target} can't hold a model: give a name that ends with .zip.")
    files = dict(_files(model))
    total, done, sums = sum(path.stat().st_size for path in files.values()), 0, []
    with (
        replaced_file(target) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive,
    ):
        card = _card(model)
        archive.writestr(_entry(f"{inside}/{CARD}"), card)
        sums.append((hashlib.sha256(card).hexdigest(), f"{inside}/{CARD}"))
        for place, path in sorted(files.items()):
            digest, name = hashlib.sha256(), f"{inside}/{place}"
            with path.open("rb") as file, archive.open(_entry(name), "w", force_zip64=True) as into:
                while block := file.read(BLOCK):
                    into.write(block)
                    digest.update(block)
                    done += len(block)
                    yield Progress(STAGE, done, total)
            sums.append((digest.hexdigest(), name))
        lines = "".join(f"{digest}  {name}\n" for digest, name in sums)
        archive.writestr(_entry(SUMS), lines.encode())
    return target


def _name(model: Model) -> str:
    """What it is called in the archive: as it is known, or as its folder is called."""
    known = (each.name for each in find_known_models() if each.folder == model.folder)
    return next(known, model.folder.name)


def _files(model: Model) -> Iterator[tuple[PurePosixPath, Path]]:
    """The model's files by their places in it, with a cascade's first stage beside it."""
    yield from _files_in(model.folder, PurePosixPath())
    first = first_stage_name(model.folder.name, model.folder)
    if first is None or (model.folder / first).is_dir():
        return
    beside = model.folder.parent / first
    if not beside.is_dir():
        raise ModelError(
            f"The model {model.folder} is the second stage of a cascade, and its first stage, the "
            f"model folder {beside}, is not there: copy it there from where it was trained."
        )
    yield from _files_in(beside, PurePosixPath(first))


def _files_in(folder: Path, place: PurePosixPath) -> Iterator[tuple[PurePosixPath, Path]]:
    for path in model_files(folder):
        inside = place / path.relative_to(folder).as_posix()
        if inside != PurePosixPath(CARD):
            yield inside, path


def _card(model: Model) -> bytes:
    """The card with the model's hash."""
    card = model.card.model_copy(update={"sha256": model_hash(model)})
    content = card.model_dump(exclude_unset=True)
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, EARLIEST)
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o100644 << 16
    return info
