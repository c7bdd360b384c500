"""What is done to files of a case."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Step(Protocol):
    """One thing to be done, told before and done later, maybe in another process."""

    @property
    def sources(self) -> tuple[Path, ...]:
        """Files it reads."""

    @property
    def targets(self) -> tuple[Path, ...]:
        """Files it writes; each is whole or not there."""

    @property
    def bytes_needed(self) -> int:
        """An upper estimate of the room its targets take."""

    @property
    def verb(self) -> str:
        """What it does, in a word."""

    def run(self) -> int:
        """Do it; returns how many voxels more than one organ claims."""
