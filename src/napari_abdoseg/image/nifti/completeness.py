"""Whether a file that was written whole is still whole, without reading its voxels.

A label map takes its name when all of it is on the disk, so that no run can leave half of
one. What was cut off later, while it was copied, say, ends too soon. The last four bytes of
a gzip file are the length of what was packed, so its header and its end tell.

Deutsch, P. (1996). GZIP file format specification version 4.3, RFC 1952.
"""

from __future__ import annotations

import math
import os
import struct
from pathlib import Path

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.files.gzip_stream import GZIP
from napari_abdoseg.image.nifti.file import load, load_header
from napari_abdoseg.image.nifti.header import NiftiHeader


def complete_header(path: Path) -> NiftiHeader | None:
    """Header of a ``.nii`` or ``.nii.gz`` file that holds all its voxels, None of others.

    A file whose end does not tell, as when a gzip file was written in pieces, is read.
    """
    try:
        header = load_header(path)
        if not _ends_where_it_should(path, header):
            load(path)
    except (ImageError, OSError):
        return None
    return header


def _ends_where_it_should(path: Path, header: NiftiHeader) -> bool:
    length = header.voxel_offset + math.prod(header.shape) * header.dtype.itemsize
    with path.open("rb") as file:
        packed = file.read(2) == GZIP
        if not packed:
            return file.seek(0, os.SEEK_END) >= length
        file.seek(-4, os.SEEK_END)
        (unpacked,) = struct.unpack("<I", file.read(4))
    return bool(unpacked == length % 2**32)
