"""Voxels in files, read with all that a file says of them in doubt."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.files import gzip_stream
from napari_abdoseg.image.files.file_names import ENDINGS

PACKED_RATIO = 1100
"""No packed file unpacks to more than this times its size."""

CHUNK = 1 << 22
DAMAGED: Any = (EOFError, gzip_stream.DAMAGED)

Voxels = NDArray[Any]

_ADVICE = f"choose a file that ends with {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}."


@contextmanager
def within_memory(path: Path) -> Iterator[None]:
    """Where a file is read, and what it holds made into something else.

    Raises
    ------
    ImageError
        There was too little memory for it.
    """
    try:
        yield
    except MemoryError as error:
        raise ImageError(
            f"{path} takes more memory than there is: close other programs, or take a machine with "
            "more. If it should not be large, it is damaged."
        ) from error


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """A file that is read; what goes wrong meanwhile is told in one sentence.

    Raises
    ------
    ImageError
        It is not there, no file, can't be read, or is damaged.
    """
    try:
        _require_file(path)
        with path.open("rb") as file:
            yield file
    except DAMAGED as error:
        raise damaged(path) from error
    except FileNotFoundError as error:
        raise ImageError(f"{path} does not exist: check its name and folder.") from error
    except IsADirectoryError as error:
        raise ImageError(f"{path} is a folder: {_ADVICE}") from error
    except OSError as error:
        raise ImageError(
            f"{path} can't be read ({error.strerror or error}): check its permissions and disk."
        ) from error


def read_array(
    stream: BufferedReader, offset: int, count: int, dtype: np.dtype[Any], most: int
) -> Voxels:
    """So many numbers from a place on, as stored.

    Parameters
    ----------
    stream : binary file
        Before that place.
    offset, count : int
        Bytes before the first number, and how many there are.
    dtype : dtype
    most : int
        Bytes that the stream can hold.

    Raises
    ------
    EOFError
        It holds fewer.
    MemoryError
        They take more memory than there is.
    """
    if offset + count * dtype.itemsize > most:
        raise EOFError
    require_memory(count * dtype.itemsize)
    flat = np.empty(count, dtype=dtype)
    stream.seek(offset)
    left = flat.view(np.uint8).data
    while left:
        read = stream.readinto(left[:CHUNK])
        if not read:
            raise EOFError
        left = left[read:]
    return flat


def require_memory(size: int) -> None:
    """Refuse what takes more bytes than are free.

    Raises
    ------
    MemoryError
        It does.
    """
    if size > psutil.virtual_memory().available:
        raise MemoryError


def native(stored: Voxels) -> Voxels:
    """The same numbers in the byte order of this machine; changes the array."""
    if stored.dtype.isnative:
        return stored
    return stored.byteswap(inplace=True).view(stored.dtype.newbyteorder("="))


def single_precision(voxels: Voxels) -> Voxels:
    """Fractions as float32; whole numbers as they are."""
    if voxels.dtype.kind != "f":
        return voxels
    with np.errstate(over="ignore"):
        return voxels.astype(np.float32, order="K", copy=False)


def finite(voxels: Voxels, path: Path) -> Voxels:
    """The same voxels.

    Raises
    ------
    ImageError
        Some are no numbers, or infinite.
    """
    if voxels.dtype.kind == "f" and not np.isfinite([voxels.min(), voxels.max()]).all():
        bad = voxels.size - np.count_nonzero(np.isfinite(voxels))
        raise ImageError(
            f"{path} has {bad} voxel{'s' if bad > 1 else ''} that {'are' if bad > 1 else 'is'} "
            "not a number or infinite: export the scan again from its source."
        )
    return voxels


def damaged(path: Path) -> ImageError:
    """What is said of a file that ends too soon."""
    return ImageError(f"{path} is truncated or damaged: copy or export it again from its source.")


def _require_file(path: Path) -> None:
    """Refuse pipes and devices, whose opening or reading may have no end."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise ImageError(f"{path} is a pipe or a device: {_ADVICE}")
