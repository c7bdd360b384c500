"""Which files of a folder a model consists of.

Trainings leave more beside them, such as predictions on patients, which stay where they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import TypeVar

DESCRIPTION = "dataset.json"

Place = TypeVar("Place", bound=PurePath)

_FOLD = re.compile(r"fold_(\d+|all)")


def files_of_model(places: Iterable[Place]) -> list[Place]:
    """Those of some files that are of the model, and of models in its folder that it needs.

    Parameters
    ----------
    places : iterable of PurePath
        Of files, as seen from the model's folder.

    Examples
    --------
    >>> from pathlib import PurePosixPath
    >>> from napari_abdoseg.model_store.model_files import files_of_model
    >>> names = "dataset.json", "fold_0/checkpoint_final.pth", "fold_0/validation/case1.nii.gz"
    >>> [str(place) for place in files_of_model(map(PurePosixPath, names))]
    ['dataset.json', 'fold_0/checkpoint_final.pth']
    """
    places = list(places)
    parts = {place.parts[:-1] for place in places if place.name == DESCRIPTION}
    models = [(), *(folders for folders in parts if len(folders) == 1)]
    return sorted(place for place in places if _is_of(place.parts, models))


def model_files(folder: Path) -> list[Path]:
    """The same of the model in a folder."""
    depths = ("*", "*/*", "*/*/*")
    below = (path for depth in depths for path in folder.glob(depth) if path.is_file())
    return [folder / place for place in files_of_model(path.relative_to(folder) for path in below)]


def _is_of(parts: tuple[str, ...], models: list[tuple[str, ...]]) -> bool:
    *folders, name = parts
    if name.startswith("."):
        return False
    if folders and _FOLD.fullmatch(folders[-1]):
        return name.endswith(".pth") and tuple(folders[:-1]) in models
    return tuple(folders) in models
