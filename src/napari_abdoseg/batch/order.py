"""What a run is to do with its cases."""

from __future__ import annotations

from dataclasses import dataclass

from napari_abdoseg.batch.asked import Asked
from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.finished import is_finished
from napari_abdoseg.inference.ensemble import Ensemble


@dataclass(frozen=True, eq=False)
class Order:
    """What a run is to do with its cases.

    Parameters
    ----------
    ensemble : Ensemble
    asked : Asked
        How results are to be made.
    workers : int
        Cases that are prepared, and written, side by side.
    since : float, optional
        Results that are older, in seconds of the system's clock, are made again.
    foretell : bool, optional
        Tell of the first case before what it will take.
    """

    ensemble: Ensemble
    asked: Asked
    workers: int
    since: float | None = None
    foretell: bool = False

    def is_done(self, case: Case) -> bool:
        """Whether a case needs no more work.

        Raises
        ------
        AbdosegError
            There is another model's output, and it is not to be made again.
        """
        if self.since is not None and not self._is_new(case, self.since):
            return False
        return is_finished(case, self.asked)

    def _is_new(self, case: Case, since: float) -> bool:
        try:
            return case.report.stat().st_mtime >= since
        except OSError:
            return False
