"""Headers of NRRD files.

Definition of NRRD file format, https://teem.sourceforge.net/nrrd/format.html. What it leaves
open is taken as ITK takes it (``itkNrrdImageIO.cxx``), which most medical NRRD files come from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.raster.header import (
    LPS_TO_RAS,
    Packing,
    RasterHeader,
    affine_of,
    broken,
    data_beside,
    lines_of,
    not_one_number,
    not_one_volume,
    numbers,
    shortened,
    whole_numbers,
)

MAGIC = re.compile(r"NRRD000[1-5]")
NO_ORIENTATION = "Its header gives no orientation; left and right may be swapped."

_TO_LPS = {
    **dict.fromkeys(("left-posterior-superior", "lps"), (1, 1, 1)),
    **dict.fromkeys(("right-anterior-superior", "ras"), (-1, -1, 1)),
    **dict.fromkeys(("left-anterior-superior", "las"), (1, -1, 1)),
}
_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": (
        *("longlong", "long long", "long long int", "signed long long"),
        *("signed long long int", "int64", "int64_t"),
    ),
    "u8": (*("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),),
    "f4": ("float",),
    "f8": ("double",),
}
_DTYPES = {name: dtype for dtype, names in _TYPES.items() for name in names}
_ENDIANS: dict[str, Literal["<", ">"]] = {"little": "<", "big": ">"}
_PACKINGS = {"raw": Packing.PLAIN, "gzip": Packing.GZIP, "gz": Packing.GZIP}
_SAME_FIELD = {
    **{"data file": "datafile", "byte skip": "byteskip", "line skip": "lineskip"},
    **{"sample units": "sampleunits", "block size": "blocksize"},
}
_FIELD = re.compile(r"([^:]+):(=|[ \t]+|$)(.*)", re.DOTALL)
_VECTOR = re.compile(r"none|\([^()]*\)")
_ESCAPED = re.compile(r"\\([\\n])")
_UNITS = {"", "mm", "millimeter", "millimeters", "millimetre", "millimetres"}


@dataclass(frozen=True)
class _Axes:
    """The axes of an array: those of space, and one more before them."""

    space: tuple[int, ...]
    layers: int = 1


def read_nrrd_header(file: BufferedReader, path: Path) -> RasterHeader:
    """Read the header of a ``.nrrd`` or ``.nhdr`` file, up to the voxels or its end.

    Raises
    ------
    ImageError
        It is none, or describes no voxels with a place in space.
    """
    lines = lines_of(file, path)
    if not MAGIC.fullmatch(next(lines, "")):
        raise ImageError(f"{path} is not an NRRD file: choose a .nrrd scan.")
    fields, pairs = _fields(lines, path)
    sizes = whole_numbers(_stated(fields, "sizes", path), path)
    if whole_numbers(_stated(fields, "dimension", path), path) != [len(sizes)]:
        raise broken(path, "gives no shape")
    axes = _axes(fields, sizes, path)
    affine, notices = _place(fields, axes, len(sizes), path)
    data, offset = _data(fields, file.tell(), path)
    i, j, k = (sizes[axis] for axis in axes.space)
    return RasterHeader(
        path,
        (i, j, k),
        _dtype(fields, path),
        affine,
        data,
        offset,
        _packing(fields, path),
        axes.layers,
        pairs | ({"content": fields["content"]} if "content" in fields else {}),
        notices,
    )


def nrrd_header(
    grid: Grid, dtype: np.dtype[Any], pairs: Mapping[str, str], content: str = ""
) -> bytes:
    """The header of gzipped voxels on a grid, as ITK and 3D Slicer write it."""
    directions = (LPS_TO_RAS @ grid.affine[:3, :3] + 0.0).T
    stored = {code: names[0] for code, names in _TYPES.items()}
    lines = [
        "NRRD0004",
        "# Complete NRRD file format specification at:",
        "# http://teem.sourceforge.net/nrrd/format.html",
        *([f"content: {content}"] if content else []),
        f"type: {'unsigned char' if dtype == np.uint8 else stored[dtype.str[1:]]}",
        "dimension: 3",
        "space: left-posterior-superior",
        f"sizes: {' '.join(map(str, grid.stored_shape))}",
        f"space directions: {' '.join(map(_vector, directions))}",
        "kinds: domain domain domain",
        "endian: little",
        "encoding: gzip",
        f"space origin: {_vector(LPS_TO_RAS @ grid.affine[:3, 3] + 0.0)}",
        *(f"{key}:={_escape(value)}" for key, value in pairs.items()),
    ]
    return ("\n".join(lines) + "\n\n").encode("utf-8", errors="replace")


def _vector(values: Sequence[float] | NDArray[np.float64]) -> str:
    return f"({','.join(repr(float(value)) for value in values)})"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")


def _unescape(found: re.Match[str]) -> str:
    return "\n" if found[1] == "n" else found[1]


def _fields(lines: Any, path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Fields of the format, and pairs of keys and values that programs add."""
    fields: dict[str, str] = {}
    pairs: dict[str, str] = {}
    for line in lines:
        if not line:
            break
        if line.startswith("#"):
            continue
        found = _FIELD.fullmatch(line)
        if not found:
            raise broken(path, f"has the line {shortened(line)}")
        key, mark, value = found.groups()
        if mark == "=":
            pairs[key] = _ESCAPED.sub(_unescape, value)
            continue
        key = _SAME_FIELD.get(key.strip().lower(), key.strip().lower())
        if key in fields:
            raise broken(path, f"states {shortened(key)} twice")
        fields[key] = value.strip()
    return fields, pairs


def _stated(fields: Mapping[str, str], key: str, path: Path) -> str:
    if key not in fields:
        raise broken(path, f"does not state {shortened(key)}")
    return fields[key]


def _axes(fields: Mapping[str, str], sizes: list[int], path: Path) -> _Axes:
    """Which axes are those of space, by their directions or else by their kinds."""
    kinds = fields.get("kinds", "").lower().split()
    if "space directions" in fields:
        vectors = _VECTOR.findall(fields["space directions"].lower())
        others = [axis for axis, vector in enumerate(vectors) if vector == "none"]
    else:
        domain = ("domain", "space", "???", "none")
        others = [axis for axis, kind in enumerate(kinds) if kind not in domain]
        others = others or list(range(3, len(sizes)))
    space = tuple(axis for axis in range(len(sizes)) if axis not in others)
    if len(space) < 3:
        raise ImageError(
            f"{path} has {len(space)} axes in space: choose a volume with several slices."
        )
    if len(space) > 3:
        raise not_one_volume(path, sizes[space[3]])
    many = [axis for axis in others if axis < len(sizes) and sizes[axis] != 1]
    if many and many[-1] > space[0]:
        raise not_one_volume(path, sizes[many[-1]])
    if len(many) > 1:
        raise not_one_number(path, "tables of numbers")
    if not many:
        return _Axes(space)
    kind = kinds[many[0]] if len(kinds) == len(sizes) else ""
    if "color" in kind or "complex" in kind or "matrix" in kind or "quaternion" in kind:
        raise not_one_number(path, "colours" if "color" in kind else "complex numbers or tensors")
    return _Axes(space, sizes[many[0]])


def _place(
    fields: Mapping[str, str], axes: _Axes, dimension: int, path: Path
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    units = [
        unit.strip().lower() for unit in re.findall(r'"([^"]*)"', fields.get("space units", ""))
    ]
    if not set(units) <= _UNITS:
        raise ImageError(f"{path} has lengths in other units than mm: save it in millimetres.")
    if "space directions" not in fields:
        spacings = fields.get("spacings", "").split()
        if len(spacings) != dimension:
            raise broken(path, "gives its voxels no size")
        sizes = numbers(" ".join(spacings[axis] for axis in axes.space), path, 3)
        if not min(sizes) > 0:
            raise broken(path, "gives its voxels no size")
        return affine_of(np.diag(sizes), (0, 0, 0), path), (NO_ORIENTATION,)
    vectors = _VECTOR.findall(fields["space directions"].lower())
    if len(vectors) != dimension:
        raise broken(path, "gives its voxels no place in space")
    columns = np.array([numbers(vectors[axis][1:-1], path, 3) for axis in axes.space]).T
    origin = numbers(fields.get("space origin", "(0,0,0)").strip()[1:-1], path, 3)
    space = fields.get("space", "").lower().removesuffix("-time").removesuffix("t")
    signs = np.array(_TO_LPS.get(space, (1, 1, 1)), dtype=float)
    notices = () if space in _TO_LPS else (NO_ORIENTATION,)
    return affine_of(columns * signs[:, None], list(signs * origin), path), notices


def _dtype(fields: Mapping[str, str], path: Path) -> np.dtype[Any]:
    name = _stated(fields, "type", path).lower()
    if name not in _DTYPES:
        raise not_one_number(path, f"values of the type {shortened(name)}")
    dtype = np.dtype(_DTYPES[name])
    if dtype.itemsize == 1:
        return dtype
    endian = _stated(fields, "endian", path).lower()
    if endian not in _ENDIANS:
        raise broken(path, "gives no order of bytes")
    return dtype.newbyteorder(_ENDIANS[endian])


def _packing(fields: Mapping[str, str], path: Path) -> Packing:
    encoding = _stated(fields, "encoding", path).lower()
    if encoding not in _PACKINGS:
        raise ImageError(
            f"{path} has voxels in the encoding {shortened(encoding)}: save it as raw or gzip."
        )
    return _PACKINGS[encoding]


def _data(fields: Mapping[str, str], end: int, path: Path) -> tuple[Path, int | None]:
    """The file of the voxels, and how many bytes are before them."""
    [lines] = whole_numbers(fields.get("lineskip", "0"), path)[:1]
    [skipped] = whole_numbers(fields.get("byteskip", "0"), path)[:1]
    packed = _packing(fields, path) is not Packing.PLAIN
    if lines or skipped < -1 or (skipped and packed):
        raise ImageError(
            f"{path} has lines or bytes to skip before its voxels: save the scan as one file, "
            ".nrrd or .nii.gz."
        )
    if "datafile" not in fields:
        return path, None if skipped < 0 else end + skipped
    name = fields["datafile"]
    if name.upper().startswith("LIST") or "%" in name:
        raise ImageError(
            f"{path} has its voxels in several files: save the scan as one file, .nrrd or .nii.gz."
        )
    return data_beside(name, path), None if skipped < 0 else skipped
