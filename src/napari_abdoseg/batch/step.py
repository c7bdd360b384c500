"""How far a case is."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import StrEnum

from napari_abdoseg.batch.case import Case
from napari_abdoseg.errors import NameTooLongError, SaveError, as_told, lacks_memory
from napari_abdoseg.log import log_error

NO_MEMORY = "There was too little memory for it: take a machine with more, or the preset fast."


class End(StrEnum):
    """How the work on a case ended."""

    MADE = "made"
    KEPT = "kept"
    FAILED = "failed"
    BUSY = "busy"
    """Another run works on it."""


@dataclass(frozen=True)
class Step:
    """One report on a case.

    Parameters
    ----------
    case : Case
    stage : str
        What is being done, as a user would say it.
    fraction : float
        Share of the case that is done, between 0 and 1.
    end : End, optional
        How it ended, if it did.
    notice : str, optional
        Something the user must be told; of a case that failed, why.
    part : str, optional
        What of the stage is being done.
    """

    case: Case
    stage: str = ""
    fraction: float = 0.0
    end: End | None = None
    notice: str | None = None
    part: str = ""


def why_failed(case: Case, error: Exception) -> str:
    """What the user is told of a case that has failed, whatever the reason."""
    log_error(case.name, error)
    return NO_MEMORY if lacks_memory(error) else str(as_told(error))


def ends_run(error: Exception) -> bool:
    """Whether results of no other case can be written either."""
    return isinstance(error, SaveError) and not isinstance(error, NameTooLongError)


Steps = Generator[Step, None, None]
"""Work on many cases; closing it cancels it."""
