"""NRRD and MetaImage files as read: voxels, their place, names and colours of segments."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.files.gzip_stream import GZIP_MEMBERS, ZLIB, packed_stream
from napari_abdoseg.image.files.stored_bytes import (
    CHUNK,
    PACKED_RATIO,
    finite,
    native,
    opened,
    read_array,
    single_precision,
    within_memory,
)
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.raster.header import (
    HeaderReader,
    Packing,
    RasterHeader,
    not_one_number,
)
from napari_abdoseg.image.raster.layers import flattened, whole_scan
from napari_abdoseg.image.raster.segments import Segment, segments_of
from napari_abdoseg.image.stored_image import StoredImage, place_notices
from napari_abdoseg.image.volume import PREVIEW

START_BYTES = 1 << 20
_KINDS = {Packing.GZIP: GZIP_MEMBERS, Packing.ZLIB: ZLIB}


@dataclass(frozen=True)
class RasterFormat:
    """Reads the files of a format.

    Parameters
    ----------
    read_header : HeaderReader
    """

    read_header: HeaderReader

    def header(self, path: Path) -> RasterHeader:
        """What a file says of its voxels.

        Raises
        ------
        ImageError
            It can't be read, or holds no voxels with a place in space.
        """
        with opened(path) as file:
            return self.read_header(file, path)

    def data(self, path: Path) -> Path:
        """The file that has the voxels.

        Raises
        ------
        ImageError
            See `header`.
        """
        return self.header(path).data

    def load(self, path: Path) -> StoredImage:
        """Read a file.

        Raises
        ------
        ImageError
            It can't be read, is damaged, or holds no volume of finite numbers.
        """
        with within_memory(path):
            header = self.header(path)
            segments = segments_of(header)
            _require_one_number(header, segments)
            stored = _read(header, header.sizes[2])
            notices = header.notices
            if header.layers > 1:
                flat = flattened(stored, segments)
                stored, segments, notices = flat.voxels, flat.segments, (*notices, *flat.notices)
            stored, grid, more = whole_scan(stored, header)
            _require_volume(header, grid)
            return _image(header, grid, stored, segments, (*notices, *more, *place_notices(grid)))

    def load_start(self, path: Path) -> StoredImage:
        """The same, but only the first planes of the volume: about a megabyte, at least one.

        Raises
        ------
        ImageError
            See `load`; what comes later in the file may be damaged all the same.
        """
        with within_memory(path):
            header = self.header(path)
            segments = segments_of(header)
            if segments or header.layers > 1:
                return self.load(path)
            grid = Grid(header.sizes, header.affine)
            _require_volume(header, grid)
            plane = header.sizes[0] * header.sizes[1] * header.dtype.itemsize
            planes = min(max(1, START_BYTES // plane), header.sizes[2])
            return _image(header, grid, _read(header, planes), (), header.notices)

    def load_grid(self, path: Path) -> Grid:
        """Where the voxels of a file lie.

        Raises
        ------
        ImageError
            It can't be read, or is no volume.
        """
        header = self.header(path)
        segments = segments_of(header)
        _require_one_number(header, segments)
        grid = whole_scan(np.broadcast_to(np.uint8(0), header.sizes), header)[1]
        _require_volume(header, grid)
        return grid

    def load_names(self, path: Path) -> dict[int, str]:
        """Names of label values that travel with a file; empty without any.

        Raises
        ------
        ImageError
            It can't be read, or is no volume.
        """
        header = self.header(path)
        if header.layers > 1:
            return dict(self.load(path).label_names)
        return {segment.value: segment.name for segment in segments_of(header)}


def _image(
    header: RasterHeader,
    grid: Grid,
    stored: NDArray[Any],
    segments: tuple[Segment, ...],
    notices: tuple[str, ...],
) -> StoredImage:
    content = header.pairs.get("content", "")
    return StoredImage(
        header.path,
        grid,
        finite(single_precision(stored), header.path),
        notices,
        says_labels=bool(segments),
        label_names={segment.value: segment.name for segment in segments},
        label_colors={segment.value: segment.color for segment in segments if segment.color},
        stamp=content if content.startswith(PREVIEW) else "",
    )


def _require_one_number(header: RasterHeader, segments: tuple[Segment, ...]) -> None:
    if header.layers > 1 and not segments:
        raise not_one_number(header.path, f"{header.layers} values a voxel, as vectors or colours")


def _require_volume(header: RasterHeader, grid: Grid) -> None:
    if grid.stored_shape == (1, 1, 1):
        raise ImageError(f"{header.path} holds a single voxel: it is a segmentation without any.")
    if 1 in grid.stored_shape:
        raise ImageError(
            f"{header.path} is a single slice of shape {' x '.join(map(str, grid.stored_shape))}: "
            "choose a volume with several slices."
        )


def _read(header: RasterHeader, planes: int) -> NDArray[Any]:
    """The first planes, as stored: of shape (i, j, planes), with layers before these."""
    i, j, k = header.sizes
    whole = header.count * header.dtype.itemsize
    with _voxels(header, whole) as (stream, offset, most):
        flat = read_array(stream, offset, header.count // k * planes, header.dtype, most)
        if planes == k and header.packing is not Packing.PLAIN:
            stream.read(CHUNK)  # to the sum of what was packed, which is checked there
    shape = (i, j, planes) if header.layers == 1 else (header.layers, i, j, planes)
    return native(flat).reshape(shape, order="F")


@contextmanager
def _voxels(header: RasterHeader, whole: int) -> Iterator[tuple[BufferedReader, int, int]]:
    """A stream with voxels, bytes of it before these, and how many bytes it can hold."""
    with opened(header.data) as file:
        size = os.fstat(file.fileno()).st_size
        start = size - whole if header.offset is None else header.offset
        if not 0 <= start < size:
            raise EOFError
        if header.packing is Packing.PLAIN:
            yield file, start, size
        else:
            file.seek(start)
            yield packed_stream(file, _KINDS[header.packing]), 0, (size - start) * PACKED_RATIO
