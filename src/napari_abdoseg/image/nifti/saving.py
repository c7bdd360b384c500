"""NIfTI files written whole, read back and compared."""

from __future__ import annotations

import json
import math
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import nibabel as nib
import numpy as np
from isal import igzip
from numpy.typing import NDArray

from napari_abdoseg.errors import ImageError, SaveError
from napari_abdoseg.image.files.saving import replaced_file
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.file import COMMENT, load
from napari_abdoseg.image.nifti.forms import mm_per_unit
from napari_abdoseg.image.nifti.header import MAGIC, parse
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import PREVIEW

ALIGNED = 2
NATIVE = "<" if sys.byteorder == "little" else ">"

Voxels = NDArray[Any]

_GzipFile: Any = igzip.IGzipFile
_NiftiHeader: Any = nib.Nifti1Header


def save(
    path: Path,
    grid: Grid,
    screen: Voxels,
    intent: int = 0,
    organs: Iterable[Organ] = (),
    stamp: str = "",
    by_way_of: Path | None = None,
    backup: Path | None = None,
) -> None:
    """Write voxels to a ``.nii`` or ``.nii.gz`` file, safely.

    Parameters
    ----------
    path : Path
    grid : Grid
        Its geometry comes into the file to the bit.
    screen : ndarray, shape (z, y, x)
    intent : int, optional
        NIfTI intent code.
    organs : iterable of Organ, optional
        Their names travel with the file.
    stamp : str, optional
        Becomes the file's description; see `LabelMap`.
    by_way_of, backup : Path, optional
        See `replaced_file`.

    Raises
    ------
    SaveError
        It could not be saved; what was there before is untouched.
    """
    stored = grid.to_stored(screen)
    extension = _comment(tuple(organs))
    header = _header(grid, screen.dtype, intent, len(extension), stamp)
    start = header + bytes([bool(extension), 0, 0, 0]) + extension
    with replaced_file(path, by_way_of, backup) as temporary:
        with temporary.open("xb") as file:
            if path.name.lower().endswith(".gz"):
                _pack(file, start, stored)
            else:
                _write(file, start, stored)
        _require_written(temporary, path, grid, stored)


def _write(file: IO[bytes], start: bytes, stored: Voxels) -> None:
    file.write(start)
    file.write(np.asfortranarray(stored).T.data.cast("B"))


def _pack(file: IO[bytes], start: bytes, stored: Voxels) -> None:
    """Write as gzip that names neither a file nor a time."""
    with _GzipFile("", "wb", 1, file, mtime=0) as packed:
        _write(packed, start, stored)


def _require_written(temporary: Path, path: Path, grid: Grid, stored: Voxels) -> None:
    try:
        written = load(temporary)
    except ImageError as error:
        raise SaveError(f"{path} was not saved: it can't be read back ({error})") from error
    if not written.header.grid.matches(grid) or not np.array_equal(written.voxels, stored):
        raise SaveError(
            f"{path} was not saved: it reads back otherwise than written. Check the disk."
        )


def _comment(organs: tuple[Organ, ...]) -> bytes:
    """Header extension of plain text, a whole number of 16 bytes long."""
    if not organs:
        return b""
    content: dict[str, Any] = {"labels": {organ.name: organ.value for organ in organs}}
    if given := {organ.value: organ.given_color for organ in organs if organ.given_color}:
        content["colors"] = given
    text = json.dumps(content).encode()
    length = 16 * math.ceil((8 + len(text)) / 16)
    return struct.pack(f"{NATIVE}ii{length - 8}s", length, COMMENT, text)


def _header(grid: Grid, dtype: np.dtype[Any], intent: int, extension: int, stamp: str) -> bytes:
    """Header in native byte order; the grid's own geometry is kept to the bit."""
    fields = parse(grid.header) if grid.header else _new_fields(grid)
    fields = fields.as_byteswapped(NATIVE)
    codes: Any = nib.nifti1.data_type_codes
    size = fields["sizeof_hdr"]
    fields["magic"] = MAGIC[int(size)]
    _mend_sizes(fields, grid)
    fields["dim"] = [3, *grid.stored_shape, 1, 1, 1, 1]
    fields["datatype"] = codes.code[dtype]
    fields["bitpix"] = 8 * dtype.itemsize
    fields["vox_offset"] = size + 4 + extension
    fields["scl_slope"], fields["scl_inter"] = 1, 0
    fields["cal_min"] = fields["cal_max"] = 0
    fields["intent_code"], fields["intent_name"] = intent, b""
    if stamp or fields["descrip"].item().startswith(PREVIEW.encode()):
        fields["descrip"] = stamp.encode()
    fields["intent_p1"] = fields["intent_p2"] = fields["intent_p3"] = 0
    return bytes(fields.binaryblock)


def _mend_sizes(fields: Any, grid: Grid) -> None:
    """Give voxels that have no size, or less, the one that they are read with.

    A negative size is read as that without its sign, as nibabel does it. Nothing else of the
    scan's geometry is touched: programs that go by it see scan and labels in one place.
    """
    sizes = fields["pixdim"][1:4]
    in_file = np.linalg.norm(grid.affine[:3, :3], axis=0) / mm_per_unit(fields)
    usable = np.isfinite(sizes) & (sizes != 0)
    fields["pixdim"][1:4] = np.where(usable, np.abs(sizes), in_file)


def _new_fields(grid: Grid) -> Any:
    header = _NiftiHeader()
    header.set_data_shape(grid.stored_shape)
    header.set_zooms(grid.stored_spacing)
    header.set_xyzt_units("mm")
    header.set_sform(grid.affine, ALIGNED)
    if not grid.is_sheared:
        header.set_qform(grid.affine, ALIGNED)
    return header
