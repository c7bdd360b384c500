"""A label map of a case is saved: by who has the case open alone, and noted in its record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from napari_abdoseg.correction.journal.holder import now, user_name
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.files.saving import make_folder
from napari_abdoseg.progress import Progress, Work
from napari_abdoseg.worklist.effort.effort import with_work
from napari_abdoseg.worklist.opening.claims import Claim
from napari_abdoseg.worklist.records.case_record import CaseRecord, Status
from napari_abdoseg.worklist.records.changing import Change, change_record, in_turn, with_version
from napari_abdoseg.worklist.versions.versions import saved_version

UNTOUCHED = (Status.TO_DO, Status.PREDICTED)


def saving_in_list(claim: Claim, path: Path, saving: Work[Path]) -> Work[Path]:
    """Save a label map of a case, and note in its record what was worked.

    A record that can't be written is told; the label map is saved all the same.

    Parameters
    ----------
    claim : Claim
    path : Path
        Where it goes; elsewhere than with the masks nothing is noted.
    saving : Work
        What saves it.

    Raises
    ------
    WorkListError
        The case is read-only here, or was taken over since; nothing was written.
    SaveError
        It can't be written.
    """
    if not claim.has(path):
        return (yield from saving)
    claim.require()
    make_folder(path.parent)
    saved = yield from saving
    try:
        change_record(claim.folder, claim.case, _saved(claim, path), claim.lease)
    except AbdosegError as error:
        words = f"{path} is saved, but not noted in the work list: {error}"
        yield Progress(f"Saving {path.name}", 1, 1, notice=words)
    return saved


def _saved(claim: Claim, path: Path) -> Change:
    folder = claim.folder
    is_own = path.absolute() == folder.labels_of(claim.case).absolute()
    added = () if is_own else (with_version(saved_version(folder, path)),)
    return in_turn(*added, _begun, with_work(folder))


def _begun(record: CaseRecord) -> CaseRecord:
    """In progress in one's own name, where nobody has touched it before."""
    if record.status not in UNTOUCHED:
        return record
    return replace(record, status=Status.IN_PROGRESS, user=user_name(), when=now())
