"""Whether a file is still the one that was read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class FileStamp:
    """What tells a file of this machine from what it is once it was changed.

    Parameters
    ----------
    path : Path
    state : tuple of int
        When it was written and when anything of it was changed, in ns of the system's clock,
        and its size in bytes; empty if it is not there.
    """

    path: Path
    state: tuple[int, ...]

    @classmethod
    def of(cls, path: Path) -> Self:
        """Stamp of a file as it is now; to be taken before it is read."""
        try:
            status = path.stat()
        except OSError:
            return cls(path, ())
        return cls(path, (status.st_mtime_ns, status.st_ctime_ns, status.st_size))

    @property
    def is_current(self) -> bool:
        """Whether the file is as it was."""
        return FileStamp.of(self.path) == self
