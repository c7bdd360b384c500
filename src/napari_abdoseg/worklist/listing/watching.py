"""Whether a work list may be another than it was, told without reading it."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from napari_abdoseg.errors import WorkListError
from napari_abdoseg.progress import Work
from napari_abdoseg.worklist.listing.listing import (
    NO_MASKS,
    Listing,
    listing_anew,
    listing_since,
    records_since,
)
from napari_abdoseg.worklist.records.work_folder import WorkFolder

Stamp = tuple[int, int] | None

TICK_NS = 2_000_000_000
"""The longest in which a file system gives all changes the same time: that of FAT."""


@dataclass(frozen=True)
class FolderStamp:
    """What changes when files come, go or are replaced in the folders of a work list.

    What changes deeper in the folder of scans is not told, nor that a session has died.
    """

    scans: Stamp
    others: tuple[Stamp, ...]
    taken_ns: int = field(compare=False)

    @classmethod
    def of(cls, folder: WorkFolder) -> Self:
        """The stamp of now."""
        taken_ns, others = time.time_ns(), (folder.masks, folder.records, folder.locks)
        return cls(_stamp(folder.scans), tuple(map(_stamp, others)), taken_ns)

    @property
    def is_settled(self) -> bool:
        """Whether all that changes later gives another stamp.

        It does not where something had just changed: what changes right after that may have the
        same time.
        """
        return self.scans_are_settled and all(map(self._is_before, self.others))

    @property
    def scans_are_settled(self) -> bool:
        """Whether scans that come or go later give another stamp."""
        return self._is_before(self.scans)

    def _is_before(self, told: Stamp) -> bool:
        return told is None or self.taken_ns - told[1] > TICK_NS

    @property
    def has_masks(self) -> bool:
        """Whether the folder of masks is there."""
        return self.others[0] is not None


def listing_changes(
    folder: WorkFolder, before: Listing | None, stamp: FolderStamp | None, now: FolderStamp
) -> Work[Listing]:
    """List a folder again, and no more of it than may have changed.

    Parameters
    ----------
    folder : WorkFolder
    before : Listing or None
        None for the first time.
    stamp : FolderStamp or None
        Of that time; None to find scans again wherever they lie.
    now : FolderStamp

    Raises
    ------
    AbdosegError
        See `listing_anew`; or the folder of masks is gone.
    """
    if before is None:
        return listing_anew(folder)
    if before.has_masks and not now.has_masks:
        raise WorkListError(NO_MASKS.format(folder.masks))
    if stamp is None or stamp.scans != now.scans or not stamp.scans_are_settled:
        return listing_since(folder, before.index)
    return records_since(folder, before.index)


def _stamp(place: Path) -> Stamp:
    with suppress(OSError):
        told = os.stat(place)  # noqa: PTH116 - as in `index`
        return told.st_ino, told.st_mtime_ns
    return None
