"""What a worker does with a model that is sent to it."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path

from napari_abdoseg.batch.cluster.needed_model import received_models
from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.model.chosen_folds import ChosenFolds

DAY = 24 * 3600
"""Seconds after which a transfer was broken off."""


def receive_part(transfer: str, path: str, part: bytes) -> None:
    """Put the next part of a file where nobody looks for it yet.

    Parameters
    ----------
    transfer : str
        Name of the transfer, unlike that of any other.
    path : str
        Of the file, below the model's root.
    part : bytes

    Raises
    ------
    ModelError
        The path leads out of the place where models are kept.
    """
    came = _place_of(transfer)
    if not came.exists():
        _forget_broken_transfers()
    target = came / path
    if not target.resolve().is_relative_to(came.resolve()):
        raise ModelError(f"A model was sent with a file {path!r}, which is refused.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("ab") as file:
        file.write(part)


def conclude_transfer(transfer: str, needed: ChosenFolds) -> None:
    """Check a model that has come, and put it where it is found.

    Raises
    ------
    ModelError
        It is not what was sent.
    """
    came, kept = _place_of(transfer), received_models() / needed.sha256
    try:
        if not needed.is_in(came):
            raise ModelError(
                f"The model {needed.model.name} came damaged over the network: start the command "
                "again."
            )
        with suppress(OSError):  # another worker of this machine has received it meanwhile
            came.rename(kept)
    finally:
        shutil.rmtree(came, ignore_errors=True)


def _place_of(transfer: str) -> Path:
    return received_models() / f".{Path(transfer).name}"


def _forget_broken_transfers() -> None:
    for left in received_models().glob(".*"):
        with suppress(OSError):  # another worker of this machine removes it
            if time.time() - left.stat().st_mtime > DAY:
                shutil.rmtree(left)
