"""The label map that a journal leads to."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.correction.journal.records import Content, read_journal
from napari_abdoseg.errors import CorrectionError, ImageError
from napari_abdoseg.image.files.saving import backup_of
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.formats import format_of
from napari_abdoseg.image.nifti.volumes import read_labels
from napari_abdoseg.image.volume import LabelMap

NOT_SAVED = "These corrections come from a journal, and no file holds them: save them."


def read_recorded(path: Path) -> LabelMap:
    """Read the label map that a journal leads to, such as one that was put aside.

    Raises
    ------
    CorrectionError
        It is no journal, or the files that it belongs to are gone.
    ImageError
        One of those can't be read.
    """
    content = read_journal(path)
    subject = content.subject
    return LabelMap(labels_of(content), _grid_of(content), subject.organs, None, (NOT_SAVED,))


def _grid_of(content: Content) -> Grid:
    """The grid of a journal's label map, from its own file or its scan's."""
    subject = content.subject
    labels, scan = Path(subject.labels), Path(subject.scan)
    for file in (labels, backup_of(labels), scan) if subject.labels else (scan,):
        try:
            grid = format_of(file).load_start(file).grid
        except ImageError:
            continue
        if grid.shape == subject.shape:
            return grid
    raise CorrectionError(
        f"{subject.scan or subject.labels or 'The CT'} is gone, or another file has its place: "
        "put back what was corrected, and open its journal again."
    )


def labels_of(content: Content) -> NDArray[Any]:
    """The label map, (z, y, x), up to the last stroke that was written as a whole.

    Raises
    ------
    CorrectionError
        What it began with is nowhere to be found, or is another label map.
    ImageError
        That can't be read.
    """
    labels = begun_with(content)
    unsaved = content.history.unsaved
    if labels.shape != content.subject.shape or labels.dtype != content.subject.dtype:
        raise CorrectionError(f"{content.subject.labels} has other voxels than its journal.")
    if unsaved is not None:
        labels[unsaved.where] = unsaved.after
    return labels


def begun_with(content: Content) -> NDArray[Any]:
    """The label map as it was when the journal was begun, to write on.

    Raises
    ------
    CorrectionError, ImageError
        See `labels_of`.
    """
    if content.whole:
        return content.base
    labels = read_labels(file_begun_with(content)).data
    return labels if labels.flags.writeable else np.array(labels)


def file_begun_with(content: Content) -> Path:
    """The file that a journal began with: the label map's own, or its backup since it was saved.

    Raises
    ------
    CorrectionError
        Neither is that, or it had no file.
    """
    if not content.subject.labels:
        raise CorrectionError("The label map that was corrected had no file to begin with.")
    path = Path(content.subject.labels)
    found = [file for file in (path, backup_of(path)) if content.subject.sha256 == sha256_of(file)]
    if not found or not content.subject.sha256:
        raise CorrectionError(
            f"{path} has been replaced since it was corrected, and the version before is gone."
        )
    return found[0]


def sha256_of(path: Path) -> str:
    """Of a file; empty if it is none that can be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
