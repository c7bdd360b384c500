"""Small pictures of cases, kept with the work list so that they are made once."""

from __future__ import annotations

import os
from contextlib import suppress
from glob import escape
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.files.saving import make_folder, replaced_file
from napari_abdoseg.image.nifti.volumes import read_volume
from napari_abdoseg.image.organ_files import read_label_map
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.records.work_folder import WorkFolder

SIDE = 72
"""Pixels of a picture, up and across."""
WINDOW = (-160, 240)
OPACITY = 0.55
DIGITS = 12
FOLDER = "thumbnails"
Picture = NDArray[np.uint8]


def thumbnail(folder: WorkFolder, row: Row) -> Picture | None:
    """The picture of a case, from the disk where its files are as they were; None without one.

    Parameters
    ----------
    folder : WorkFolder
    row : Row

    Returns
    -------
    ndarray of uint8, shape (`SIDE`, `SIDE`, 3)
        A coronal slice, head up, patient's right on the left; the label map over it.
    """
    if row.case is None:
        return None
    scan, labels = folder.scans / row.case.image, folder.current_of(row.record)
    place = _place(folder, row.name, scan, labels)
    if (kept := _kept(place)) is not None:
        return kept
    try:
        picture = draw(read_volume(scan), read_label_map(labels) if labels.is_file() else None)
        _keep(place, row.name, picture)
    except (AbdosegError, OSError):
        return None
    return picture


def draw(scan: Volume, labels: LabelMap | None) -> Picture:
    """A coronal slice through most of the organs, or the middle; fitted into a square."""
    fits = labels is not None and labels.data.shape == scan.data.shape
    at = scan.data.shape[1] // 2
    if labels is not None and fits and labels.data.any():
        at = int(np.argmax(np.count_nonzero(labels.data, axis=(0, 2))))
    rows, columns = _pixels(scan)
    low, high = WINDOW
    gray = scan.data[:, at][np.ix_(rows, columns)].astype(np.float32)
    picture = np.repeat(255 * np.clip((gray - low) / (high - low), 0, 1)[..., np.newaxis], 3, 2)
    if labels is not None and fits:
        values = labels.data[:, at][np.ix_(rows, columns)]
        for organ in labels.organs:
            color = 255 * np.array(_rgb(organ.color))
            inside = values == organ.value
            picture[inside] = (1 - OPACITY) * picture[inside] + OPACITY * color
    return _squared(np.rint(picture).astype(np.uint8))


def _pixels(scan: Volume) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Voxels along z, the head first, and along x, as many mm a pixel both ways."""
    (high, _, wide), (tall, _, broad) = scan.data.shape, scan.grid.spacing
    height, width = high * tall, wide * broad
    step = max(height, width) / SIDE
    rows = np.minimum(np.arange(max(int(height / step), 1)) * step / tall, high - 1)
    columns = np.minimum(np.arange(max(int(width / step), 1)) * step / broad, wide - 1)
    return rows.astype(np.intp)[::-1], columns.astype(np.intp)


def _squared(picture: Picture) -> Picture:
    square = np.zeros((SIDE, SIDE, 3), np.uint8)
    height, width = picture.shape[:2]
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    square[top : top + height, left : left + width] = picture
    return square


def _rgb(color: object) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    return to_rgb(color)  # type: ignore[arg-type]


def _place(folder: WorkFolder, case: str, *files: Path) -> Path:
    """The file of a picture, whose name is another one when a file of the case is."""
    stamps = []
    for file in files:
        with suppress(OSError):
            told = os.stat(file)  # noqa: PTH116 - as in `index`
            stamps.append((str(file), told.st_mtime_ns, told.st_size))
    mark = sha256(repr(stamps).encode()).hexdigest()[:DIGITS]
    return folder.masks / folder.records.parent.name / FOLDER / f"{case}.{mark}.png"


def _kept(place: Path) -> Picture | None:
    from matplotlib.image import imread

    with suppress(OSError, ValueError, SyntaxError):  # which PIL raises of a damaged PNG
        shares = imread(place, format="png")
        if shares.ndim == 3 and shares.shape[:2] == (SIDE, SIDE):
            picture: Picture = np.rint(255 * shares[..., :3]).astype(np.uint8)
            return picture
    return None


def _keep(place: Path, case: str, picture: Picture) -> None:
    """Keep a picture in place of earlier ones of a case; where that can't be, it is drawn again."""
    from matplotlib.image import imsave

    with suppress(AbdosegError, OSError):
        make_folder(place.parent)
        for earlier in place.parent.glob(f"{escape(case)}.{'?' * DIGITS}.png"):
            earlier.unlink(missing_ok=True)
        with replaced_file(place) as temporary:
            imsave(temporary, picture, format="png")
