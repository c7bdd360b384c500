"""A model out of an archive or a folder, which may hold several, into a folder of its own."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from napari_abdoseg.errors import ModelError
from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.image.files.saving import not_saved
from napari_abdoseg.inference.model.model_folder import read_model_folder
from napari_abdoseg.model_store.archive import FoundModel, models_in, unpacking
from napari_abdoseg.model_store.model_files import model_files
from napari_abdoseg.model_store.questions import ModelChoiceNeededError
from napari_abdoseg.model_store.staging import require_room
from napari_abdoseg.progress import Progress, Work


def unpacking_model(archive: Path, shown: str, target: Path, model: str | None) -> Work[str]:
    """Unpack one model of an archive, and a cascade's first stage with it.

    Parameters
    ----------
    archive : Path
    shown : str
        What the user knows it as.
    target : Path
        Folder to be.
    model : str or None
        Which of several; see `installing`.

    Returns
    -------
    str
        A name for it.

    Raises
    ------
    ModelChoiceNeededError
        There are several.
    ModelError, SaveError
        There is none, or it can't be written.
    """
    found = models_in(archive)
    chosen = _choose(found, model, shown)
    require_room(chosen.size, f"Unpacking {shown}")
    yield from unpacking(archive, target, chosen.inside)
    if first := _first_stage(chosen, target, found, shown):
        yield from unpacking(archive, target / PurePosixPath(first.inside).name, first.inside)
    return _name_for(chosen, found, archive)


def copying_model(place: Path, shown: str, target: Path, model: str | None) -> Work[str]:
    """The same of a folder that is a model, or holds some as nnU-Net's results do."""
    found = _models_below(place)
    if not found:
        read_model_folder(place)  # says what is wrong with it
    chosen = _choose(found, model, shown)
    require_room(chosen.size, f"Copying {shown}")
    yield from _copying(place / chosen.inside, target)
    if first := _first_stage(chosen, target, found, shown):
        yield from _copying(place / first.inside, target / PurePosixPath(first.inside).name)
    return _name_for(chosen, found, place)


def _models_below(place: Path) -> list[FoundModel]:
    """Models in a folder, or in folders of it as nnU-Net's results are."""
    folders = [place] if (place / "dataset.json").is_file() else []
    for depth in ("*", "*/*"):
        if not folders:
            folders = sorted(path.parent for path in place.glob(f"{depth}/dataset.json"))
    return [
        FoundModel("" if each == place else each.relative_to(place).as_posix(), (), _size(each))
        for each in folders
    ]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in model_files(folder))


def _copying(origin: Path, target: Path) -> Work[None]:
    files = model_files(origin)
    total, done = sum(path.stat().st_size for path in files), 0
    for path in files:
        yield Progress("Copying", done, total)
        copy = target / path.relative_to(origin)
        try:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        except OSError as error:
            raise not_saved(copy, error) from error
        done += copy.stat().st_size


def _choose(found: Sequence[FoundModel], asked: str | None, shown: str) -> FoundModel:
    """The model that was asked for, or the only one.

    Raises
    ------
    ModelChoiceNeededError
        It can't be told which.
    """
    if asked is None and len(found) == 1:
        return found[0]
    meant = _meant(found, PurePosixPath(asked.replace("\\", "/"))) if asked else []
    if len(meant) != 1:
        raise ModelChoiceNeededError(shown, found, asked)
    return meant[0]


def _meant(found: Sequence[FoundModel], asked: PurePosixPath) -> list[FoundModel]:
    """Models in a folder that ends as was asked for, else whose folder alone is called so."""
    end = asked.parts
    folders = [(model, PurePosixPath(model.inside).parts) for model in found]
    whole = [model for model, parts in folders if parts[-len(end) :] == end]
    named = [model for model in found if model.name == str(asked)]
    return whole or named or [model for model, parts in folders if parts[-1:] == end[-1:]]


def first_stage_name(name: str, folder: Path) -> str | None:
    """Name of the folder of a cascade's first stage; None if a model is no cascade.

    Parameters
    ----------
    name : str
        What nnU-Net calls the model's own folder: ``TRAINER__PLANS__CONFIGURATION``.
    folder : Path
        Where it is now.
    """
    trained, _, configuration = name.rpartition("__")
    try:
        planned = read_json(folder / "plans.json")["configurations"][configuration]
        previous = planned.get("previous_stage")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # the reader of models says what is wrong with it
    return f"{trained}__{previous}" if isinstance(previous, str) else None


def _first_stage(
    chosen: FoundModel, folder: Path, found: Sequence[FoundModel], shown: str
) -> FoundModel | None:
    """The model of a cascade's first stage, if it has one that isn't in its own folder.

    Raises
    ------
    ModelError
        It isn't there.
    """
    own = PurePosixPath(chosen.inside)
    name = first_stage_name(own.name or Path(shown).name, folder)
    if name is None or (folder / name).is_dir():
        return None
    if first := next((model for model in found if model.inside == str(own.parent / name)), None):
        return first
    raise ModelError(
        f"{chosen.inside or shown} is the second stage of a cascade, and its first stage, {name}, "
        f"isn't beside it in {shown}: get it with its first stage."
    )


def _name_for(chosen: FoundModel, found: Sequence[FoundModel], place: Path) -> str:
    """A name for a model that tells it from others of the same place."""
    name = chosen.name or (place.stem if place.is_file() else place.name)
    if sum(model.name == chosen.name for model in found) > 1:
        name = f"{name}_{PurePosixPath(chosen.inside).name.rpartition('__')[2]}"
    return re.sub(r"[^\w. +-]", "_", name).strip(". ") or "model"
