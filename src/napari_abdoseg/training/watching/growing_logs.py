"""Logs that grow, read on from where they were read to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from napari_abdoseg.training.watching.log_text import LogReader

CHUNK = LONGEST_LINE = 1 << 20
"""Bytes; nnU-Net's longest line is that of the pseudo Dice, some twenty bytes an organ."""
TAIL = 256
"""Bytes before the end of what was read, by which a log is known that goes on."""


@dataclass(frozen=True)
class _Place:
    """How far a log was read.

    Parameters
    ----------
    offset : int
        Where the next line begins.
    size : int
        Bytes that it had.
    tail : bytes
        What stands before the offset.
    too_long : bool
        The offset is within a line that is too long to be one of nnU-Net's.
    """

    offset: int = 0
    size: int = 0
    tail: bytes = b""
    too_long: bool = False


class GrowingLogs:
    """Reads the logs of a fold again and again, of each only what has come since.

    A log that is no longer what it was has all of them read anew.
    """

    def __init__(self) -> None:
        self._reader = LogReader()
        self._places: dict[Path, _Place] = {}

    def read_on(self, logs: Sequence[Path]) -> LogReader:
        """Read what is new.

        Parameters
        ----------
        logs : sequence of Path
            The oldest first.

        Raises
        ------
        OSError
            A log vanished or can't be read.
        """
        if not self._go_on(logs):
            self._reader, self._places = LogReader(), {}
        for log in logs[max(0, len(self._places) - 1) :]:
            with log.open("rb") as file:
                self._places[log] = self._read(file, self._places.get(log, _Place()))
        return self._reader

    def _go_on(self, logs: Sequence[Path]) -> bool:
        """Whether the logs that were read are there as they were, and the last one has grown."""
        known = list(self._places)
        if list(logs[: len(known)]) != known:
            return False
        *finished, _ = known or [Path()]
        return all(log.stat().st_size == self._places[log].size for log in finished) and all(
            _stands(log, place) for log, place in self._places.items()
        )

    def _read(self, file: BinaryIO, place: _Place) -> _Place:
        file.seek(place.offset)
        rest, too_long = b"", place.too_long
        while chunk := file.read(CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines[too_long:]:
                self._reader.take_line(line.decode("utf-8", "replace"))
            too_long = too_long and not lines
            if too_long or len(rest) > LONGEST_LINE:
                rest, too_long = b"", True
        size = file.tell()
        return _Place(size - len(rest), size, _tail(file, size - len(rest)), too_long)


def _stands(log: Path, place: _Place) -> bool:
    """Whether a log still has what was read of it."""
    if log.stat().st_size < place.offset:
        return False
    with log.open("rb") as file:
        return _tail(file, place.offset) == place.tail


def _tail(file: BinaryIO, end: int) -> bytes:
    start = max(0, end - TAIL)
    file.seek(start)
    return file.read(end - start)
