"""The files that a case of a work list is opened from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from napari_abdoseg.errors import ImageError, WorkListError
from napari_abdoseg.image.files.file_stamp import FileStamp
from napari_abdoseg.image.names.chosen_schemes import CHOICES
from napari_abdoseg.image.names.names_beside import files_beside
from napari_abdoseg.image.nifti.formats import files_of
from napari_abdoseg.image.shown_case import ShownCase
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.records.work_folder import WorkFolder


@dataclass(frozen=True)
class CaseFiles:
    """A scan, and the label map that counts.

    Parameters
    ----------
    scan : Path
    labels : Path or None
        None where nobody has made one.
    """

    scan: Path
    labels: Path | None

    @classmethod
    def of(cls, folder: WorkFolder, row: Row) -> Self:
        """Files of a case as it was listed.

        Raises
        ------
        WorkListError
            Its scan is gone.
        """
        if row.case is None:
            raise WorkListError(f"{row.name}: {row.problem}")
        has_labels = row.has_labels or bool(row.record.current)
        labels = folder.current_of(row.record) if has_labels else None
        return cls(folder.scans / row.case.image, labels)

    def read(self) -> ShownCase:
        """Read both, the label map to be painted on.

        Raises
        ------
        ImageError
            One can't be read, or they do not lie on one grid.
        """
        case = ShownCase.read(self.scan, self.labels)
        if case.labels is None:
            return case
        voxels = np.require(case.labels.data, requirements="W")
        return replace(case, labels=replace(case.labels, data=voxels))

    @property
    def stamps(self) -> frozenset[FileStamp]:
        """What tells all that `read` depends on from what it becomes; to be taken before."""
        return frozenset(map(FileStamp.of, self._all))

    @property
    def _all(self) -> Iterator[Path]:
        """Voxels of both, and where names of organs come from."""
        yield from _files_of(self.scan)
        if self.labels is not None:
            yield from _files_of(self.labels)
            yield from files_beside(self.labels)
            yield CHOICES.path


def _files_of(path: Path) -> tuple[Path, ...]:
    try:
        return files_of(path)
    except ImageError:
        return (path,)
