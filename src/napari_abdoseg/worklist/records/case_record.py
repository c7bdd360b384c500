"""What is known of a case of a work list."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from napari_abdoseg.image.grid import Shape

Triple = tuple[float, float, float]
Scores = dict[str, tuple[float | None, float | None]]
"""Of organs by name, before and after corrections."""


class Status(StrEnum):
    """How far a case is."""

    TO_DO = "to do"
    PREDICTED = "predicted"
    IN_PROGRESS = "in progress"
    NEEDS_REVIEW = "needs review"
    DONE = "done"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Version:
    """A label map of a case.

    Parameters
    ----------
    file : str
        Its path as seen from the folder of masks; absolute where it lies elsewhere.
    kind : str
        What a model predicted, or somebody corrected.
    by : str
        The model, or who it was.
    when : str
        ISO 8601 with its time zone.
    """

    file: str
    kind: Literal["prediction", "correction"]
    by: str = ""
    when: str = ""


@dataclass(frozen=True)
class Place:
    """A place in a scan.

    Parameters
    ----------
    voxel : tuple of int
        In the file's own axis order.
    position_mm : tuple of float
        RAS+.
    """

    voxel: Shape
    position_mm: Triple


@dataclass(frozen=True)
class Verdict:
    """What a reviewer says of a case.

    Parameters
    ----------
    accepted : bool
        Or else it is sent back.
    user, when : str
    comment : str
    place : Place, optional
        Where in the scan.
    """

    accepted: bool
    user: str
    when: str
    comment: str = ""
    place: Place | None = None


@dataclass(frozen=True)
class CaseRecord:
    """What is known of a case, and what one change after the other has made of it.

    Parameters
    ----------
    case : str
    image : str
        The path of its scan as seen from the folder of scans.
    status : Status
    user, when : str
        Who gave it that status, and when, in ISO 8601 with its time zone.
    comment : str
    flags : tuple of str
        Words to find it by.
    versions : tuple of Version
        Label maps of it, beside the one of its own name in the folder of masks.
    current : str
        File of the version that counts; empty for the label map of its own name.
    verdicts : tuple of Verdict
        Of reviewers, the last one last.
    minutes : float
        Of work, pauses left out.
    voxels_changed : dict of str to (int, int)
        How many voxels corrections have added to each organ and removed from it.
    dsc : dict of str to (float or None, float or None)
        DSC of organs to the label map that the data set itself has, before and after corrections.
    nsd : dict of str to (float or None, float or None)
        NSD of the same.
    nsd_tolerance_mm : float or None
        Of that NSD; None where none was measured.
    revision : int
        How often it was changed; the order of changes, whatever clocks say.

    Examples
    --------
    >>> from napari_abdoseg.worklist.records.case_record import CaseRecord, Status
    >>> CaseRecord("s0001").seen(has_labels=True).status
    <Status.PREDICTED: 'predicted'>
    """

    case: str
    image: str = ""
    status: Status = Status.TO_DO
    user: str = ""
    when: str = ""
    comment: str = ""
    flags: tuple[str, ...] = ()
    versions: tuple[Version, ...] = ()
    current: str = ""
    verdicts: tuple[Verdict, ...] = ()
    minutes: float = 0.0
    voxels_changed: dict[str, tuple[int, int]] = field(default_factory=dict)
    dsc: Scores = field(default_factory=dict)
    nsd: Scores = field(default_factory=dict)
    nsd_tolerance_mm: float | None = None
    revision: int = 0

    def seen(self, has_labels: bool) -> CaseRecord:
        """The same where a case that nobody has touched is predicted once it has labels."""
        if self.status not in (Status.TO_DO, Status.PREDICTED):
            return self
        there = has_labels or bool(self.versions)
        status = Status.PREDICTED if there else Status.TO_DO
        return self if self.status is status else replace(self, status=status)


def sent_back(record: CaseRecord) -> bool:
    """Whether a reviewer wants more of a case."""
    last = record.verdicts[-1:]
    return record.status is Status.IN_PROGRESS and any(not verdict.accepted for verdict in last)


def sent_back_to(record: CaseRecord) -> Place | None:
    """Where in the scan a reviewer wants more of a case."""
    return record.verdicts[-1].place if sent_back(record) else None
