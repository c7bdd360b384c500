"""What a session may do with a case that it looks at: change it, or only read it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from napari_abdoseg.errors import SaveError, WorkListError
from napari_abdoseg.worklist.records.changing import open_case, take_over
from napari_abdoseg.worklist.records.leases import Lease, holder_of, last_holder
from napari_abdoseg.worklist.records.work_folder import WorkFolder

VERSIONS = "versions"
"""Folder of label maps beside the one of a case's own name, in that of the masks."""
LEFT = (
    "{} was left open by {}, whose session gives no sign of life: it is read-only until it is "
    "taken over."
)
ELSEWHERE = "Save what you have under another name."


@dataclass(frozen=True)
class Claim:
    """A case that a session looks at.

    Parameters
    ----------
    folder : WorkFolder
    case : str
    lease : Lease or None
        By which the session has it open; None where it is read-only.
    why_not : str
        Why it is read-only.
    is_left : bool
        Whether a dead session has left it open, so that `taking_over` gives it.
    """

    folder: WorkFolder
    case: str
    lease: Lease | None
    why_not: str = ""
    is_left: bool = False

    @property
    def new_place(self) -> Path:
        """Where a new label map of the case goes; never a file that is there."""
        own = self.folder.labels_of(self.case)
        versions = (f"{self.case}_{number}.nii.gz" for number in count(2))
        places = chain([own], (self.folder.masks / VERSIONS / name for name in versions))
        return next(place for place in places if not place.exists())

    def has(self, path: Path) -> bool:
        """Whether a file lies with the masks; others are the user's own affair."""
        return path.absolute().is_relative_to(self.folder.masks.absolute())

    def require(self) -> None:
        """Make sure that this session may change the case.

        Raises
        ------
        WorkListError
            The case is read-only here, or was taken over since.
        """
        if self.lease is None:
            raise WorkListError(f"{self.why_not} {ELSEWHERE}")
        self.lease.beat()

    def end(self) -> None:
        """Let others have it."""
        if self.lease is not None:
            self.lease.release()


def claiming(folder: WorkFolder, case: str) -> Claim:
    """Have a case open, or read it only where somebody else has it, or nothing may be written."""
    try:
        return Claim(folder, case, open_case(folder, case))
    except SaveError as error:
        return Claim(folder, case, None, f"{case} is read-only. {error}")
    except WorkListError as error:
        place = folder.session_of(case)
        left_by = None if holder_of(place) else last_holder(place)
        why_not = str(error) if left_by is None else LEFT.format(case, left_by.words)
        return Claim(folder, case, None, why_not, left_by is not None)


def taking_over(folder: WorkFolder, case: str) -> Claim:
    """Have a case open that a dead session has left.

    Raises
    ------
    WorkListError
        The session lives.
    SaveError
        Nothing may be written there.
    """
    return Claim(folder, case, take_over(folder, case))
