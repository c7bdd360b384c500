"""Formats that scans and label maps are kept in: one table of how their files are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.image.files import file_names
from napari_abdoseg.image.files.file_names import ending
from napari_abdoseg.image.files.saving import BACKUP
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti import file as nifti_file
from napari_abdoseg.image.nifti.file import NiftiFile
from napari_abdoseg.image.raster.file import RasterFormat
from napari_abdoseg.image.raster.meta_image import read_meta_header
from napari_abdoseg.image.raster.nrrd import read_nrrd_header
from napari_abdoseg.image.stored_image import StoredImage


@dataclass(frozen=True)
class Format:
    """A format of files.

    Parameters
    ----------
    title : str
    endings : tuple of str
        Of its files' names.
    load, load_start : callable
        Read a file, or of its voxels the first ones alone.
    load_grid : callable
        Read where its voxels lie.
    load_names : callable
        Read the names of label values that travel with it.
    """

    title: str
    endings: tuple[str, ...]
    load: Callable[[Path], StoredImage]
    load_start: Callable[[Path], StoredImage]
    load_grid: Callable[[Path], Grid]
    load_names: Callable[[Path], dict[int, str]]


def format_of(path: Path) -> Format:
    """The format of a file, or of what is kept of it as ``.bak``, by its name; else NIfTI."""
    found = ending(Path(path.name.removesuffix(BACKUP)))
    return next((each for each in FORMATS if found in each.endings), FORMATS[0])


def load_grid(path: Path) -> Grid:
    """Where the voxels of a file lie; no voxel is read.

    Raises
    ------
    ImageError
        It can't be read, or is no volume.
    """
    return format_of(path).load_grid(path)


def _of_nifti(file: NiftiFile) -> StoredImage:
    header = file.header
    return StoredImage(
        header.path,
        header.grid,
        file.voxels,
        file.notices,
        header.step,
        header.says_labels,
        file.label_names,
        file.label_colors,
        header.stamp,
    )


def _load_nifti(path: Path) -> StoredImage:
    return _of_nifti(nifti_file.load(path))


def _load_nifti_start(path: Path) -> StoredImage:
    return _of_nifti(nifti_file.load_start(path))


def _load_nifti_grid(path: Path) -> Grid:
    return nifti_file.load_header(path).grid


def _raster(title: str, endings: tuple[str, ...], reader: RasterFormat) -> Format:
    loaders = (reader.load, reader.load_start, reader.load_grid, reader.load_names)
    return Format(title, endings, *loaders)


_NRRD = RasterFormat(read_nrrd_header)

FORMATS = (
    Format(
        "NIfTI",
        file_names.NIFTI,
        *(_load_nifti, _load_nifti_start, _load_nifti_grid, nifti_file.load_label_names),
    ),
    _raster("3D Slicer segmentation", file_names.SLICER_SEGMENTATION, _NRRD),
    _raster("NRRD", file_names.NRRD, _NRRD),
    _raster("MetaImage", file_names.META_IMAGE, RasterFormat(read_meta_header)),
)
