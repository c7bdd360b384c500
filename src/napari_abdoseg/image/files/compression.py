"""Whether a file is packed, by what is in it: names of exports and downloads mislead."""

from __future__ import annotations

from pathlib import Path

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.files.gzip_stream import GZIP

PACKED_ENDING = ".gz"


def is_gzip(path: Path) -> bool:
    """Whether a file is a gzip file.

    Raises
    ------
    OSError
        It can't be read.
    ImageError
        It is a pipe or a device, which may have no end.
    """
    if path.exists() and not path.is_file():
        raise ImageError(f"{path} is a pipe, a device or a folder: give a .nii or .nii.gz file.")
    with path.open("rb") as file:
        return file.read(len(GZIP)) == GZIP


def is_misnamed(path: Path) -> bool:
    """Whether a file's name tells the wrong thing about its packing.

    Raises
    ------
    OSError
        It can't be read.
    """
    return is_gzip(path) != path.name.lower().endswith(PACKED_ENDING)
