"""A file of which some may have come, in an earlier try or an earlier run."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

from napari_abdoseg.image.files.json_file import read_json

BLOCK = 1 << 22
"""Bytes that are read and hashed in one go."""

_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)", re.ASCII)


@dataclass(frozen=True)
class Origin:
    """What a server says of a file, by which it is known again.

    Parameters
    ----------
    address : str
        Hash of the address that was asked for, which may hold a password.
    etag, modified : str
        The server's mark and date of it, as in HTTP's header; empty where it has none.
    length : int or None
        Bytes of all of it; None where the server doesn't tell.
    """

    address: str
    etag: str = ""
    modified: str = ""
    length: int | None = None

    @property
    def validator(self) -> str:
        """What ``If-Range`` may hold: a strong mark or a date, or nothing."""
        if self.etag:
            return "" if self.etag.startswith("W/") else self.etag
        return self.modified


class UnfinishedFile:
    """The bytes that came so far, beside the file that they become.

    Parameters
    ----------
    target : Path

    Attributes
    ----------
    origin : Origin
        Where they are from.
    size : int
        How many they are.
    is_joined : bool
        Whether they came by more than one answer.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self.path = target.with_name(f"{target.name}.part")
        self._note = target.with_name(f"{target.name}.part.json")
        self._file: IO[bytes] | None = None
        self.origin = Origin("")
        self.size = 0
        self.is_joined = False
        self._hash = hashlib.sha256()

    def take_up(self, address: str) -> Generator[None, None, None]:
        """Go on with what is there, if it is from this address; else begin with nothing."""
        try:
            origin = _read_origin(self._note)
            if origin.address != address:
                return
            self._file = self.path.open("rb+")
        except (OSError, ValueError, TypeError):
            return
        while block := self._file.read(BLOCK):
            self._hash.update(block)
            self.size += len(block)
            yield
        self.origin, self.is_joined = origin, True

    def go_on_with(self, headers: Mapping[str, str], status: int) -> bool:
        """Have an answer bring the bytes that follow; False where it brings others."""
        begin = _RANGE.fullmatch(headers.get("Content-Range", ""))
        same = (
            status == 206
            and begin is not None
            and int(begin[1]) == self.size
            and self.origin.length in (None, int(begin[2]))
            and self.origin.etag in ("", headers.get("ETag", self.origin.etag))
            and "Content-Encoding" not in headers
        )
        if same and begin is not None:
            self.origin = replace(self.origin, length=int(begin[2]))
            self.is_joined = True
        return same

    def begin(self, origin: Origin) -> None:
        """Begin with nothing, from there."""
        self.drop()
        self._file = self.path.open("wb")
        self._note.write_text(json.dumps(asdict(origin)), encoding="utf-8")
        self.origin = origin

    def append(self, chunk: bytes) -> None:
        """Add what came."""
        assert self._file is not None
        self._file.write(chunk)
        self._hash.update(chunk)
        self.size += len(chunk)

    def drop(self) -> None:
        """Forget what came."""
        self.close()
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)
        self.origin, self.size, self._hash = Origin(""), 0, hashlib.sha256()
        self.is_joined = False

    def close(self) -> None:
        """Keep what came for the next time."""
        if self._file is not None:
            with suppress(OSError):  # what could not be written comes once more
                self._file.close()
            self._file = None

    def finish(self) -> None:
        """Let it be the file, now that it is whole."""
        assert self._file is not None
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self.path.replace(self._target)
        self._note.unlink(missing_ok=True)

    @property
    def sha256(self) -> str:
        """Hash of what came."""
        return self._hash.hexdigest()


def _read_origin(note: Path) -> Origin:
    origin = Origin(**read_json(note))
    texts = (origin.address, origin.etag, origin.modified)
    if not all(isinstance(each, str) and each.isprintable() for each in texts):
        raise ValueError("its texts are none")
    origin.validator.encode("latin-1")
    if not isinstance(origin.length, int | None):
        raise ValueError("its length is none")
    return origin
