"""Kept logits as a file beside a case, of 15 MB at most.

What is kept is by how much each class is behind the one that wins, in whole steps, and `FARTHEST`
at most. The step is as fine as the file's size allows; the file tells it, and of which CT and which
model the logits are.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.errors import AbdosegError, SaveError
from napari_abdoseg.image.files.file_names import stem
from napari_abdoseg.image.files.saving import (
    backup_of,
    keep_as,
    not_saved,
    remove_file,
    replaced_file,
)
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.logits.along import Along
from napari_abdoseg.logits.kept import Contested, KeptLogits

ENDING = ".logits"
FIRST_LINE = b"napari-abdoseg logits 1\n"
LARGEST = 15_000_000
"""Bytes of a file."""
LONGEST_LINE = 1 << 16
MOST_BYTES = 1 << 29
"""Of all numbers that are read, a byte each logit."""
BLOCK = 1 << 24
"""Bytes that are packed at a time."""
STEPS = (0.05, 0.1, 0.2, 0.4)
FARTHEST = 12.75
"""Behind the winner; what is farther is told to be so far."""

Size = Annotated[int, Field(ge=1, le=1 << 16)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class LogitsFileError(AbdosegError):
    """A file does not hold the logits of a case."""


class _Description(BaseModel):
    """What stands before the numbers."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)

    ct: Sha256
    model: Sha256
    step: Annotated[float, Field(gt=0, lt=10)]
    values: Annotated[list[Annotated[int, Field(ge=0, lt=1 << 16)]], Field(min_length=2)]
    spacing: Annotated[
        list[Annotated[float, Field(gt=0, lt=1000)]], Field(min_length=3, max_length=3)
    ]
    shape: Annotated[list[Size], Field(min_length=3, max_length=3)]
    start: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=3, max_length=3)]
    size: Annotated[list[Size], Field(min_length=3, max_length=3)]
    folds: Annotated[int, Field(ge=1, le=1000)]
    contested: Annotated[int, Field(ge=0, lt=1 << 32)]

    @property
    def arrays(self) -> list[tuple[str, tuple[int, ...]]]:
        """Kind and shape of the numbers that follow, one array after the other."""
        return [
            ("u1", (len(self.values), *self.shape)),
            *((kind, (size,)) for size in self.size for kind in ("<i4", "<i4", "<f4")),
            ("<u4", (self.contested,)),
            ("<u2", (self.folds, self.contested)),
        ]

    @property
    def nbytes(self) -> int:
        """Of all of them."""
        return sum(np.dtype(kind).itemsize * int(prod(shape)) for kind, shape in self.arrays)


def logits_path(labels: Path) -> Path:
    """Where the logits of a label map are kept."""
    return labels.with_name(stem(labels) + ENDING)


def keep_foreign(path: Path) -> None:
    """Keep another program's file as ``.bak`` that is in the place of logits.

    Raises
    ------
    SaveError
        It can't be kept.
    """
    if not path.is_file() or _is_ours(path):
        return
    try:
        keep_as(path, backup_of(path))
    except OSError as error:
        raise not_saved(path, error) from error


def remove_logits(path: Path) -> None:
    """Remove a file of logits, if it is there; another program's file stays.

    Raises
    ------
    SaveError
        It can't be removed.
    """
    if path.is_file() and _is_ours(path):
        remove_file(path)


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(FIRST_LINE)) == FIRST_LINE
    except OSError:
        return False


def hash_of(scan: Volume) -> str:
    """SHA-256 of a scan's voxels and their place, however its file is packed or called."""
    digest = hashlib.sha256(f"{scan.data.shape} {scan.data.dtype}".encode())
    digest.update(np.asarray(scan.grid.affine, "<f8").tobytes())
    for plane in scan.data:
        digest.update(np.ascontiguousarray(plane).data)
    return digest.hexdigest()


class LogitsTooLargeError(SaveError):
    """Logits don't fit into a file, however coarse they are."""


@dataclass(frozen=True)
class PackedLogits:
    """What a file of logits holds, to be sent or written.

    Parameters
    ----------
    content : bytes
        `LARGEST` at most.
    step : float
        The error: how far behind the winner a class is differs from what the file tells by no
        more, up to `FARTHEST`. The winner is the same.
    """

    content: bytes = field(repr=False)
    step: float

    @classmethod
    def of(cls, kept: KeptLogits, scan: Volume, model: str) -> Self:
        """Pack the logits of an ensemble; see `write_logits`.

        Raises
        ------
        LogitsTooLargeError
            They would be larger than `LARGEST`.
        """
        ct = hash_of(scan)
        for step in STEPS:
            content = _content(kept, step, ct, model)
            if content is not None:
                return cls(content, step)
        raise LogitsTooLargeError(
            f"The logits are not kept: they take more than {LARGEST // 1_000_000} MB, also with "
            f"steps of {STEPS[-1]}."
        )

    def write(self, path: Path, by_way_of: Path | None = None) -> None:
        """Write the file; see `replaced_file`. Another program's file is kept as ``.bak``."""
        keep_foreign(path)
        with replaced_file(path, by_way_of) as temporary:
            temporary.write_bytes(self.content)

    def unpack(self) -> KeptLogits:
        """The logits, as a file gives them back."""
        return _unpacked(self.content)[1]


def write_logits(path: Path, kept: KeptLogits, scan: Volume, model: str) -> float:
    """Write the logits of an ensemble.

    Parameters
    ----------
    path : Path
    kept : KeptLogits
    scan : Volume
        The CT that they are of.
    model : str
        SHA-256 of the model and its folds.

    Returns
    -------
    float
        The error; see `PackedLogits`.

    Raises
    ------
    SaveError
        It could not be written, or would be larger than `LARGEST`.

    Examples
    --------
    >>> from pathlib import Path
    >>> from napari_abdoseg import load_ensemble, make_phantom, segmenting
    >>> from napari_abdoseg.logits.file import read_logits, write_logits
    >>> from napari_abdoseg.progress import drain
    >>> scan, _ = make_phantom(1, (12.0, 10.0, 10.0))
    >>> ensemble = load_ensemble("demo", [0], "cpu")
    >>> found = drain(segmenting(scan, ensemble, "fast", keep_logits=True))
    >>> model = found.shares[-1].trained.sha256(found.shares[-1].folds)
    >>> write_logits(Path("case.logits"), found.logits, scan, model)
    0.05
    >>> read_logits(Path("case.logits"), scan, model).shape == found.logits.shape
    True
    """
    packed = PackedLogits.of(kept, scan, model)
    packed.write(path)
    return packed.step


def read_logits(path: Path, scan: Volume, model: str | None) -> KeptLogits:
    """Read what `write_logits` wrote.

    Parameters
    ----------
    path : Path
    scan : Volume
        The CT that they must be of.
    model : str or None
        SHA-256 of the model and its folds that must have made them; None where any may.

    Raises
    ------
    LogitsFileError
        It can't be read, or is damaged; or the logits are of another CT or by another model.
    """
    if path.exists() and not path.is_file():
        raise LogitsFileError(f"{path} is no file: remove it, and segment the case again.")
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise LogitsFileError(
            f"{path} can't be read ({error.strerror}): segment the case again to have its logits."
        ) from error
    if not content.startswith(FIRST_LINE):
        raise LogitsFileError(f"{path} holds no logits of napari-abdoseg: choose another file.")
    try:
        description, kept = _unpacked(content)
    except (ValidationError, ValueError, zlib.error) as error:
        raise LogitsFileError(
            f"{path} is damaged: segment the case again to have its logits."
        ) from error
    if description.ct != hash_of(scan) or any(
        stop > size for stop, size in zip(kept.box.stop, scan.data.shape, strict=True)
    ):
        raise LogitsFileError(f"{path} holds the logits of another CT: segment this one again.")
    if model is not None and description.model != model:
        raise LogitsFileError(
            f"{path} holds the logits of another model, or of other folds: segment the CT again, "
            "or choose that model."
        )
    return kept


def _content(kept: KeptLogits, step: float, ct: str, model: str) -> bytes | None:
    """What a file holds; None if that is too much."""
    contested = kept.contested
    if contested is None:
        raise ValueError("Logits that no ensemble has made are made again, not kept.")
    description = _Description(
        ct=ct,
        model=model,
        step=step,
        values=list(kept.values),
        spacing=list(kept.spacing),
        shape=list(kept.shape),
        start=list(kept.box.start),
        size=[axis.lower.size for axis in kept.axes],
        folds=contested.folds,
        contested=contested.places.size,
    )
    told = description.model_dump_json().encode()
    if len(told) > LONGEST_LINE or description.nbytes > MOST_BYTES:
        return None
    arrays: list[NDArray[Any]] = [_as_differences(_behind(kept.logits, step))]
    for axis in kept.axes:
        arrays += [axis.lower, axis.upper, axis.weight]
    arrays += [contested.places, contested.answers]
    kinds = (kind for kind, _ in description.arrays)
    numbers = _packed(array.astype(kind) for array, kind in zip(arrays, kinds, strict=True))
    if numbers is None:
        return None
    rest = b"".join([told, b"\n", numbers])
    content = b"".join([FIRST_LINE, hashlib.sha256(rest).hexdigest().encode(), b"\n", rest])
    return content if len(content) <= LARGEST else None


def _packed(arrays: Iterable[NDArray[Any]]) -> bytes | None:
    """All numbers, one after the other; None as soon as they take more than `LARGEST`."""
    packing, parts, size = zlib.compressobj(), [], 0
    for array in arrays:
        raw = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        for first in range(0, raw.size, BLOCK):
            parts.append(packing.compress(raw[first : first + BLOCK].tobytes()))
            size += len(parts[-1])
            if size > LARGEST:
                return None
    return b"".join([*parts, packing.flush()])


def _unpacked(content: bytes) -> tuple[_Description, KeptLogits]:
    description, numbers = _parts(content)
    return description, _kept(description, _arrays(description, numbers))


def _parts(content: bytes) -> tuple[_Description, bytes]:
    digest, _, rest = content[len(FIRST_LINE) :].partition(b"\n")
    if len(content) > LARGEST or hashlib.sha256(rest).hexdigest().encode() != digest:
        raise ValueError("it isn't what was written")
    told, _, numbers = rest.partition(b"\n")
    if len(told) > LONGEST_LINE:
        raise ValueError("its description is too long")
    return _Description.model_validate_json(told), numbers


def _arrays(description: _Description, numbers: bytes) -> list[NDArray[Any]]:
    if description.nbytes > MOST_BYTES:
        raise ValueError("there are too many numbers")
    unpacking = zlib.decompressobj()
    raw = unpacking.decompress(numbers, description.nbytes + 1)
    if len(raw) != description.nbytes or not unpacking.eof or unpacking.unused_data:
        raise ValueError("there are more or fewer numbers")
    arrays, first = [], 0
    for kind, shape in description.arrays:
        count = int(prod(shape))
        arrays.append(np.frombuffer(raw, kind, count, first).reshape(shape))
        first += arrays[-1].nbytes
    return arrays


def _kept(description: _Description, arrays: list[NDArray[Any]]) -> KeptLogits:
    differences, *along, places, answers = arrays
    behind = np.add.accumulate(differences, axis=-1, dtype=np.uint8)
    told = (np.arange(256) * -description.step).astype(np.float16)
    logits = told[behind]
    axes = [
        _checked(Along(along[first], along[first + 1], along[first + 2]), size)
        for first, size in zip((0, 3, 6), description.shape, strict=True)
    ]
    if (np.diff(places.astype(np.int64)) <= 0).any() or (
        places.size and places[-1] >= prod(description.shape)
    ):
        raise ValueError("places of folds are nowhere")
    if (answers >= len(description.values)).any():
        raise ValueError("folds answer with no class")
    z, y, x = description.start
    depth, height, width = description.size
    return KeptLogits(
        logits,
        tuple(description.values),
        (description.spacing[0], description.spacing[1], description.spacing[2]),
        Box((z, y, x), (z + depth, y + height, x + width)),
        (axes[0], axes[1], axes[2]),
        Contested(places, answers),
    )


def _checked(axis: Along, size: int) -> Along:
    """An axis whose voxels lie between those of the logits."""
    lower, upper = axis.lower, axis.upper
    ordered = (np.diff(lower) >= 0).all() and (np.diff(upper) >= 0).all()
    between = (lower >= 0).all() and (lower <= upper).all() and (upper < size).all()
    if not (ordered and between and ((axis.weight >= 0) & (axis.weight <= 1)).all()):
        raise ValueError("voxels lie between no logits")
    return axis


def _behind(logits: NDArray[np.float16], step: float) -> NDArray[np.uint8]:
    """How many steps each class is behind the winner, none but the winner itself none."""
    kept = np.empty(logits.shape, np.uint8)
    for z in range(logits.shape[1]):
        exact = logits[:, z].astype(np.float32)
        behind = (exact.max(axis=0) - exact).clip(max=FARTHEST)
        steps = np.rint(behind / np.float32(step)).clip(min=1)
        np.put_along_axis(steps, exact.argmax(axis=0)[None], 0, axis=0)
        kept[:, z] = steps
    return kept


def _as_differences(numbers: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each number less the one before it along the last axis, which packs better."""
    differences = numbers.copy()
    differences[..., 1:] -= numbers[..., :-1]
    return differences
