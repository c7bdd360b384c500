"""What the program does, for whoever has to find out why it went wrong.

Each module logs by the logger of its name, below ``napari_abdoseg``. Nobody sees it unless
they ask for it: by `attach`, ``abdoseg -v``, or their own set-up of `logging`. Nothing is logged
that a header or a label says of a patient; files and cases are named as their user did.
"""

from __future__ import annotations

import logging
import os
import platform
import sys
import time
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from traceback import walk_tb

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.progress import Progress, Result, Work, relay

FORMAT = "%(asctime)s %(levelname)s %(process)d %(threadName)s %(name)s: %(message)s"
PACKAGES = ("napari-abdoseg", "nnunetv2", "torch", "numpy", "nibabel", "napari", "distributed")
MOST_BYTES = 4_000_000
"""Of one file; what came before is in one of the same name with ``.1`` behind it."""
MOST_FILES = 30

_ours = logging.getLogger("napari_abdoseg")
_log = logging.getLogger(__name__)


class OneLine(logging.Formatter):
    """A record a line, whatever a file is called; only a traceback takes more."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        line = super().formatMessage(record)
        return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in line)


class LogFile(RotatingFileHandler):
    """A file of this process alone, since several may work at the same time.

    Where it can't be written, the work goes on without it.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        super().__init__(
            path, maxBytes=MOST_BYTES, backupCount=1, encoding="utf-8", errors="backslashreplace"
        )

    def doRollover(self) -> None:  # noqa: N802
        """Begin anew, as each file does, with what works here."""
        super().doRollover()
        logging.FileHandler.emit(self, _beginning())

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Say nothing."""


class _AsBefore(logging.Handler):
    """Hands to other logs what they would have without ours, and no more."""

    def emit(self, record: logging.LogRecord) -> None:
        root = logging.getLogger()
        if root.handlers and root.isEnabledFor(record.levelno):
            root.handle(record)


def log_folder() -> Path:
    """Where the user's log files are."""
    import platformdirs

    return platformdirs.user_log_path("napari-abdoseg", appauthor=False)


def attach(handler: logging.Handler) -> None:
    """Have a handler take what is logged from now on, after what works here."""
    handler.setFormatter(OneLine(FORMAT))
    if _ours.propagate:
        _ours.propagate = False
        _ours.setLevel(logging.INFO)
        _ours.addHandler(_AsBefore())
    _ours.addHandler(handler)
    handler.handle(_beginning())


def keep_log(name: str) -> Path | None:
    """Keep a log in the user's folder as long as this process lives, once however often called.

    The oldest files there are removed.

    Parameters
    ----------
    name : str
        What is done; the file's name begins with it.

    Returns
    -------
    Path or None
        The file; None where it can't be written.
    """
    for handler in _ours.handlers:
        if isinstance(handler, LogFile):
            return Path(handler.baseFilename)
    folder, now = log_folder(), time.strftime("%Y-%m-%d_%H%M%S")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_oldest(folder)
        file = LogFile(folder / f"{name}_{now}_{os.getpid()}.log")
    except OSError as error:
        _log.info("No log can be kept in %s: %s", folder, error.strerror)
        return None
    attach(file)
    path = Path(file.baseFilename)
    _log.info("This is kept in %s", path)
    return path


def logged(work: Work[Result], what: str) -> Work[Result]:
    """Pass ``work`` on and log its stages with their seconds, and how it ended.

    Parameters
    ----------
    work : Work
    what : str
        What is done, or the case that it is done for.

    Examples
    --------
    >>> from napari_abdoseg.log import logged
    >>> from napari_abdoseg.progress import Progress, drain
    >>> def reading():
    ...     yield Progress("Reading", 0, 1)
    ...     return "scan"
    >>> drain(logged(reading(), "ct"))
    'scan'
    """
    stage, begun = "", time.perf_counter()
    since = begun

    def note(progress: Progress) -> Progress:
        nonlocal stage, since
        if progress.stage != stage:
            now = time.perf_counter()
            before = f" ({stage} for {now - since:.2f} s)" if stage else ""
            _log.info("%s: %s%s", what, progress.stage, before)
            stage, since = progress.stage, now
        return progress

    def seconds() -> float:
        return time.perf_counter() - begun

    try:
        result = yield from relay(work, note)
    except GeneratorExit:
        _log.info("%s: stopped after %.2f s, in %s", what, seconds(), stage or "its beginning")
        raise
    except Exception as error:
        _log_failure(what, error)
        raise
    _log.info("%s: done in %.2f s", what, seconds())
    return result


def log_error(what: str, error: BaseException) -> None:
    """Log why something ended, unless `logged` has done so already."""
    if not any(frame.f_code is logged.__code__ for frame, _ in walk_tb(error.__traceback__)):
        _log_failure(what, error)


def _log_failure(what: str, error: BaseException) -> None:
    """A user's mistake is its sentence, all else comes with its traceback."""
    if isinstance(error, AbdosegError):
        _log.warning("%s: %s", what, error)
    else:
        _log.error("%s: %s", what, type(error).__name__, exc_info=error)


def _beginning() -> logging.LogRecord:
    """What every log begins with: versions, machine and command."""
    from importlib.metadata import PackageNotFoundError, version

    installed = []
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            installed.append(f"{package} {version(package)}")
    python = f"Python {platform.python_version()} on {platform.platform()}"
    words = f"{', '.join(installed)}; {python}, {os.cpu_count()} cores; {sys.argv}"
    with suppress(OSError):  # the folder is gone
        words += f" in {Path.cwd()}"
    return _log.makeRecord(_log.name, logging.INFO, __file__, 0, "%s", (words,), None)


def _remove_oldest(folder: Path) -> None:
    """Leave room for one more, where no other process does the same."""
    with suppress(OSError):
        files = sorted(folder.glob("*.log*"), key=lambda file: file.stat().st_mtime)
        for file in files[: max(0, len(files) - MOST_FILES + 1)]:
            file.unlink()
