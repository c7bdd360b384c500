"""Models that are on their way into the user's folder: whole in their place, or not there.

What is being made lies beside, in a folder whose name begins with a dot, which is no model. What
a process has left that was killed is removed by the next one.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from napari_abdoseg.errors import ModelError, SaveError
from napari_abdoseg.image.files.saving import make_folder, not_saved
from napari_abdoseg.inference.model.known_models import PACKAGED, find_known_models, models_folder
from napari_abdoseg.model_store.archive import fault_of_name

MAKING, REMOVED, DOWNLOADS = ".installing-", ".removed-", ".downloads"
OLD = 30 * 24 * 3600.0
"""Seconds that what came of a download is kept for its going on."""
GB = 1e9


@contextmanager
def staged() -> Iterator[Path]:
    """An empty folder, on the disk of the models, that nothing is left of after the block.

    Raises
    ------
    SaveError
        It can't be made.
    """
    from filelock import FileLock

    place = make_folder(models_folder())
    folder = place / f"{MAKING}{uuid4().hex}"
    own = FileLock(f"{folder}.lock", thread_local=False)
    try:
        with _alone(place):
            _remove_abandoned(place)
            own.acquire()
            folder.mkdir()
    except OSError as error:
        raise not_saved(folder, error) from error
    try:
        yield folder
    finally:
        with _alone(place):
            shutil.rmtree(folder, ignore_errors=True)
            own.release()
            Path(own.lock_file).unlink(missing_ok=True)


def move_into_place(folder: Path, name: str) -> Path:
    """Let a model that is whole be the one of a name.

    Raises
    ------
    ModelError
        There is one of this name by now.
    SaveError
        It can't be moved there.
    """
    place = models_folder()
    with _alone(place):
        require_new_name(name)
        try:
            return folder.rename(place / name)
        except OSError as error:
            raise not_saved(place / name, error) from error


def require_new_name(name: str) -> None:
    """Require a name that a model can have, and none has.

    Raises
    ------
    ModelError
        It can't be one, or is taken.
    """
    if fault_of_name(name) or any(each in name for each in "/\\") or name.startswith((".", " ")):
        raise ModelError(
            f"{name!r} can't be a model's name: give one that can be a folder's name on any system."
        )
    taken = [model.name for model in find_known_models()]
    with suppress(OSError):
        taken += [path.name for path in models_folder().iterdir()]
    if same := next((each for each in taken if each.casefold() == name.casefold()), None):
        comes = f"{same} comes with the package" if (PACKAGED / same).is_dir() else ""
        raise ModelError(
            f"{comes or f'There is a model {same} already'}: give the new one another name with "
            f"--name{'' if comes else f', or remove that with `abdoseg models remove {same}`'}."
        )


def require_room(size: float, what: str) -> None:
    """Require that so many bytes fit on the disk of the models.

    Raises
    ------
    SaveError
        They don't.
    """
    place = make_folder(models_folder())
    free = shutil.disk_usage(place).free
    if size > free:
        raise SaveError(
            f"{what} takes about {size / GB:.2f} GB, and the disk of {place} has "
            f"{free / GB:.2f} GB left: free some space, or name a folder on another disk with the "
            "environment variable ABDOSEG_MODELS."
        )


def remove_folder(folder: Path) -> None:
    """Remove a model's folder, or a link to one, at once.

    Raises
    ------
    SaveError
        It can't be removed.
    """
    gone = folder.with_name(f"{REMOVED}{uuid4().hex}")
    try:
        if folder.is_symlink():
            folder.unlink()
            return
        folder.rename(gone)
    except OSError as error:
        raise SaveError(
            f"{folder} can't be removed ({error.strerror or error}): check its permissions."
        ) from error
    shutil.rmtree(gone, ignore_errors=True)


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Have the folder to oneself for a moment."""
    from filelock import FileLock

    with FileLock(place / ".lock", thread_local=False):
        yield


def _remove_abandoned(place: Path) -> None:
    """Remove what processes have left that are no more."""
    from filelock import FileLock, Timeout

    for folder in place.glob(f"{MAKING}*"):
        if folder.suffix == ".lock":
            continue
        lock = FileLock(f"{folder}.lock", thread_local=False)
        with suppress(Timeout):
            lock.acquire(timeout=0)
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()
            Path(lock.lock_file).unlink(missing_ok=True)
    for lock_file in place.glob(f"{MAKING}*.lock"):
        if not lock_file.with_suffix("").exists():
            lock_file.unlink(missing_ok=True)
    for folder in place.glob(f"{REMOVED}*"):
        shutil.rmtree(folder, ignore_errors=True)
    for download in (place / DOWNLOADS).glob("*"):
        with suppress(OSError):
            if download.stat().st_mtime < time.time() - OLD:
                download.unlink()
