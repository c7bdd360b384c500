"""Formats of scans and label maps: one table of how their files are read and written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.image.files import file_names
from napari_abdoseg.image.files.file_names import ending, stem
from napari_abdoseg.image.files.saving import BACKUP
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.names.label_names import is_named
from napari_abdoseg.image.nifti import file as nifti_file
from napari_abdoseg.image.nifti.file import NiftiFile
from napari_abdoseg.image.nifti.header import LABEL_INTENT
from napari_abdoseg.image.nifti.saving import save
from napari_abdoseg.image.raster.file import RasterFormat
from napari_abdoseg.image.raster.meta_image import read_meta_header
from napari_abdoseg.image.raster.nrrd import read_nrrd_header
from napari_abdoseg.image.raster.saving import (
    MetaImageWriter,
    RasterWriter,
    encode_meta_image,
    encode_nrrd,
    encode_slicer,
)
from napari_abdoseg.image.stored_image import ImageToSave, StoredImage


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
    data_file : callable
        Tell which file has them.
    load_names : callable
        Read the names of label values that travel with it.
    save : callable
        Write a file safely; takes two more places as `replaced_file` does.
    saved : tuple of str
        Those of the endings that are written, the usual one first.
    """

    title: str
    endings: tuple[str, ...]
    load: Callable[[Path], StoredImage]
    load_start: Callable[[Path], StoredImage]
    load_grid: Callable[[Path], Grid]
    data_file: Callable[[Path], Path]
    load_names: Callable[[Path], dict[int, str]]
    save: Callable[[Path, ImageToSave, Path | None, Path | None], None]
    saved: tuple[str, ...]


def format_of(path: Path) -> Format:
    """The format of a file, or of what is kept of it as ``.bak``, by its name; else NIfTI."""
    found = ending(Path(path.name.removesuffix(BACKUP)))
    return next((each for each in FORMATS if found in each.endings), FORMATS[0])


def saved_path(path: Path, usual: str = "") -> Path:
    """Where a label map is saved that should be at a path.

    Parameters
    ----------
    path : Path
        Kept if files that end so are written. A header with its voxels in another file becomes
        one file of its format, ``case.mha`` for ``case.mhd``.
    usual : str, optional
        What any other name gets for an ending; ``.nii.gz`` by default.
    """
    found, saved = ending(path), format_of(path).saved
    if not found:
        return path.with_name(path.name + (usual or saved[0]))
    return path if found in saved else path.with_name(stem(path) + saved[0])


def load_grid(path: Path) -> Grid:
    """Where the voxels of a file lie; no voxel is read.

    Raises
    ------
    ImageError
        It can't be read, or is no volume.
    """
    return format_of(path).load_grid(path)


def files_of(path: Path) -> tuple[Path, ...]:
    """The files of a scan or label map: one, or a header and its voxels.

    Raises
    ------
    ImageError
        The header can't be read.
    """
    return tuple(dict.fromkeys((path, format_of(path).data_file(path))))


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


def _save_nifti(
    path: Path, image: ImageToSave, by_way_of: Path | None, backup: Path | None
) -> None:
    intent = LABEL_INTENT if image.is_labels else 0
    organs = tuple(filter(is_named, image.organs))
    save(path, image.grid, image.voxels, intent, organs, image.stamp, by_way_of, backup)


def _raster(
    title: str, endings: tuple[str, ...], writer: RasterWriter, saved: tuple[str, ...]
) -> Format:
    reader = writer.format
    loaders = (reader.load, reader.load_start, reader.load_grid, reader.data, reader.load_names)
    return Format(title, endings, *loaders, writer.save, saved)


_NRRD, _META = RasterFormat(read_nrrd_header), RasterFormat(read_meta_header)
_SLICER = file_names.SLICER_SEGMENTATION

FORMATS = (
    Format(
        "NIfTI",
        file_names.NIFTI,
        *(_load_nifti, _load_nifti_start, _load_nifti_grid, Path, nifti_file.load_label_names),
        *(_save_nifti, file_names.NIFTI),
    ),
    _raster("3D Slicer segmentation", _SLICER, RasterWriter(_NRRD, encode_slicer), _SLICER),
    _raster("NRRD", file_names.NRRD, RasterWriter(_NRRD, encode_nrrd), (".nrrd",)),
    _raster(
        "MetaImage", file_names.META_IMAGE, MetaImageWriter(_META, encode_meta_image), (".mha",)
    ),
)
