"""A file of a data set in a second place, without its bytes where that can be."""

from __future__ import annotations

import os
import shutil
from enum import Enum
from pathlib import Path
from uuid import uuid4

from napari_abdoseg.image.files.saving import replaced_file


class Way(Enum):
    """How a file gets to its second place."""

    LINK = "link"
    HARD_LINK = "hard link"
    COPY = "copy"


def existing_folder(path: Path) -> Path:
    """The folder itself, or the nearest above it that exists."""
    return next(folder for folder in (path, *path.absolute().parents) if folder.is_dir())


def find_way(folder: Path, source: Path) -> Way:
    """The way that costs least and works from ``source`` to a folder, there or to be made."""
    folder = existing_folder(folder)
    for way in (Way.LINK, Way.HARD_LINK):
        trial = folder / f".{uuid4().hex}.part"
        try:
            put(source, trial, way)
            return way
        except OSError:
            continue
        finally:
            trial.unlink(missing_ok=True)
    return Way.COPY


def put(source: Path, target: Path, way: Way) -> None:
    """Bring ``source`` to ``target``, in place of what is there.

    Raises
    ------
    SaveError
        It could not be copied; what was there before is untouched.
    """
    if way is Way.COPY:
        with replaced_file(target) as temporary:
            shutil.copyfile(source, temporary)
        return
    target.unlink(missing_ok=True)
    if way is Way.LINK:
        target.symlink_to(source.resolve())
    else:
        os.link(source.resolve(), target)
