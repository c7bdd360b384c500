"""What is wrong with a data set."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

WHOLE = ""
"""Stands for a case where a problem is the whole data set's."""


class Kind(Enum):
    """What a problem is about; the value is how it is called."""

    FILES = "files"
    READING = "damaged file"
    GEOMETRY = "geometry"
    ORIENTATION = "orientation"
    INTENSITY = "intensity"
    LABELS = "labels"
    MISSING = "missing organ"
    VOLUME = "volume"
    PLACE = "place"
    SPACING = "spacing"
    DUPLICATE = "duplicate"


@dataclass(frozen=True)
class Problem:
    """Something that ruins training, or that someone should look at.

    Parameters
    ----------
    case : str
        Its name; `WHOLE` for the data set.
    kind : Kind
    message : str
        What is wrong, with which file, and what to do.
    ruins : bool
        It ruins training; otherwise it is a warning.
    """

    case: str
    kind: Kind
    message: str
    ruins: bool = True

    @property
    def severity(self) -> str:
        """As tables have it."""
        return "error" if self.ruins else "warning"
