"""Checkpoints, read without trusting them.

A checkpoint is a pickle, and a pickle can run any code. Only torch's
weights-only loader reads it here, with the few harmless types besides that
nnU-Net itself writes: numbers and arrays of its training log.
"""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_abdoseg.errors import ModelError
from napari_abdoseg.image.files.file_stamp import FileStamp
from napari_abdoseg.inference.hardware.memory import available_bytes

if TYPE_CHECKING:
    import torch

WRAPPERS = re.compile(r"^(_orig_mod\.|module\.)+")
"""What torch puts before names of weights in networks that it has compiled or shared."""
GB = 1e9


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
    stamp : FileStamp
        Of its file, taken before that was read.
    """

    weights: Mapping[str, torch.Tensor]
    trainer: str
    configuration: str
    mirror_axes: tuple[int, ...]
    stamp: FileStamp


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a fold's weights.

    Raises
    ------
    ModelError
        The file is missing or damaged, holds more than weights and plain
        values, or is not from nnU-Net v2.
    """
    stamp = FileStamp.of(path)
    _require_fitting_size(path)
    content = _load(path)
    try:
        checkpoint = Checkpoint(
            weights=_without_wrapper(content["network_weights"]),
            trainer=content["trainer_name"],
            configuration=content["init_args"]["configuration"],
            mirror_axes=tuple(content.get("inference_allowed_mirroring_axes") or ()),
            stamp=stamp,
        )
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise ModelError(
            f"The checkpoint {path} is not from nnU-Net v2 (it has no {error}): "
            "choose a model that nnU-Net v2 trained."
        ) from error
    _require_plain(checkpoint, path)
    return checkpoint


def _load(path: Path) -> Any:
    import torch

    try:
        with torch.serialization.safe_globals(_harmless_types()):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if not zipfile.is_zipfile(path):
            raise _damaged(path, error) from error
        raise ModelError(
            f"The checkpoint {path} holds more than weights and plain values, and is refused, "
            f"since it could run any code ({_refused_type(error)}): take it only from whom you "
            "trust, and save it again without that."
        ) from error
    except MemoryError:
        raise
    except Exception as error:  # whatever torch's reader makes of bytes that are none of its own
        raise _damaged(path, error) from error


def _require_fitting_size(path: Path) -> None:
    """Require that a file fits into memory, also where it is compressed."""
    try:
        size = path.stat().st_size
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as file:
                size = max(size, sum(part.file_size for part in file.infolist()))
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        raise _damaged(path, error) from error
    if size > (available := available_bytes()):
        raise ModelError(
            f"The checkpoint {path} takes {size / GB:.1f} GB of memory, and {available / GB:.1f} "
            "GB are free: close other programs, or choose a smaller model."
        )


def _without_wrapper(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights by their names in the network, as saved from a compiled or shared one, too."""
    return {WRAPPERS.sub("", name): value for name, value in weights.items()}


def _require_plain(checkpoint: Checkpoint, path: Path) -> None:
    """Require values of the kinds that nnU-Net writes."""
    axes, names = checkpoint.mirror_axes, (checkpoint.trainer, checkpoint.configuration)
    plain = (
        all(isinstance(name, str) for name in names)
        and checkpoint.trainer.isidentifier()
        and all(type(axis) is int and axis >= 0 for axis in axes)
        and len(set(axes)) == len(axes)
        and all(map(_is_dense, checkpoint.weights.values()))
    )
    if not plain:
        raise ModelError(
            f"The checkpoint {path} is not as nnU-Net v2 writes it: choose a model that nnU-Net v2 "
            "trained."
        )


def _is_dense(value: object) -> bool:
    import torch

    return (
        isinstance(value, torch.Tensor)
        and value.layout is torch.strided
        and value.device.type == "cpu"
        and not value.is_quantized
    )


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

    number_types = {*np.sctypeDict.values()} - {np.object_, np.void}
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
