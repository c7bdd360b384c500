"""Whether a work list may be another than it was, told without reading it."""

from __future__ import annotations

import os
from contextlib import suppress

from napari_abdoseg.worklist.work_folder import WorkFolder

FolderStamp = tuple[tuple[int, int] | None, ...]


def folder_stamp(folder: WorkFolder) -> FolderStamp:
    """What changes when files come, go or are replaced in the folders of a work list.

    What changes deeper in the folder of scans is not told, nor that a session has died.
    """
    places = (folder.scans, folder.masks, folder.records, folder.locks)
    return tuple(map(_stamp, places))


def _stamp(place: os.PathLike[str]) -> tuple[int, int] | None:
    with suppress(OSError):
        told = os.stat(place)  # noqa: PTH116 - as in `index`
        return told.st_ino, told.st_mtime_ns
    return None
