"""Checkpoints, read without trusting them.

A checkpoint is a pickle, and a pickle can run any code. Only torch's
weights-only loader reads it here, with the few harmless types besides that
nnU-Net itself writes: numbers and arrays of its training log.
"""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_abdoseg.errors import ModelError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What inference needs of a trained fold.

    Parameters
    ----------
    weights : mapping
        State of the network.
    trainer : str
        Name of the nnU-Net trainer that builds the network.
    configuration : str
        ``"3d_fullres"``, ``"3d_lowres"``, ``"2d"``.
    mirror_axes : tuple of int
        Axes of the network's input that mirroring may flip.
    """

    weights: Mapping[str, torch.Tensor]
    trainer: str
    configuration: str
    mirror_axes: tuple[int, ...]


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a fold's weights.

    Raises
    ------
    ModelError
        The file is missing or damaged, holds more than weights and plain
        values, or is not from nnU-Net v2.
    """
    import torch

    try:
        with torch.serialization.safe_globals(_harmless_types()):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if not zipfile.is_zipfile(path):
            raise _damaged(path, error) from error
        raise ModelError(
            f"The checkpoint {path} holds more than weights and plain values, and is refused, "
            f"since it could run any code ({_refused_type(error)}): take it only from whom you "
            "trust, and save it again without that."
        ) from error
    except (OSError, EOFError, RuntimeError, ValueError) as error:
        raise _damaged(path, error) from error
    try:
        return Checkpoint(
            weights=content["network_weights"],
            trainer=content["trainer_name"],
            configuration=content["init_args"]["configuration"],
            mirror_axes=tuple(content.get("inference_allowed_mirroring_axes") or ()),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"The checkpoint {path} is not from nnU-Net v2 (it has no {error}): "
            "choose a model that nnU-Net v2 trained."
        ) from error


def _damaged(path: Path, error: Exception) -> ModelError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return ModelError(
        f"The checkpoint {path} can't be read ({reason}): copy the model folder again."
    )


def _refused_type(error: pickle.UnpicklingError) -> str:
    """The line of torch's message that names what was refused."""
    named = [line.strip() for line in str(error).splitlines() if "GLOBAL" in line]
    return named[0] if named else str(error).splitlines()[0]


def _harmless_types() -> list[Any]:
    from numpy._core import multiarray

    number_types = [np.float32, np.float64, np.int64, np.int32, np.bool_]
    reconstruct = multiarray._reconstruct
    return [
        np.ndarray,
        np.dtype,
        *(type(np.dtype(number)) for number in number_types),
        *_under_both_names(multiarray.scalar, "scalar"),
        *_under_both_names(reconstruct, "_reconstruct"),
    ]


def _under_both_names(function: Any, name: str) -> list[tuple[Any, str]]:
    """A NumPy function by its names before and since NumPy 2."""
    return [(function, f"numpy.{core}.multiarray.{name}") for core in ("core", "_core")]
