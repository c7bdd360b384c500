"""Where a work list lies: scans, masks, and what is known of each case."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from napari_abdoseg.worklist.records.case_record import CaseRecord

HIDDEN = ".worklist"
"""Folder of all that is ours, in that of the masks; whoever looks for scans leaves it out."""
MASKS = "_masks"
OPEN, TURN = ".open", ".turn"
"""How the names of locks end."""


def labels_name(case: str) -> str:
    """How the label map of a case's own name is called, as `abdoseg predict` calls it."""
    return f"{case}.nii.gz"


@dataclass(frozen=True)
class WorkFolder:
    """A folder of scans, and one of their label maps.

    Parameters
    ----------
    scans : Path
    masks : Path
        Called as `labels_name` calls them.
    """

    scans: Path
    masks: Path

    @classmethod
    def of(cls, scans: Path, masks: Path | None = None) -> Self:
        """Masks lie in a folder beside that of the scans, unless it is said where."""
        own = scans.absolute()
        return cls(scans, masks or own.with_name(f"{own.name}{MASKS}"))

    @property
    def records(self) -> Path:
        """Folder of a file a case."""
        return self.masks / HIDDEN / "cases"

    @property
    def locks(self) -> Path:
        """Folder of the files that say who has a case open."""
        return self.masks / HIDDEN / "locks"

    @property
    def index(self) -> Path:
        """What of it all is kept to be listed quickly."""
        return self.masks / HIDDEN / "index.json"

    @property
    def predictions(self) -> Path:
        """Folder of what a model has found until it is a case's label map."""
        return self.masks / HIDDEN / "predictions"

    def record_of(self, case: str) -> Path:
        """The file of a case."""
        return self.records / f"{case}.json"

    def session_of(self, case: str) -> Path:
        """The file of who has a case open."""
        return self.locks / f"{case}{OPEN}"

    def turn_of(self, case: str) -> Path:
        """The file of who writes the record of a case just now."""
        return self.locks / f"{case}{TURN}"

    def labels_of(self, case: str) -> Path:
        """The label map of a case's own name."""
        return self.masks / labels_name(case)

    def current_of(self, record: CaseRecord) -> Path:
        """The label map of a case that counts."""
        own = self.labels_of(record.case)
        return self.masks / record.current if record.current else own

    def seen_from_masks(self, file: Path) -> str:
        """The path of a file as seen from the folder of masks; absolute where it is elsewhere."""
        own = file.absolute()
        folder = self.masks.absolute()
        return own.relative_to(folder).as_posix() if own.is_relative_to(folder) else str(own)
