"""What crashes have left of a label map's corrections, ready to be offered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.journal.corrections import won_and_lost
from napari_abdoseg.correction.journal.holder import Lock, holder_of, moment
from napari_abdoseg.correction.journal.places import CaseFiles, journals_of, lock_of, put_aside
from napari_abdoseg.correction.journal.recorded_labels import labels_of, sha256_of
from napari_abdoseg.correction.journal.records import Content, read_journal
from napari_abdoseg.errors import AbdosegError, CorrectionError, SaveError
from napari_abdoseg.image.organ import number_name

IN_HAND = (
    "{} is being corrected by {}: agree on who saves it. What both save in one file is not "
    "brought together."
)

ELSEWHERE = (
    "What was not saved of {} is in {}, where nothing can be written now: copy it to another "
    "folder and open it."
)


@dataclass(frozen=True, eq=False)
class Recovery:
    """A label map as it was before a crash.

    Whoever has one holds its lock: `decline` it, `leave` it, or go on with its journal.

    Parameters
    ----------
    journal : Path
    lock : Lock
    content : Content
    labels : ndarray, shape (z, y, x)
    change : Edit
        What leads there from what is in view, or from nothing where nothing of it is.
    is_of_this_version : bool
        Whether it is what was in view that was corrected.
    won_and_lost : dict of str to (int, int)
        Voxels that each organ wins and loses by the change, by its name.
    """

    journal: Path
    lock: Lock
    content: Content
    labels: NDArray[Any]
    change: Edit
    is_of_this_version: bool
    won_and_lost: dict[str, tuple[int, int]]

    @property
    def when(self) -> str:
        """When the last stroke was painted, in words."""
        written = datetime.fromtimestamp(self.journal.stat().st_mtime)
        return moment(written.isoformat())

    def decline(self) -> Path:
        """Put it aside; where it is kept then.

        Raises
        ------
        SaveError
            It can't be renamed.
        """
        try:
            return put_aside(self.journal)
        finally:
            self.lock.release()

    def leave(self) -> None:
        """Let it be offered again next time."""
        self.lock.release()


@dataclass(frozen=True)
class Notice:
    """A sentence that the user should know of a journal.

    Parameters
    ----------
    words : str
    """

    words: str


def recoveries(case: CaseFiles, labels: NDArray[Any] | None) -> Iterator[Recovery | Notice]:
    """What journals of a label map hold that nobody writes any more, and who writes others.

    Parameters
    ----------
    case : CaseFiles
    labels : ndarray of shape (z, y, x), or None
        What is in view of it; None for a scan without its organs.
    """
    if words := being_corrected(case):
        yield Notice(words)
    for journal in journals_of(case):
        try:
            lock = Lock.take(lock_of(journal))
        except SaveError:
            yield Notice(ELSEWHERE.format(case.name, journal))
            continue
        if lock is None:
            continue
        if not journal.exists():
            lock.release()
            continue
        try:
            found = _recovery(journal, lock, case, labels)
        except AbdosegError as error:
            lock.release()
            yield Notice(f"{error} What was not saved of it is kept in {journal}.")
            continue
        if found is None:
            _remove(journal)
            lock.release()
        else:
            yield found


def being_corrected(case: CaseFiles) -> str:
    """What the second who corrects the file of a label map is told; nothing if nobody else does."""
    if case.labels is None:
        return ""
    holders = filter(None, (holder_of(lock_of(path)) for path in journals_of(case)))
    return next((IN_HAND.format(case.name, holder.words) for holder in holders), "")


def _recovery(
    journal: Path, lock: Lock, case: CaseFiles, labels: NDArray[Any] | None
) -> Recovery | None:
    """What a journal leads to; None where that is in view already."""
    content = read_journal(journal)
    if content.subject.shape != case.grid.shape:
        raise CorrectionError(
            f"{case.name} has the shape {case.grid.shape}, in its journal {content.subject.shape}."
        )
    history = content.history
    is_renamed = history.unsaved_names is not None
    if not content.whole and history.unsaved is None and not is_renamed:
        return None
    before = labels_of(content)
    z, y, x = np.nonzero(before if labels is None else labels != before)
    if labels is not None and not z.size and not is_renamed:
        return None
    after = before[z, y, x]
    shown = np.zeros_like(after) if labels is None else labels[z, y, x]
    change = Edit((z, y, x), shown, after)
    fits = labels is not None and labels.dtype == before.dtype and _is_still_there(content)
    names = {organ.value: organ.name for organ in content.subject.organs}
    told = won_and_lost(change)
    voxels = {names.get(value, number_name(value)): each for value, each in told.items()}
    return Recovery(journal, lock, content, before, change, fits, voxels)


def _is_still_there(content: Content) -> bool:
    """Whether the file of a label map is still the one that was corrected."""
    known = content.subject.sha256
    return bool(known) and known == sha256_of(Path(content.subject.labels))


def _remove(journal: Path) -> None:
    """Remove a journal of which all is saved."""
    journal.unlink(missing_ok=True)
