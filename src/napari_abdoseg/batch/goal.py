"""What a run is to bring about."""

from __future__ import annotations

from dataclasses import dataclass

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.finished import is_finished
from napari_abdoseg.batch.recipe import Asked


@dataclass(frozen=True)
class Goal:
    """A result of each case.

    Parameters
    ----------
    asked : Asked
        How results are to be made.
    since : float, optional
        Results that are older, in seconds of the system's clock, are made again.
    """

    asked: Asked
    since: float | None = None

    @property
    def replaces(self) -> bool:
        """Whether a result that is there is replaced, whatever it is."""
        return self.since is not None

    def is_reached(self, case: Case) -> bool:
        """Whether a case needs no more work.

        Raises
        ------
        AbdosegError
            There is another model's output, and it is not to be made again.
        """
        if self.since is not None and not _is_new(case, self.since):
            return False
        return is_finished(case, self.asked)


def _is_new(case: Case, since: float) -> bool:
    try:
        return case.report.stat().st_mtime >= since
    except OSError:
        return False
