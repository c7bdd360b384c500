"""Where a machine has a model that it needs to the bit, and its files on their way there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from napari_abdoseg.inference.model.chosen_folds import ChosenFolds
from napari_abdoseg.inference.model.known_models import PACKAGED, models_folder

PART = 8 * 2**20
"""Bytes that travel at a time; the scheduler passes them on."""


def find_model(needed: ChosenFolds) -> ChosenFolds | None:
    """A model in this machine's place: the same, under its name, or received before.

    Parameters
    ----------
    needed : ChosenFolds
        With its SHA-256.
    """
    places = (needed.root, PACKAGED, models_folder(), received_models() / needed.sha256)
    return next((needed.below(place) for place in places if needed.is_in(place)), None)


def received_models() -> Path:
    """Where a machine keeps models that others have sent, by their SHA-256."""
    import platformdirs

    return platformdirs.user_cache_path("napari-abdoseg", appauthor=False) / "models"


def size_of(model: ChosenFolds) -> int:
    """Bytes of all files."""
    return sum(path.stat().st_size for path in model.files)


def parts_of(model: ChosenFolds) -> Iterator[tuple[str, bytes]]:
    """All files in parts, each with its path below the folder that the model's is in."""
    for path in model.files:
        with path.open("rb") as file:
            while part := file.read(PART):
                yield path.relative_to(model.root).as_posix(), part
