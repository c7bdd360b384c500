"""Files packed by gzip or zlib, unpacked as they are read, whatever follows them.

A file holds members, one after the other, that are checked where they end, and maybe zeros or
bytes that are no gzip, as some transfers leave them.

Deutsch, P. (1996). GZIP file format specification version 4.3, RFC 1952.
Deutsch, P., Gailly, J.-L. (1996). ZLIB compressed data format specification, RFC 1950.
"""

from __future__ import annotations

import io
from typing import IO, Any

from isal import igzip_lib

GZIP = b"\x1f\x8b"

PACKED_BYTES = 1 << 14
"""Read in one go; few, since what follows a member is copied for the next."""
UNPACKED_BYTES = 1 << 20
MOST_EMPTY = 64
"""Members without content, one after the other, that are read; more are no file but a trap."""

GZIP_MEMBERS: int = igzip_lib.DECOMP_GZIP
ZLIB: int = igzip_lib.DECOMP_ZLIB

DAMAGED: Any = igzip_lib.error
"""What reading raises where a member is damaged; where one is cut off it is `EOFError`."""


class GzipStream(io.RawIOBase):
    """What the members of a file hold; it can be skipped, but not be read again.

    Parameters
    ----------
    file : binary file
        At the start of the first member.
    kind : int, optional
        `GZIP_MEMBERS`, or `ZLIB` for what is packed by zlib, which is one member.

    Attributes
    ----------
    has_other_bytes : bool
        Whether bytes that are no gzip were met behind the members.
    """

    def __init__(self, file: IO[bytes], kind: int = GZIP_MEMBERS) -> None:
        self._file = file
        self._packed = b""
        self._member = _member(kind)
        self._position = 0
        self._empty_members = 0
        self.has_other_bytes = False

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is, forwards."""
        return True

    def tell(self) -> int:
        """Bytes that were unpacked."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Skip to a place further on."""
        if whence != io.SEEK_SET or offset < self._position:
            raise io.UnsupportedOperation("a packed file is read forwards")
        while self._position < offset and self.read(min(offset - self._position, UNPACKED_BYTES)):
            pass
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Unpack some bytes; none at the end.

        Raises
        ------
        EOFError
            A member is cut off.
        """
        while True:
            if self._member.eof and not self._begin_next():
                return 0
            if self._member.needs_input and not self._packed:
                self._packed = self._file.read(PACKED_BYTES)
                if not self._packed:
                    raise EOFError
            unpacked = self._member.decompress(self._packed, min(len(buffer), UNPACKED_BYTES))
            self._packed = b""
            if unpacked:
                buffer[: len(unpacked)] = unpacked
                self._position += len(unpacked)
                self._empty_members = 0
                return len(unpacked)

    def _begin_next(self) -> bool:
        """Begin the next member, if there is one."""
        behind = self._member.unused_data.lstrip(b"\0")
        if len(behind) < len(GZIP):
            behind = (behind + self._file.read(PACKED_BYTES)).lstrip(b"\0")
        self._empty_members += 1
        if not behind.startswith(GZIP) or self._empty_members > MOST_EMPTY:
            self.has_other_bytes = bool(behind)
            return False
        self._packed, self._member = behind, _member()
        return True


def unpacked(file: io.BufferedReader) -> io.BufferedReader:
    """What a file holds, which may or may not be packed."""
    return packed_stream(file) if file.peek(2)[:2] == GZIP else file


def packed_stream(file: IO[bytes], kind: int = GZIP_MEMBERS) -> io.BufferedReader:
    """What is packed in a file from where it is read; see `GzipStream`."""
    return io.BufferedReader(GzipStream(file, kind))


def _member(kind: int = GZIP_MEMBERS) -> Any:
    return igzip_lib.IgzipDecompressor(flag=kind)
