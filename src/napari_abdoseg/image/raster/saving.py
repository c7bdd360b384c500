"""Scans and label maps written as NRRD and MetaImage, read back and compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from isal import igzip, isal_zlib
from numpy.typing import NDArray

from napari_abdoseg.errors import ImageError, SaveError
from napari_abdoseg.image.files.saving import replaced_file
from napari_abdoseg.image.names.label_description import renew_description
from napari_abdoseg.image.names.label_names import is_named
from napari_abdoseg.image.raster.file import RasterFormat
from napari_abdoseg.image.raster.meta_image import meta_header
from napari_abdoseg.image.raster.nrrd import nrrd_header
from napari_abdoseg.image.raster.segments import mitk_pairs, slicer_pairs
from napari_abdoseg.image.stored_image import ImageToSave

FASTEST = 1

Voxels = NDArray[Any]
Encode = Callable[[IO[bytes], ImageToSave, Voxels], None]

_GzipFile: Any = igzip.IGzipFile
_compress: Any = isal_zlib.compress


@dataclass(frozen=True)
class RasterWriter:
    """Saves files of a format.

    Parameters
    ----------
    format : RasterFormat
        Reads back what was written.
    encode : callable
        Writes an image into an open file; its voxels come in stored order too.
    """

    format: RasterFormat
    encode: Encode

    def save(
        self,
        path: Path,
        image: ImageToSave,
        by_way_of: Path | None = None,
        backup: Path | None = None,
    ) -> None:
        """Write a file, safely; see `replaced_file`.

        Raises
        ------
        SaveError
            It could not be saved; what was there before is untouched.
        """
        stored = image.grid.to_stored(image.voxels)
        with replaced_file(path, by_way_of, backup) as temporary:
            with temporary.open("xb") as file:
                self.encode(file, image, _little(stored))
            self._require_written(temporary, path, image, stored)

    def _require_written(
        self, temporary: Path, path: Path, image: ImageToSave, stored: Voxels
    ) -> None:
        try:
            written = self.format.load(temporary)
        except ImageError as error:
            raise SaveError(f"{path} was not saved: it can't be read back ({error})") from error
        if not written.grid.matches(image.grid) or not np.array_equal(written.voxels, stored):
            raise SaveError(
                f"{path} was not saved: it reads back otherwise than written. Check the disk."
            )


@dataclass(frozen=True)
class MetaImageWriter(RasterWriter):
    """The same for MetaImage, which has no place for names: ITK-SNAP's description has them."""

    def save(
        self,
        path: Path,
        image: ImageToSave,
        by_way_of: Path | None = None,
        backup: Path | None = None,
    ) -> None:
        """Write a file, and the names of its labels beside it, as ``case.label``.

        Raises
        ------
        SaveError
            One could not be saved; what was there before is untouched.
        """
        super().save(path, image, by_way_of, backup)
        if named := tuple(filter(is_named, image.organs)):
            renew_description(path, named)


def encode_slicer(file: IO[bytes], image: ImageToSave, stored: Voxels) -> None:
    """Write a label map as a segmentation of 3D Slicer."""
    _write_nrrd(file, image, stored, slicer_pairs(image.organs, image.grid.stored_shape))


def encode_nrrd(file: IO[bytes], image: ImageToSave, stored: Voxels) -> None:
    """Write a scan as NRRD, or a label map so that MITK knows its labels."""
    _write_nrrd(file, image, stored, mitk_pairs(image.organs) if image.is_labels else {})


def encode_meta_image(file: IO[bytes], image: ImageToSave, stored: Voxels) -> None:
    """Write a scan or label map as MetaImage."""
    packed = _compress(_bytes(stored), FASTEST)
    file.write(meta_header(image.grid, stored.dtype, len(packed), image.stamp))
    file.write(packed)


def _write_nrrd(file: IO[bytes], image: ImageToSave, stored: Voxels, pairs: dict[str, str]) -> None:
    file.write(nrrd_header(image.grid, stored.dtype, pairs, image.stamp))
    with _GzipFile("", "wb", FASTEST, file, mtime=0) as packed:
        packed.write(_bytes(stored))


def _little(stored: Voxels) -> Voxels:
    return stored.astype(stored.dtype.newbyteorder("<"), order="F", copy=False)


def _bytes(stored: Voxels) -> memoryview:
    return np.asfortranarray(stored).T.data.cast("B")
