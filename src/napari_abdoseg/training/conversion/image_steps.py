"""Images brought into nnU-Net's format: a gzipped 3D file a channel."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from isal import igzip

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.files.compression import is_gzip
from napari_abdoseg.image.files.file_names import has_nifti_suffix
from napari_abdoseg.image.files.gzip_stream import unpacked
from napari_abdoseg.image.files.saving import replaced_file
from napari_abdoseg.image.files.stored_bytes import DAMAGED, damaged
from napari_abdoseg.image.nifti.file import load_header
from napari_abdoseg.image.nifti.formats import files_of, format_of
from napari_abdoseg.image.nifti.header import NiftiHeader, parse
from napari_abdoseg.image.nifti.volumes import read_volume, write_volume
from napari_abdoseg.training.conversion.linking import Way, put
from napari_abdoseg.training.conversion.naming import ENDING
from napari_abdoseg.training.conversion.step import Step

GROWTH = 1.5
"""A file that is packed fast is at most so many times as large as before."""
CHUNK = 1 << 22

_GzipFile: Any = igzip.IGzipFile


def image_steps(images: tuple[Path, ...], folder: Path, case: str, way: Way) -> list[Step]:
    """How the images of a case get to ``case_0000.nii.gz``, ``case_0001.nii.gz``, …

    Raises
    ------
    ImageError
        The header of an image is damaged.
    AbdosegError
        A file of several channels is one of several files.
    """
    if len(images) == 1 and has_nifti_suffix(images[0]):
        header = load_header(images[0])
        if header.dimensions > 3:
            names = [f"{case}_{channel:04}{ENDING}" for channel in range(header.volumes)]
            return [Split(images[0], tuple(folder / name for name in names))]
    for image in images:
        if len(images) > 1 and has_nifti_suffix(image) and load_header(image).volumes > 1:
            raise AbdosegError(
                f"{image} holds several volumes and is itself one channel of {case}: keep either "
                "a file a channel or one file of all."
            )
    return [
        single_step(image, folder / f"{case}_{channel:04}{ENDING}", way)
        for channel, image in enumerate(images)
    ]


def single_step(source: Path, target: Path, way: Way) -> Step:
    """How a file gets to another place, packed, with its voxels as they are.

    Raises
    ------
    OSError, ImageError
        It can't be read.
    """
    if not has_nifti_suffix(source):
        return Rewrite(source, target, _room(source))
    return Place(source, target, way) if is_gzip(source) else Pack(source, target)


@dataclass(frozen=True)
class Place:
    """A link to a file, or its copy."""

    source: Path
    target: Path
    way: Way

    @property
    def sources(self) -> tuple[Path, ...]:
        return (self.source,)

    @property
    def targets(self) -> tuple[Path, ...]:
        return (self.target,)

    @property
    def bytes_needed(self) -> int:
        return self.source.stat().st_size if self.way is Way.COPY else 0

    @property
    def verb(self) -> str:
        return self.way.value

    def run(self) -> int:
        put(self.source, self.target, self.way)
        return 0


@dataclass(frozen=True)
class Pack:
    """A plain file, whatever its name, as ``.nii.gz``."""

    source: Path
    target: Path

    verb = "pack"

    @property
    def sources(self) -> tuple[Path, ...]:
        return (self.source,)

    @property
    def targets(self) -> tuple[Path, ...]:
        return (self.target,)

    @property
    def bytes_needed(self) -> int:
        return self.source.stat().st_size

    def run(self) -> int:
        with self.source.open("rb") as plain, _packed(self.target) as packed:
            shutil.copyfileobj(plain, packed, CHUNK)
        return 0


@dataclass(frozen=True)
class Rewrite:
    """A scan of another format as NIfTI, its voxels and where they lie the same.

    ``bytes_needed`` is its size where nothing is packed.
    """

    source: Path
    target: Path
    bytes_needed: int

    verb = "rewrite"

    @property
    def sources(self) -> tuple[Path, ...]:
        return files_of(self.source)

    @property
    def targets(self) -> tuple[Path, ...]:
        return (self.target,)

    def run(self) -> int:
        write_volume(self.target, read_volume(self.source))
        return 0


def _room(source: Path) -> int:
    """Bytes of a scan's voxels."""
    start = format_of(source).load_start(source)
    return math.prod(start.grid.stored_shape) * start.voxels.dtype.itemsize


@dataclass(frozen=True)
class Split:
    """A 4D image as a file a channel, voxels and geometry to the bit."""

    source: Path
    targets: tuple[Path, ...]

    verb = "split"

    @property
    def sources(self) -> tuple[Path, ...]:
        return (self.source,)

    @property
    def bytes_needed(self) -> int:
        return round(GROWTH * self.source.stat().st_size)

    def run(self) -> int:
        header = load_header(self.source)
        size = math.prod(header.shape) * header.dtype.itemsize
        try:
            with self.source.open("rb") as file:
                stream = unpacked(file)
                start = _as_volume(stream.read(header.voxel_offset), header)
                for target in self.targets:
                    with _packed(target) as packed:
                        packed.write(start)
                        _pass_on(stream, packed, size)
        except DAMAGED as error:
            raise damaged(self.source) from error
        return 0


def _as_volume(start: bytes, header: NiftiHeader) -> bytes:
    """All that comes before the voxels, for one volume of several."""
    fields = parse(start[: len(header.raw)])
    fields["dim"] = [3, *header.shape, 1, 1, 1, 1]
    fields["pixdim"][4:] = 0
    return bytes(fields.binaryblock) + start[len(header.raw) :]


def _pass_on(stream: Any, packed: IO[bytes], size: int) -> None:
    while size:
        part = stream.read(min(size, CHUNK))
        if not part:
            raise EOFError
        packed.write(part)
        size -= len(part)


@contextmanager
def _packed(target: Path) -> Iterator[Any]:
    with (
        replaced_file(target) as temporary,
        temporary.open("xb") as file,
        _GzipFile("", "wb", 1, file, mtime=0) as packed,
    ):
        yield packed
