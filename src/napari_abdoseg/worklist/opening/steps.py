"""What is done with a case next: handed in, judged, rejected, taken up again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from napari_abdoseg.worklist.effort.effort import with_work
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.records.case_record import Status
from napari_abdoseg.worklist.records.changing import Change, in_turn, with_status
from napari_abdoseg.worklist.records.promised_labels import keeping_promise
from napari_abdoseg.worklist.records.reviewing import accepting
from napari_abdoseg.worklist.records.work_folder import WorkFolder


@dataclass(frozen=True)
class Step:
    """A step of a case.

    Parameters
    ----------
    words : str
    tip : str
    change : callable, optional
        The change of a case of a work list; None for one that needs words: to send it back.
    hands_in : bool
        Whether what is open must be saved before.
    """

    words: str
    tip: str
    change: Callable[[WorkFolder, Row], Change] | None
    hands_in: bool = False


def setting(folder: WorkFolder, row: Row, status: Status) -> Change:
    """Give a case a status in one's own name, if it has the label map that this promises."""
    return _checked(folder, row, with_status(status), with_work(folder))


def accepted(folder: WorkFolder, row: Row, comment: str = "") -> Change:
    """Accept a case as a reviewer, if it has the label map that is accepted."""
    return _checked(folder, row, accepting(comment))


def _checked(folder: WorkFolder, row: Row, *changes: Change) -> Change:
    return in_turn(*changes, keeping_promise(folder, row.image))


def _to(status: Status) -> Callable[[WorkFolder, Row], Change]:
    return partial(setting, status=status)


NEEDS_REVIEW = Step(
    "Needs review",
    "It is corrected: hand it in to a reviewer",
    _to(Status.NEEDS_REVIEW),
    hands_in=True,
)
DONE = Step("Done", "It is corrected, and needs no review", _to(Status.DONE), hands_in=True)
REJECT = Step("Reject", "It is of no use, such as a cut scan", _to(Status.REJECTED))
ACCEPT = Step("Accept", "As a reviewer: it is done", accepted, hands_in=True)
SEND_BACK = Step("Send back…", "As a reviewer: say what is to be done, and where", None)
REOPEN = Step("Reopen", "It is in progress again, in your name", _to(Status.IN_PROGRESS))
STEPS = (NEEDS_REVIEW, DONE, ACCEPT, SEND_BACK, REJECT, REOPEN)
_WORK = (NEEDS_REVIEW, DONE, REJECT)
_OFFERED = {
    Status.TO_DO: _WORK,
    Status.PREDICTED: _WORK,
    Status.IN_PROGRESS: _WORK,
    Status.NEEDS_REVIEW: (ACCEPT, SEND_BACK, REJECT),
    Status.DONE: (SEND_BACK, REOPEN),
    Status.REJECTED: (REOPEN,),
}


def steps_of(rows: Sequence[Row]) -> tuple[Step, ...]:
    """Steps that all of some cases can take."""
    offered = [_OFFERED[row.record.status] for row in rows]
    return tuple(step for step in STEPS if rows and all(step in each for each in offered))
