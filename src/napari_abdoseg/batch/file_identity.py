"""Whether two files are the same, as far as can be told in a moment."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

HEAD = 2**16
"""Bytes of a file that are looked at."""


@dataclass(frozen=True)
class FileIdentity:
    """What tells a file from others.

    Parameters
    ----------
    path : str
        Absolute.
    size : int
        Bytes.
    written : int
        When, in whole seconds of the system's clock, since disks differ in smaller ones.
    head : str
        SHA-256 of its first bytes.
    """

    path: str
    size: int
    written: int
    head: str

    @classmethod
    def of(cls, path: Path) -> Self | None:
        """Identity of a file, None if it can't be read."""
        try:
            status = path.stat()
            with path.open("rb") as file:
                head = hashlib.sha256(file.read(HEAD)).hexdigest()
        except OSError:
            return None
        return cls(str(path.absolute()), status.st_size, int(status.st_mtime), head)

    @property
    def content(self) -> dict[str, int | str]:
        """What stays when the file is copied, ready for JSON."""
        return {"bytes": self.size, "sha256_of_first_64_kib": self.head}

    @property
    def is_here(self) -> bool:
        """Whether this machine has the file in the same place."""
        return FileIdentity.of(Path(self.path)) == self
