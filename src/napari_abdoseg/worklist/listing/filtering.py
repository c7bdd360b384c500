"""Which cases of a work list are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from napari_abdoseg.worklist.listing.listing import Row, worst
from napari_abdoseg.worklist.records.case_record import Status


@dataclass(frozen=True)
class Wanted:
    """What cases are asked for; all by default.

    Parameters
    ----------
    statuses : tuple of Status
    user, flag : str
    text : str
        Words that all occur in what is told of the case, in upper or lower case.
    percent : float, optional
        Of all cases, those of which the least is expected; see `worst`.
    """

    statuses: tuple[Status, ...] = ()
    user: str = ""
    flag: str = ""
    text: str = ""
    percent: float | None = None

    def of(self, rows: Sequence[Row]) -> list[Row]:
        """Those rows that are asked for, in the order that they have."""
        words = self.text.casefold().split()
        if self.percent is not None:
            names = {row.name for row in worst(rows, self.percent)}
            rows = [row for row in rows if row.name in names]
        return [row for row in rows if self._takes(row) and _has(row, words)]

    def _takes(self, row: Row) -> bool:
        record = row.record
        return (
            (not self.statuses or record.status in self.statuses)
            and (not self.user or record.user == self.user)
            and (not self.flag or self.flag in record.flags)
        )


def _has(row: Row, words: list[str]) -> bool:
    if not words:
        return True
    record = row.record
    told = (row.name, record.user, record.comment, *record.flags, *row.organs, row.problem)
    text = "\n".join((*told, *(verdict.comment for verdict in record.verdicts))).casefold()
    return all(word in text for word in words)
