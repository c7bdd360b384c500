"""Whether two files are the same, as far as can be told in a moment."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.nifti.formats import files_of

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
        Bytes; of a header and voxels in another file those of both.
    written : int
        When, in whole seconds of the system's clock, since disks differ in smaller ones.
    head : str
        SHA-256 of its first bytes; of two files of those of both.
    """

    path: str
    size: int
    written: int
    head: str

    @classmethod
    def of(cls, path: Path) -> Self | None:
        """Identity of a file, None if it can't be read."""
        try:
            files = _files(path)
            states = [file.stat() for file in files]
            head = hashlib.sha256(b"".join(map(_start, files))).hexdigest()
        except OSError:
            return None
        size, written = sum(s.st_size for s in states), max(int(s.st_mtime) for s in states)
        return cls(str(path.absolute()), size, written, head)

    @property
    def content(self) -> dict[str, int | str]:
        """What stays when the file is copied, ready for JSON."""
        return {"bytes": self.size, "sha256_of_first_64_kib": self.head}

    @property
    def is_here(self) -> bool:
        """Whether this machine has the file in the same place."""
        return FileIdentity.of(Path(self.path)) == self


def _files(path: Path) -> tuple[Path, ...]:
    try:
        return files_of(path)
    except ImageError:
        return (path,)


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)
