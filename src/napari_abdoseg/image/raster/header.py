"""What the header of an NRRD or MetaImage file says of its voxels, checked.

Nothing of it is believed: a size is compared with the file before memory is taken, and voxels
in another file are looked for beside the header alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from io import BufferedReader
from pathlib import Path, PureWindowsPath
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.grid import is_flat

LONGEST_HEADER = 1 << 24
"""Bytes; one that names hundreds of organs has a hundredth of it."""
LONGEST_AXIS = 1 << 24

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0])
"""ITK's coordinates point to left, posterior and superior."""

_WHOLE = re.compile(r"[+-]?\d{1,18}")


class Packing(Enum):
    """How voxels are packed."""

    PLAIN = "plain"
    GZIP = "gzip"
    ZLIB = "zlib"


@dataclass(frozen=True, eq=False)
class RasterHeader:
    """The header of a file with voxels at places in space.

    Parameters
    ----------
    path : Path
        The header's file, for messages.
    sizes : tuple of int
        Along the three stored axes, that of neighbours in the file first.
    dtype : dtype
        Of a stored voxel, in the file's byte order.
    affine : ndarray, shape (4, 4)
        From stored voxel indices to RAS+ coordinates in mm.
    data : Path
        The file that has the voxels.
    offset : int or None
        Bytes before the first voxel; None for voxels at the end of the file.
    packing : Packing
    layers : int, optional
        Values a voxel, which lie one after the other.
    pairs : mapping of str to str, optional
        What else the header says, by its key.
    notices : tuple of str, optional
        What a user should know of it.

    Raises
    ------
    ImageError
        It describes no voxels with a place in space.
    """

    path: Path
    sizes: tuple[int, int, int]
    dtype: np.dtype[Any]
    affine: NDArray[np.float64]
    data: Path
    offset: int | None
    packing: Packing
    layers: int = 1
    pairs: Mapping[str, str] = field(default_factory=dict, repr=False)
    notices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not all(1 <= size <= LONGEST_AXIS for size in (*self.sizes, self.layers)):
            raise broken(self.path, "gives no shape")
        if not np.isfinite(self.affine).all() or is_flat(self.affine):
            raise broken(self.path, "gives its voxels no place in space")

    @property
    def count(self) -> int:
        """Numbers in the file."""
        return math.prod(self.sizes) * self.layers


class HeaderReader(Protocol):
    """Reads the header of a format from its file, up to the voxels."""

    def __call__(self, file: BufferedReader, path: Path) -> RasterHeader: ...


def broken(path: Path, what: str) -> ImageError:
    """What is said of a header that makes no sense."""
    return ImageError(f"{path} has a damaged header that {what}: export it again from its source.")


def lines_of(file: BufferedReader, path: Path) -> Iterator[str]:
    """Lines of a header, without their ends.

    Raises
    ------
    ImageError
        It goes on and on.
    """
    left = LONGEST_HEADER
    while line := file.readline(left):
        left -= len(line)
        if not left:
            raise broken(path, "has no end")
        yield line.decode("utf-8", errors="surrogateescape").rstrip("\r\n")


def whole_numbers(text: str, path: Path) -> list[int]:
    """Whole numbers with blanks between them.

    Raises
    ------
    ImageError
        There is something else.
    """
    words = text.split()
    if not words or not all(map(_WHOLE.fullmatch, words)):
        raise broken(path, f"has {shortened(text)} in place of whole numbers")
    return [int(word) for word in words]


def numbers(text: str, path: Path, count: int) -> list[float]:
    """So many numbers with blanks or commas between them.

    Raises
    ------
    ImageError
        There is something else.
    """
    try:
        found = [float(word) for word in re.split(r"[,\s]+", text.strip())]
    except ValueError:
        found = []
    if len(found) != count:
        raise broken(path, f"has {shortened(text)} in place of {count} numbers")
    return found


def shortened(text: str) -> str:
    """What a header says, as it is told to a user."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in text)
    return repr(plain if len(plain) <= 40 else f"{plain[:40]}…")


def data_beside(name: str, path: Path) -> Path:
    """The file of voxels that a header names.

    Raises
    ------
    ImageError
        It is none in the header's folder or below it.
    """
    way = PureWindowsPath(name)
    if not way.name or way.anchor or ".." in way.parts or "\0" in name:
        raise ImageError(
            f"{path} says that its voxels are in {shortened(name)}, outside of its folder: put "
            "both files in one folder and name it without a path, or save the scan as one file."
        )
    data = path.parent / Path(*way.parts)
    if not data.exists():
        raise ImageError(
            f"{path} has its voxels in {shortened(name)}, which is not beside it: put both files "
            "in one folder."
        )
    if not data.is_file():
        raise ImageError(f"{path} has its voxels in {shortened(name)}, which is no file.")
    return data


def affine_of(
    directions: NDArray[np.float64], origin: Sequence[float], path: Path
) -> NDArray[np.float64]:
    """Affine to RAS+ of ways in LPS from a voxel to the next, in columns, and the first's place."""
    if np.abs(directions).max() > 1e6 or np.abs(origin).max() > 1e9:
        raise broken(path, "gives its voxels no place in space")
    affine = np.eye(4)
    affine[:3, :3] = LPS_TO_RAS @ directions
    affine[:3, 3] = LPS_TO_RAS @ np.asarray(origin)
    return affine + 0.0


def not_one_number(path: Path, kind: str) -> ImageError:
    """What is said of several numbers a voxel."""
    return ImageError(f"{path} stores {kind}, not one number a voxel: choose a CT scan.")


def not_one_volume(path: Path, count: int) -> ImageError:
    """What is said of a time series."""
    return ImageError(
        f"{path} is a series of {count} volumes: save the one that you need as a file of its own."
    )
