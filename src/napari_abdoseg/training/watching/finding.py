"""What is wrong with a training, and the fold that it is wrong with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from napari_abdoseg.training.watching.curves import FoldCurves, Stage


class Trouble(StrEnum):
    """A kind of trouble, as the state of a fold names it."""

    DIVERGES = "diverges"
    OVERFITS = "overfits"
    STOPPED = "stopped writing"


@dataclass(frozen=True)
class Finding:
    """Something wrong.

    Parameters
    ----------
    trouble : Trouble
    reason : str
        What it was found by, and what to do about it.
    """

    trouble: Trouble
    reason: str


@dataclass(frozen=True)
class WatchedFold:
    """A fold, and what is wrong with it.

    Parameters
    ----------
    curves : FoldCurves
    findings : tuple of Finding
        The worst first; none where all is well.
    """

    curves: FoldCurves
    findings: tuple[Finding, ...] = ()

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will come."""
        return self.curves.stage is Stage.FINISHED

    @property
    def has_stopped(self) -> bool:
        """Whether it has stopped writing without being finished."""
        return any(found.trouble is Trouble.STOPPED for found in self.findings)
