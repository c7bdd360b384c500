"""Cases of a work list as the rows of a table."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtGui import QIcon

from napari_abdoseg.correction.journal.holder import local_time
from napari_abdoseg.plugin.widgets.table_model import Column
from napari_abdoseg.worklist.effort.effort import TOLERANCES
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.listing.words import (
    changed_words,
    counting_words,
    expected_words,
    organ_nsd_words,
    organ_score_words,
    row_words,
    score_words,
    status_words,
)
from napari_abdoseg.worklist.records.case_record import Status

COLORS = {
    Status.TO_DO: "#8a8f98",
    Status.PREDICTED: "#4f9be8",
    Status.IN_PROGRESS: "#e8b53a",
    Status.NEEDS_REVIEW: "#b37feb",
    Status.DONE: "#4cb371",
    Status.REJECTED: "#e0605e",
}
"""Squares before the words of a status."""
CASE, STATUS, EXPECTED = range(3)


def work_columns(picture: Callable[[Row], QIcon | None]) -> tuple[Column[Row], ...]:
    """What the table tells of a case, the most needed first.

    Parameters
    ----------
    picture : callable
        The thumbnail of a case, as far as it is there.
    """
    return (
        Column("Case", lambda row: row.name, TIP, picture=picture, row_tip=row_words),
        Column(
            "Status",
            status_words,
            "How far it is",
            key=lambda row: (list(Status).index(row.record.status), row.name),
            square=lambda row: COLORS[row.record.status],
            row_tip=row_words,
        ),
        Column(
            "Expected",
            lambda row: _share(row.expected_dsc),
            "DSC that is expected of its organs on average, without a reference",
            key=lambda row: (row.expectation.rank, row.name),
            is_figure=True,
            row_tip=expected_words,
        ),
        Column("By", lambda row: row.record.user, "Who gave it that status"),
        Column(
            "Min",
            lambda row: f"{row.record.minutes:.0f}" if row.record.minutes else "",
            "Minutes of work; pauses of more than a minute are not counted",
            key=lambda row: row.record.minutes,
            is_figure=True,
        ),
        Column(
            "Changed",
            lambda row: f"{row.voxels_changed:,}" if row.voxels_changed else "",
            "Voxels that corrections have added and removed",
            key=lambda row: row.voxels_changed,
            is_figure=True,
            row_tip=changed_words,
        ),
        Column(
            "When",
            lambda row: _day(row.record.when),
            "When it got that status",
            key=lambda row: row.record.when,
        ),
        Column(
            "DSC",
            lambda row: score_words(row.record.dsc),
            "DSC of corrected organs to the label map that the data set has, before and after",
            key=lambda row: -1.0 if row.dsc is None else row.dsc,
            is_figure=True,
            row_tip=lambda row: organ_score_words(row.record.dsc),
        ),
        Column(
            "NSD",
            lambda row: score_words(row.record.nsd),
            "NSD of the same, at the tolerance that evaluations have by default "
            f"({TOLERANCES.default_mm:g} mm)",
            key=lambda row: -1.0 if row.nsd is None else row.nsd,
            is_figure=True,
            row_tip=organ_nsd_words,
        ),
        Column(
            "Version",
            counting_words,
            "Whose version counts, where it is not the label map of the case's own name",
            row_tip=lambda row: row.record.current,
        ),
        Column("Flags", lambda row: " ".join(row.record.flags), "Words to find it by"),
        Column("Comment", lambda row: row.record.comment, row_tip=row_words),
        Column("Organs", lambda row: ", ".join(row.organs), "Organs that its label map has"),
    )


TIP = "Double click a case to open it"


def _day(when: str) -> str:
    told = local_time(when)
    return "" if told is None else f"{told.day} {told:%b %Y}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
