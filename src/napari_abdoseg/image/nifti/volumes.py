"""Files as volumes and label maps, and back."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.errors import ImageError, SaveError
from napari_abdoseg.image.files.file_names import has_image_suffix, stem
from napari_abdoseg.image.files.stored_bytes import within_memory
from napari_abdoseg.image.label_map_detection import (
    Evidence,
    as_labels,
    evidence_of,
    fault_of_labels,
    is_label_map,
    says_labels,
)
from napari_abdoseg.image.names.label_description import own_description, renew_description
from napari_abdoseg.image.names.label_names import is_named, name_labels
from napari_abdoseg.image.names.label_table import IGNORE
from napari_abdoseg.image.names.names_beside import LabelNamesError
from napari_abdoseg.image.nifti.formats import FORMATS, format_of, saved_path
from napari_abdoseg.image.organ import Organ, number_name, organs_from_names
from napari_abdoseg.image.renumbering import renumbered
from napari_abdoseg.image.stored_image import ImageToSave, StoredImage
from napari_abdoseg.image.volume import LabelMap, Volume

AnyPath = str | os.PathLike[str]

_NO_LABELS = "It is called or kept like a label map, but its voxels are those of a scan."
_CHANNEL = re.compile(r"_0000$")

_log = logging.getLogger(__name__)


def read_volume(path: AnyPath) -> Volume:
    """Read a scan from a file.

    Parameters
    ----------
    path : path-like
        NIfTI-1 or NIfTI-2 in any orientation, of several volumes the first; or one volume as
        NRRD (``.nrrd``, ``.nhdr``) or MetaImage (``.mha``, ``.mhd``).

    Returns
    -------
    Volume
        Voxels as (z, y, x), a view of the stored array. They keep their stored whole
        numbers; float32 where the file has a scale or a fraction.

    Raises
    ------
    ImageError
        The file can't be read, is damaged, or holds no volume of finite numbers.

    Examples
    --------
    >>> from napari_abdoseg import make_phantom, read_volume
    >>> from napari_abdoseg.image.nifti import write_volume
    >>> write_volume("ct.nii.gz", make_phantom(1, (12.0, 10.0, 10.0))[0])
    >>> volume = read_volume("ct.nii.gz")
    >>> volume.data.shape, volume.grid.spacing
    ((38, 28, 40), (12.0, 10.0, 10.0))
    """
    with within_memory(Path(path)):
        return _volume(format_of(Path(path)).load(Path(path)))


def read_labels(path: AnyPath, organs: Iterable[Organ] = ()) -> LabelMap:
    """Read a label map from a file of any format that `read_volume` reads.

    Parameters
    ----------
    path : path-like
    organs : iterable of Organ, optional
        What its values are called, whatever else says otherwise; one called ``ignore``
        stands for voxels that nobody has labelled. Without them `name_labels` finds the
        names; any value without one is called ``label`` and its number.

    Returns
    -------
    LabelMap
        uint8, or uint16 with values above 255, as (z, y, x). Values of one name have
        become the least of them.

    Raises
    ------
    ImageError
        The file can't be read, is damaged, or has values that are no labels, or a file
        beside it that should name them makes no sense.

    Examples
    --------
    >>> from napari_abdoseg import make_phantom, read_labels, write_labels
    >>> write_labels("organs.nii.gz", make_phantom(1, (12.0, 10.0, 10.0))[1])
    >>> [organ.name for organ in read_labels("organs.nii.gz").organs]
    ['liver', 'kidney', 'spleen', 'pancreas']
    """
    with within_memory(Path(path)):
        return _label_map(format_of(Path(path)).load(Path(path)), organs)


def read_organs(path: AnyPath) -> tuple[Organ, ...]:
    """Organs that a label map itself names, in the order of their values; none if it doesn't.

    Raises
    ------
    ImageError
        The file can't be read, or is no volume.
    """
    return organs_from_names(format_of(Path(path)).load_names(Path(path)))


def read_image(path: AnyPath, organs: Iterable[Organ] = ()) -> Volume | LabelMap:
    """Read a file as what it is, a scan or a label map.

    See `napari_abdoseg.image.label_map_detection`. A label map is read as `read_labels` reads
    it, but a file beside it that makes no sense only leaves its labels without names.

    Raises
    ------
    ImageError
        The file can't be read, is damaged, or holds no volume of finite numbers.

    Examples
    --------
    >>> from napari_abdoseg import make_phantom, write_labels
    >>> from napari_abdoseg.image.nifti import read_image
    >>> write_labels("segmentation.nii.gz", make_phantom(1, (12.0, 10.0, 10.0))[1])
    >>> type(read_image("segmentation.nii.gz")).__name__
    'LabelMap'
    """
    with within_memory(Path(path)):
        file = format_of(Path(path)).load(Path(path))
        said = _says_labels(file)
        if is_label_map(file.voxels, said, file.step):
            return _shown_label_map(file, organs)
        volume = _volume(file)
        return replace(volume, notices=(*volume.notices, _NO_LABELS)) if said else volume


def holds_labels(path: AnyPath) -> bool:
    """Whether `read_image` would read a label map; as little is read as is needed to tell.

    Raises
    ------
    ImageError
        The file can't be read, is damaged, or holds no volume of finite numbers.
    """
    with within_memory(Path(path)):
        start = format_of(Path(path)).load_start(Path(path))
        if evidence_of(start.voxels, start.step) is Evidence.SCAN:
            return False
        file = format_of(Path(path)).load(Path(path))
        return is_label_map(file.voxels, _says_labels(file), file.step)


def write_labels(
    path: AnyPath,
    labels: LabelMap,
    by_way_of: Path | None = None,
    backup: Path | None = None,
) -> None:
    """Save a label map on the exact grid of its scan.

    The geometry in the file is the scan's, in NIfTI to the bit. The file is written beside
    the target, read back, compared, and only then takes the target's place. Names and colours
    are those of 3D Slicer in ``.seg.nrrd``, of MITK in ``.nrrd``; beside ``.mha`` they are in
    a label description of ITK-SNAP. One that is there, with the label map's name, gets them too.

    Parameters
    ----------
    path : path-like
        Ends with ``.nii.gz``, ``.nii``, ``.seg.nrrd``, ``.nrrd`` or ``.mha``.
    labels : LabelMap
    by_way_of : Path, optional
        Folder on the same disk that it is written in before; its own by default.
    backup : Path, optional
        What was at ``path`` is kept there, beside it; nothing is kept by default.

    Raises
    ------
    SaveError
        It could not be saved; what was there before is untouched.

    Examples
    --------
    >>> from napari_abdoseg import make_phantom, read_labels, write_labels
    >>> labels = make_phantom(1, (12.0, 10.0, 10.0))[1]
    >>> write_labels("organs.nii.gz", labels)
    >>> bool((read_labels("organs.nii.gz").data == labels.data).all())
    True
    """
    fault = fault_of_labels(labels.data)
    if fault:
        raise SaveError(f"{path} was not saved: the label map has {fault}.")
    voxels = as_labels(labels.data)
    ignored = () if labels.ignored is None else (Organ(labels.ignored, IGNORE),)
    known = {organ.value for organ in (*labels.organs, *ignored)}
    nameless = (Organ(v, number_name(v)) for v in _values(voxels) if v not in known)
    organs = tuple(sorted((*labels.organs, *ignored, *nameless)))
    image = ImageToSave(labels.grid, voxels, True, organs, labels.stamp)
    _save(Path(path), image, by_way_of, backup)
    if own_description(Path(path)):
        renew_description(Path(path), filter(is_named, organs))


def write_volume(path: AnyPath, volume: Volume) -> None:
    """Save a scan; as safe as `write_labels`.

    Raises
    ------
    SaveError
        It could not be saved; what was there before is untouched.
    """
    _save(Path(path), ImageToSave(volume.grid, volume.data))


def image_files(folder: AnyPath) -> list[Path]:
    """The files right in a folder that are scans or label maps by their names, sorted.

    Raises
    ------
    ImageError
        There is none, or no such folder.
    """
    try:
        files = sorted(path for path in Path(folder).iterdir() if is_image_file(path))
    except OSError as error:
        raise ImageError(
            f"{folder} is no folder that can be read ({error.strerror}): check its name."
        ) from error
    if not files:
        raise ImageError(
            f"{folder} has no .nii, .nii.gz, .nrrd or .mha files: choose the folder that the scans "
            "are in."
        )
    return files


def case_name(path: AnyPath) -> str:
    """``case`` for ``case.nii.gz`` and for ``case_0000.nii.gz``, nnU-Net's first channel."""
    return _CHANNEL.sub("", stem(Path(path)))


def is_image_file(path: Path) -> bool:
    """Whether a file is a scan or label map by its name; hidden ones are none."""
    return has_image_suffix(path) and not path.name.startswith(".") and path.is_file()


def _save(
    path: Path, image: ImageToSave, by_way_of: Path | None = None, backup: Path | None = None
) -> None:
    if saved_path(path) != path:
        known = [ending for each in FORMATS for ending in each.saved]
        raise SaveError(
            f"{path} was not saved: give it a name that ends with {', '.join(known[:-1])} or "
            f"{known[-1]}."
        )
    format_of(path).save(path, image, by_way_of, backup)


def _says_labels(file: StoredImage) -> bool:
    return bool(file.says_labels or file.label_names) or says_labels(file.path)


def _volume(file: StoredImage) -> Volume:
    _note_reading(file, "scan")
    return Volume(file.grid.to_screen(file.voxels), file.grid, file.path, file.notices)


def _note_reading(file: StoredImage, kind: str) -> None:
    grid = file.grid
    shape, step = " x ".join(map(str, grid.shape)), " x ".join(f"{mm:.4g}" for mm in grid.spacing)
    _log.info(
        "Read %s, a %s of %s voxels (z, y, x) of %s mm, stored as %s",
        *(file.path, kind, shape, step, file.voxels.dtype),
    )


def _shown_label_map(file: StoredImage, organs: Iterable[Organ]) -> LabelMap:
    """A label map, without names where those beside it can't be understood."""
    try:
        return _label_map(file, organs)
    except LabelNamesError as error:
        values = _values(as_labels(file.voxels)) or [1]
        labels = _label_map(file, [Organ(value, number_name(value)) for value in values])
        return replace(labels, notices=(*labels.notices, f"It has no names: {error}"))


def _label_map(file: StoredImage, organs: Iterable[Organ]) -> LabelMap:
    fault = fault_of_labels(file.voxels, file.step)
    if fault:
        raise ImageError(f"{file.path} is not a label map, it has {fault}: choose another file.")
    labels = as_labels(file.voxels)
    _note_reading(file, "label map")
    values, inside = _values(labels), (file.label_names, file.label_colors)
    named = name_labels(file.path, values, organs, *inside)
    screen = file.grid.to_screen(labels)
    preview = (f"It is a {file.stamp}.",) if file.stamp else ()
    return LabelMap(
        renumbered(screen, named.merged) if named.merged else screen,
        file.grid,
        named.organs,
        file.path,
        (*file.notices, *preview, *named.words),
        file.stamp,
        named.ignored,
        named.words,
    )


def _values(labels: NDArray[np.unsignedinteger[Any]]) -> list[int]:
    """Label values that occur, in order and without the background."""
    present = np.zeros(np.iinfo(labels.dtype).max + 1, dtype=bool)
    for part in labels.T:
        present[part] = True
    return [int(value) for value in np.flatnonzero(present) if value]
