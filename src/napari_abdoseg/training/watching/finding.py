"""What is wrong with a training."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
