"""What goes wrong through no fault of the program, each in one clear sentence."""

from __future__ import annotations

import traceback
from pathlib import Path

NO_MEMORY = "There was too little memory for it: close other programs, or take a machine with more."
SAID_OF_NO_MEMORY = (
    "failed to map segment",
    "cannot map zero-fill pages",
    "annot allocate memory",
    "can't allocate memory",
    "can't start new thread",
    "Unable to allocate",
    "Unable to create type object",
)
"""What the loader, the system, torch, Python, NumPy and pybind11 say where memory has run out."""


class AbdosegError(Exception):
    """A mistake that the user can mend.

    The message says what is wrong, with which file, and what to do. The command
    line prints it without a traceback and exits with 2; napari shows it as a
    notification.

    Examples
    --------
    >>> from napari_abdoseg import AbdosegError, read_volume
    >>> try:
    ...     read_volume("no_such_ct.nii.gz")
    ... except AbdosegError as error:
    ...     print(error)
    no_such_ct.nii.gz does not exist: check its name and folder.
    """


class ImageError(AbdosegError):
    """A file or an array is not a volume that can be used."""


class SaveError(AbdosegError):
    """A file could not be written; what was there before is untouched."""


class NameTooLongError(SaveError):
    """A file could not be written for its name alone; others can."""


class ModelError(AbdosegError):
    """A model folder is not a complete, readable nnU-Net model."""


class DownloadError(AbdosegError):
    """A file could not be downloaded; there is all of it or nothing."""


class CorrectionError(AbdosegError):
    """A tool can't do to a label map what was asked."""


class WorkListError(AbdosegError):
    """What is known of a case can't be read, or not be changed now."""


class DeviceError(AbdosegError):
    """The device asked for is not on this machine."""


class DatasetError(AbdosegError):
    """A data set can't be trained on as it is."""


class TrainingError(AbdosegError):
    """A training can't be begun or go on as asked for."""


class FaultError(AbdosegError):
    """A fault of the program in one of many cases, on one line; the others go on."""


def as_told(error: Exception) -> AbdosegError:
    """What the user is told of an error that ended one case of many.

    A mistake that the user can mend stays as it is. Anything else is a fault of the program,
    whose traceback is kept on the line that tells of it, the innermost call last.
    """
    if isinstance(error, AbdosegError):
        return error
    if lacks_memory(error):
        return AbdosegError(NO_MEMORY)
    if isinstance(error, OSError) and error.strerror:
        return AbdosegError(": ".join(filter(None, (error.filename, error.strerror))) + ".")
    what = " ".join(f"{type(error).__name__}: {error}".split())
    calls = traceback.extract_tb(error.__traceback__)
    where = ", ".join(f"{_short(call.filename)}:{call.lineno} {call.name}" for call in calls)
    return FaultError(f"A fault of napari-abdoseg, please report it: {what} (at {where})")


def lacks_memory(error: Exception) -> bool:
    """Whether memory ran out; what loads libraries or starts threads says so in its own words."""
    return isinstance(error, MemoryError) or any(word in str(error) for word in SAID_OF_NO_MEMORY)


def _short(file: str) -> str:
    return "/".join(Path(file).parts[-2:])
