"""The parts of a NIfTI file as read: header, names of labels, voxels."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

import numpy as np

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.files.gzip_stream import GzipStream, unpacked
from napari_abdoseg.image.files.stored_bytes import (
    CHUNK,
    PACKED_RATIO,
    Voxels,
    damaged,
    finite,
    native,
    opened,
    read_array,
    single_precision,
    within_memory,
)
from napari_abdoseg.image.names.header_names import colors_in_extension, names_in_extension
from napari_abdoseg.image.names.label_table import Colors, Names
from napari_abdoseg.image.nifti.header import START, NiftiHeader, header_size

START_BYTES = 1 << 20
COMMENT = 6
LONGEST_EXTENSIONS = 1 << 20
MOST_BEHIND = 1 << 28
"""Bytes behind the voxels that are unpacked to check the sum at the end of a gzip file."""


@dataclass(frozen=True, eq=False)
class NiftiFile:
    """What a file holds.

    Parameters
    ----------
    header : NiftiHeader
    label_names : dict of int to str
        Names of label values that travel with the file; empty without any.
    voxels : ndarray
        Real values in stored order; whole numbers unless there is a scale or a
        fraction, float32 then.
    notices : tuple of str
        What a user should know of the file.
    label_colors : dict of int to str
        Colours of some or all of these values, as ``#rrggbb``.
    """

    header: NiftiHeader
    label_names: dict[int, str]
    voxels: Voxels
    notices: tuple[str, ...] = ()
    label_colors: Colors = field(default_factory=dict)


def load(path: Path) -> NiftiFile:
    """Read a ``.nii`` or ``.nii.gz`` file, of several volumes the first.

    Raises
    ------
    ImageError
        It can't be read, is damaged, or holds no volume of finite numbers.
    """
    with within_memory(path):
        with _opened(path) as (stream, header, size):
            names, colors = _read_names(stream, header)
            stored = _read_planes(stream, header, size, header.shape[2])
            notices = (*header.notices, *_look_behind(stream, header))
        voxels = finite(_real_values(stored, header), path)
        return NiftiFile(header, names, voxels, notices, colors)


def load_start(path: Path) -> NiftiFile:
    """The same, but only the first planes of the volume: about a megabyte, at least one.

    Raises
    ------
    ImageError
        See `load`; what comes later in the file may be damaged all the same.
    """
    with within_memory(path):
        with _opened(path) as (stream, header, size):
            names, _ = _read_names(stream, header)
            planes = max(1, START_BYTES // (math.prod(header.shape[:2]) * header.dtype.itemsize))
            stored = _read_planes(stream, header, size, min(planes, header.shape[2]))
        return NiftiFile(header, names, finite(_real_values(stored, header), path))


def load_label_names(path: Path) -> dict[int, str]:
    """Names of label values that travel with a file; empty without any.

    Raises
    ------
    ImageError
        It can't be read, or is no NIfTI file of a volume.
    """
    with _opened(path) as (stream, header, _):
        return _read_names(stream, header)[0]


def load_header(path: Path) -> NiftiHeader:
    """Read what a file says of its volume, and no voxel.

    Raises
    ------
    ImageError
        It can't be read, or is no NIfTI file of a volume.
    """
    with _opened(path) as (_, header, _):
        return header


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BufferedReader, NiftiHeader, int]]:
    """A file's bytes after its header, the header, and how many bytes it can hold."""
    with opened(path) as file:
        stream = unpacked(file)
        size = os.fstat(file.fileno()).st_size * (1 if stream is file else PACKED_RATIO)
        yield stream, _read_header(stream, path), size


def _read_header(stream: BufferedReader, path: Path) -> NiftiHeader:
    start = stream.read(START)
    size = header_size(start)
    if not size:
        raise ImageError(f"{path} is not a NIfTI file: choose a .nii or .nii.gz scan.")
    raw = start + stream.read(size - START)
    if len(raw) < size:
        raise damaged(path)
    return NiftiHeader(raw, path)


def _read_names(stream: BufferedReader, header: NiftiHeader) -> tuple[Names, Colors]:
    """Names and colours of labels from the header extensions; leaves the stream anywhere."""
    if not stream.read(4).startswith(b"\1"):
        return {}, {}
    size = header.voxel_offset - len(header.raw) - 4
    extensions = memoryview(stream.read(min(size, LONGEST_EXTENSIONS)))
    while len(extensions) >= 16:
        length, _ = struct.unpack(header.fields.endianness + "ii", extensions[:8])
        content = bytes(extensions[8 : max(length, 8)])
        if names := names_in_extension(content):
            return names, colors_in_extension(content)
        extensions = extensions[max(length, 16) :]
    return {}, {}


def _look_behind(stream: BufferedReader, header: NiftiHeader) -> Iterator[str]:
    """Have the sum at the end of a gzip file checked, and tell what else is behind the voxels.

    Of several volumes, and of what goes on and on, nothing more is read.
    """
    if not isinstance(stream.raw, GzipStream) or header.volumes > 1:
        return
    for _ in range(0, MOST_BEHIND, CHUNK):
        if not stream.read(CHUNK):
            break
    else:
        yield "The file goes on far behind its voxels; no more of it was read or checked."
    if stream.raw.has_other_bytes:
        yield "Bytes that are not of the file follow its end; they were not read."


def _read_planes(stream: BufferedReader, header: NiftiHeader, most: int, planes: int) -> Voxels:
    """The first planes along the third axis, as stored."""
    i, j, _ = header.shape
    flat = read_array(stream, header.voxel_offset, i * j * planes, header.dtype, most)
    return flat.reshape((i, j, planes), order="F")


def _real_values(stored: Voxels, header: NiftiHeader) -> Voxels:
    stored = native(stored)
    slope, intercept = header.slope, header.intercept
    if slope == 1 and intercept == 0:
        return single_precision(stored)
    if slope == 1 and intercept.is_integer() and stored.dtype.kind != "f":
        shifted = _shifted(stored, int(intercept))
        if shifted is not None:
            return shifted
    scaled = np.empty(stored.shape, dtype=np.float32, order="F")
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(stored.shape[2]):
            scaled[..., k] = stored[..., k] * np.float64(slope) + intercept
    return scaled


def _shifted(stored: Voxels, intercept: int) -> Voxels | None:
    """Sum in the smallest signed type that holds it, None if none does."""
    least, greatest = int(stored.min()) + intercept, int(stored.max()) + intercept
    for dtype in (np.int16, np.int32, np.int64):
        limits = np.iinfo(dtype)
        if limits.min <= min(least, intercept) and max(greatest, intercept) <= limits.max:
            shifted: Voxels = stored.astype(dtype, order="F")  # what wraps here wraps back below
            return np.add(shifted, dtype(intercept), out=shifted)
    return None
