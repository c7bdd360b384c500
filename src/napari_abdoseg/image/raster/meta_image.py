"""Headers of MetaImage files.

MetaImage, https://itk.org/Wiki/ITK/MetaIO/Documentation. What it leaves open is taken as ITK
takes it (``itkMetaImageIO.cxx``): ``TransformMatrix`` has the direction of one axis after the
other, and no value is scaled.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np

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
from napari_abdoseg.image.raster.nrrd import NO_ORIENTATION

LOCAL = "LOCAL"

_DTYPES = {
    **{"MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2"},
    **{"MET_INT": "i4", "MET_UINT": "u4", "MET_LONG": "i4", "MET_ULONG": "u4"},
    **{"MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4", "MET_DOUBLE": "f8"},
}
_STORED = {dtype: name for name, dtype in reversed(_DTYPES.items())}
_MATRIX = ("TransformMatrix", "Rotation", "Orientation")
_ORIGIN = ("Offset", "Position", "Origin")
_BIG = ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")
_SCALE = {"ElementToIntensityFunctionSlope": 1.0, "ElementToIntensityFunctionOffset": 0.0}


def read_meta_header(file: BufferedReader, path: Path) -> RasterHeader:
    """Read the header of a ``.mha`` or ``.mhd`` file, up to the voxels or its end.

    Raises
    ------
    ImageError
        It is none, or describes no voxels with a place in space.
    """
    fields = _fields(file, path)
    sizes = whole_numbers(_stated(fields, "DimSize", path), path)
    if whole_numbers(_stated(fields, "NDims", path), path) != [len(sizes)]:
        raise broken(path, "gives no shape")
    if len(sizes) < 3:
        raise ImageError(
            f"{path} has {len(sizes)} axes in space: choose a volume with several slices."
        )
    if any(size != 1 for size in sizes[3:]):
        raise not_one_volume(path, next(size for size in sizes[3:] if size != 1))
    _require_numbers(fields, path)
    i, j, k = sizes[:3]
    data, offset = _data(fields, file.tell(), path)
    affine, notices = _place(fields, len(sizes), path)
    return RasterHeader(
        path,
        (i, j, k),
        _dtype(fields, path),
        affine,
        data,
        offset,
        Packing.ZLIB if _is(fields, "CompressedData") else Packing.PLAIN,
        pairs={"content": fields["Comment"]} if "Comment" in fields else {},
        notices=notices,
    )


def meta_header(grid: Grid, dtype: np.dtype[Any], packed_size: int, comment: str = "") -> bytes:
    """The header of voxels on a grid that are packed by zlib, as ITK writes it."""
    spacing = np.linalg.norm(grid.affine[:3, :3], axis=0)
    directions = LPS_TO_RAS @ (grid.affine[:3, :3] / spacing)
    lines = [
        "ObjectType = Image",
        "NDims = 3",
        *([f"Comment = {comment}"] if comment else []),
        "BinaryData = True",
        "BinaryDataByteOrderMSB = False",
        "CompressedData = True",
        f"CompressedDataSize = {packed_size}",
        f"TransformMatrix = {_numbers(directions.T.ravel())}",
        f"Offset = {_numbers(LPS_TO_RAS @ grid.affine[:3, 3])}",
        "CenterOfRotation = 0 0 0",
        f"ElementSpacing = {_numbers(spacing)}",
        f"DimSize = {' '.join(map(str, grid.stored_shape))}",
        f"ElementType = {_STORED[dtype.str[1:]]}",
        f"ElementDataFile = {LOCAL}",
    ]
    return ("\n".join(lines) + "\n").encode("utf-8", errors="replace")


def _numbers(values: Any) -> str:
    return " ".join(repr(float(value) + 0.0) for value in values)


def _fields(file: BufferedReader, path: Path) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in lines_of(file, path):
        key, mark, value = line.partition("=")
        key = key.strip()
        if not mark and line.strip():
            break
        if key in fields:
            raise broken(path, f"states {shortened(key)} twice")
        if mark:
            fields[key] = value.strip()
        if key == "ElementDataFile":
            break
    if fields.get("ObjectType", "Image") != "Image" or "ElementDataFile" not in fields:
        raise ImageError(f"{path} is not a MetaImage file: choose a .mha or .mhd scan.")
    return fields


def _stated(fields: Mapping[str, str], key: str, path: Path) -> str:
    if key not in fields:
        raise broken(path, f"does not state {shortened(key)}")
    return fields[key]


def _is(fields: Mapping[str, str], *keys: str) -> bool:
    """Whether one of the keys is there and true, which MetaIO tells by the first letter."""
    return any(fields.get(key, "F")[:1] in ("T", "t", "1") for key in keys)


def _require_numbers(fields: Mapping[str, str], path: Path) -> None:
    channels = whole_numbers(fields.get("ElementNumberOfChannels", "1"), path)
    if channels != [1]:
        raise not_one_number(path, "vectors or colours")
    if not _is({"BinaryData": "True", **fields}, "BinaryData"):
        raise ImageError(f"{path} has its voxels as text: save it with binary data.")
    for key, neutral in _SCALE.items():
        if numbers(fields.get(key, str(neutral)), path, 1) != [neutral]:
            raise ImageError(
                f"{path} has a scale of its values that programs do not agree on: save the scan "
                "with real values."
            )


def _dtype(fields: Mapping[str, str], path: Path) -> np.dtype[Any]:
    name = _stated(fields, "ElementType", path)
    if name not in _DTYPES:
        raise not_one_number(path, f"values of the type {shortened(name)}")
    return np.dtype(_DTYPES[name]).newbyteorder(">" if _is(fields, *_BIG) else "<")


def _place(fields: Mapping[str, str], dimension: int, path: Path) -> tuple[Any, tuple[str, ...]]:
    sizes = next((fields[key] for key in ("ElementSpacing", "ElementSize") if key in fields), None)
    if sizes is None:
        raise broken(path, "gives its voxels no size")
    spacing = np.array(numbers(sizes, path, dimension)[:3])
    if not spacing.min() > 0:
        raise broken(path, "gives its voxels no size")
    origin = next((fields[key] for key in _ORIGIN if key in fields), "0 " * dimension)
    matrix = next((fields[key] for key in _MATRIX if key in fields), "")
    notices = () if matrix else (NO_ORIENTATION,)
    turn = np.eye(dimension)
    if matrix:
        turn = np.array(numbers(matrix, path, dimension**2)).reshape(dimension, dimension)
    directions = turn[:3, :3].T * spacing
    return affine_of(directions, numbers(origin, path, dimension)[:3], path), notices


def _data(fields: Mapping[str, str], end: int, path: Path) -> tuple[Path, int | None]:
    """The file of the voxels, and how many bytes are before them."""
    name = fields["ElementDataFile"]
    if name.upper() == LOCAL:
        return path, end
    if name.upper().startswith("LIST") or "%" in name:
        raise ImageError(
            f"{path} has its voxels in several files: save the scan as one file, .mha or .nii.gz."
        )
    skipped = whole_numbers(fields.get("HeaderSize", "0"), path)
    if len(skipped) != 1 or skipped[0] < -1:
        raise broken(path, "gives no place of the voxels")
    return data_beside(name, path), None if skipped[0] < 0 else skipped[0]
