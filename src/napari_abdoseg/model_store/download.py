"""Files from the internet: all of one, as it should be, or one sentence.

What came is kept beside the file to be, for the next try and the next run. Of the libraries that
download, pooch begins anew each time, and Hugging Face's knows its own servers alone.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import requests

from napari_abdoseg.errors import DownloadError, SaveError
from napari_abdoseg.image.files.saving import not_saved
from napari_abdoseg.model_store.refusals import (
    BROKEN,
    InterruptedTransferError,
    named,
    refusal,
)
from napari_abdoseg.model_store.transfer import TICK, transferring
from napari_abdoseg.model_store.unfinished_file import BLOCK, Origin, UnfinishedFile
from napari_abdoseg.progress import Countdown, Progress, Work, spoken_bytes

STAGE, CHECKING = "Downloading", "Checking what is there already"
WAITS = (1.0, 3.0, 10.0, 30.0)
"""Seconds before each further try, as long as next to nothing comes."""
ENOUGH = 1 << 18
"""Bytes that are worth beginning to count tries anew."""
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Download:
    """A file that came as a whole.

    Parameters
    ----------
    path : Path
    sha256 : str
        Its hash, in lower case.
    size : int
        Its bytes.
    """

    path: Path
    sha256: str
    size: int


def downloading(
    url: str, target: Path, *, sha256: str | None = None, size: int | None = None
) -> Work[Download]:
    """Download a file, as a generator that reports bytes.

    Where it is closed, or fails, what came is kept beside ``target`` and the next call goes on
    with it. A second process that downloads to the same place waits for the first. Proxies and
    their certificates are taken from the environment, as `requests` does.

    Parameters
    ----------
    url : str
        Begins with ``https://``, or with ``http://`` where that is asked for.
    target : Path
        The file to be, in a folder that is there; a file that has the hash is taken as it is, any
        other is replaced once all of the new one is there.
    sha256 : str, optional
        Hash that it must have.
    size : int, optional
        Bytes that it must have.

    Returns
    -------
    Download

    Raises
    ------
    DownloadError
        It can't be had, or isn't what it should be.
    SaveError
        It can't be written.
    """
    _check_address(url)
    try:
        with _waited_for(target) as waiting:
            yield from waiting
            if sha256 and target.is_file():
                there = yield from _read(target)
                if there.sha256 == sha256.lower():
                    return there
            return (yield from _Fetching(url, target, sha256, size).work())
    except OSError as error:
        raise not_saved(target, error) from error


def _check_address(url: str) -> None:
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in ("https", "http") and parts.hostname:
            return
    raise refusal(url, "it is no web address; give one that begins with https://")


@contextmanager
def _waited_for(target: Path) -> Iterator[Work[None]]:
    """Have a file to oneself, after work that waits for whoever has it now."""
    from filelock import FileLock, Timeout

    lock = FileLock(target.with_name(f"{target.name}.lock"), thread_local=False)

    def waiting() -> Work[None]:
        while True:
            try:
                lock.acquire(timeout=0)
                return
            except Timeout:
                yield Progress("Waiting for another download of it", 0, 0)
                time.sleep(TICK)

    try:
        yield waiting()
    finally:
        lock.release()


def _read(path: Path) -> Work[Download]:
    """A file that is there already."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            size += len(block)
            yield Progress(CHECKING, 0, 0)
    return Download(path, digest.hexdigest(), size)


class _Fetching:
    """One file on its way, by as many requests as it takes."""

    def __init__(self, url: str, target: Path, sha256: str | None, size: int | None) -> None:
        self._url = url
        self._target = target
        self._sha256 = sha256.lower() if sha256 else None
        self._size = size
        self._part = UnfinishedFile(target)
        self._countdown = Countdown()

    def work(self) -> Work[Download]:
        """Fetch it, check it, and put it in its place."""
        try:
            for _ in self._part.take_up(_address(self._url)):
                yield Progress(CHECKING, 0, 0)
            yield self._beginning()
            yield from self._all_of_it()
            if not self._is_right() and self._part.is_joined:
                self._part.drop()
                yield replace(self._progress(), part="what was there of it didn't fit")
                yield from self._all_of_it()
            if not self._is_right():
                raise self._wrong()
            self._part.finish()
            return Download(self._target, self._part.sha256, self._part.size)
        finally:
            self._part.close()

    def _all_of_it(self) -> Work[None]:
        """Ask until nothing is missing; give up after several tries that bring next to nothing."""
        failures, farthest = 0, self._part.size
        while not self._is_whole():
            try:
                return (yield from self._one_try())
            except InterruptedTransferError as error:
                if self._is_whole():
                    return
                if self._part.size >= farthest + ENOUGH:
                    failures, farthest = 0, self._part.size
                if failures == len(WAITS):
                    kept = ", and it goes on where it stopped" if self._part.size else ""
                    raise refusal(self._url, f"{error}; try again later{kept}") from error
                yield from self._wait(max(WAITS[failures], error.wait), str(error))
                failures += 1

    def _is_whole(self) -> bool:
        return self._part.size == self._part.origin.length or self._sha256 == self._part.sha256

    def _one_try(self) -> Work[None]:
        """Take what one request brings, to its end."""
        answer = transferring(self._url, self._headers())
        try:
            for item in answer:
                if isinstance(item, requests.Response):
                    self._begin(item)
                elif item is not None:
                    self._take(item)
                yield self._progress()
        finally:
            answer.close()
        if self._part.size < (self._part.origin.length or 0):
            raise InterruptedTransferError(BROKEN)

    def _headers(self) -> dict[str, str]:
        headers = {"Accept-Encoding": "identity", "User-Agent": "napari-abdoseg"}
        validator = self._part.origin.validator
        if self._part.size and (validator or self._sha256):
            headers["Range"] = f"bytes={self._part.size}-"
            if validator:
                headers["If-Range"] = validator
        return headers

    def _begin(self, response: requests.Response) -> None:
        """Get ready for what an answer brings, by what it says of it."""
        if response.status_code == 200:
            origin = _origin(self._url, response)
            self._check_length(origin.length, response)
            self._part.begin(origin)
        elif not self._part.go_on_with(response.headers, response.status_code):
            self._part.drop()
            raise InterruptedTransferError("the server has another file there by now")
        self._check_room()

    def _check_length(self, length: int | None, response: requests.Response) -> None:
        is_framed = response.raw.chunked or response.raw.length_remaining is not None
        if not is_framed and self._sha256 is None and self._size is None:
            raise refusal(
                self._url,
                "the server doesn't tell how long the file is, so that nobody knows whether all "
                "of it came; download it in a browser and give the file",
            )
        if length is not None and self._size not in (None, length):
            raise self._unexpected(f"it has {length} bytes, not {self._size}")

    def _check_room(self) -> None:
        missing = (self._part.origin.length or self._size or 0) - self._part.size
        free = shutil.disk_usage(self._target.parent).free
        if missing > free:
            raise SaveError(
                f"{self._target} can't be downloaded: {spoken_bytes(missing)} are missing and "
                f"{spoken_bytes(free)} are free on its disk; free some space or choose another "
                "disk."
            )

    def _take(self, chunk: bytes) -> None:
        most = self._part.origin.length or self._size
        if most is not None and self._part.size + len(chunk) > most:
            raise self._unexpected(f"more than its {most} bytes came")
        self._part.append(chunk)

    def _is_right(self) -> bool:
        return self._sha256 in (None, self._part.sha256) and self._size in (None, self._part.size)

    def _wrong(self) -> DownloadError:
        if self._size not in (None, self._part.size):
            return self._unexpected(f"{self._part.size} bytes came, not {self._size}")
        return self._unexpected(f"its SHA-256 is {self._part.sha256}, not {self._sha256}")

    def _unexpected(self, what: str) -> DownloadError:
        """What is told of another file, of which nothing is kept."""
        self._part.drop()
        return DownloadError(
            f"{named(self._url)} is not the file expected: {what}. It was changed by its publisher "
            "or on its way: try again, from another network if you can, or look for a new address "
            "on the publisher's page."
        )

    def _wait(self, seconds: float, reason: str) -> Work[None]:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            again = f"{reason}, next try in {max(1, round(left))} s"
            yield replace(self._progress(), stage="Waiting", part=again)
            time.sleep(min(TICK, left))

    def _beginning(self) -> Progress:
        parts = urlsplit(self._url)
        if parts.scheme == "https" or self._sha256 or parts.hostname in _THIS_MACHINE:
            return self._progress()
        open_to_all = f"{named(self._url)} isn't protected by https: it may be changed on its way."
        return replace(self._progress(), notice=open_to_all)

    def _progress(self) -> Progress:
        done, total = self._part.size, self._part.origin.length or self._size or 0
        progress = Progress(STAGE, done, max(done, total) if total else 0)
        left = self._countdown.seconds_left(progress)
        amount = spoken_bytes(done) if done or total else ""
        amount += f" of {spoken_bytes(total)}" if total else ""
        speed = f"{spoken_bytes((total - done) / left[0])}/s" if left and left[0] else ""
        return replace(progress, part=", ".join(filter(None, (amount, speed))))


def _origin(url: str, response: requests.Response) -> Origin:
    """What an answer says of a whole file; nothing where the file is packed on its way."""
    headers = response.headers
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        return Origin(_address(url))
    length = None if response.raw.chunked else headers.get("Content-Length", "")
    return Origin(
        _address(url),
        headers.get("ETag", ""),
        headers.get("Last-Modified", ""),
        int(length) if length and length.isdecimal() else None,
    )


def _address(url: str) -> str:
    return hashlib.sha256(url.encode(errors="backslashreplace")).hexdigest()
