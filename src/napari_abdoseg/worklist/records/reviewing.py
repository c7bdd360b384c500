"""What a reviewer does: accept a case, or send it back with a comment and a place in the scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from napari_abdoseg.correction.journal.holder import now, user_name
from napari_abdoseg.errors import WorkListError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.formats import load_grid
from napari_abdoseg.worklist.records.case_record import CaseRecord, Place, Status, Verdict
from napari_abdoseg.worklist.records.changing import Change

HANDED_IN = (Status.NEEDS_REVIEW, Status.DONE)


def accepting(comment: str = "") -> Change:
    """Accept a case, which is done then; it stays that of who worked on it.

    The change raises a `WorkListError` of a case that nobody has handed in.
    """

    def change(record: CaseRecord) -> CaseRecord:
        _require_handed_in(record)
        verdict = Verdict(True, user_name(), now(), comment)
        return _judged(record, Status.DONE, verdict)

    return change


def sending_back(comment: str, place: Place | None = None) -> Change:
    """Send a case back to who worked on it.

    The change raises a `WorkListError` of a case that nobody has handed in.

    Raises
    ------
    WorkListError
        It isn't said why.
    """
    if not comment.strip():
        raise WorkListError("A case is sent back with a comment: say what is to be done.")

    def change(record: CaseRecord) -> CaseRecord:
        _require_handed_in(record)
        verdict = Verdict(False, user_name(), now(), comment, place)
        return _judged(record, Status.IN_PROGRESS, verdict)

    return change


def place_in(scan: Path, voxel: Sequence[int]) -> Place:
    """A place in a scan.

    Parameters
    ----------
    scan : Path
    voxel : sequence of int
        In the file's own axis order.

    Raises
    ------
    WorkListError
        The scan has no such voxel.
    ImageError
        It can't be read.
    """
    grid = load_grid(scan)
    if len(voxel) != 3 or not all(0 <= at < end for at, end in zip(voxel, grid.stored_shape)):
        shape = " x ".join(map(str, grid.stored_shape))
        raise WorkListError(
            f"{scan} has no voxel {','.join(map(str, voxel))}: give i,j,k below {shape}."
        )
    return place_on(grid, voxel)


def place_on(grid: Grid, voxel: Sequence[int]) -> Place:
    """A place on a grid, by its voxel in the file's own axis order."""
    i, j, k = voxel
    r, a, s = (round(float(mm), 3) for mm in grid.ras_position(grid.screen_index(voxel).tolist()))
    return Place((i, j, k), (r, a, s))


def _judged(record: CaseRecord, status: Status, verdict: Verdict) -> CaseRecord:
    verdicts = (*record.verdicts, verdict)
    return replace(record, status=status, when=verdict.when, verdicts=verdicts)


def _require_handed_in(record: CaseRecord) -> None:
    if record.status not in HANDED_IN:
        raise WorkListError(
            f"{record.case} is {record.status}: a case is judged when it needs a review, or is "
            "done."
        )
