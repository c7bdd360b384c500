"""What `abdoseg cases` prints and writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from napari_abdoseg.cli.console import console, say, say_failed
from napari_abdoseg.correction.journal.holder import moment
from napari_abdoseg.image.files.csv_table import csv_text
from napari_abdoseg.image.files.saving import write_text
from napari_abdoseg.worklist.listing.expectation import Expectation
from napari_abdoseg.worklist.listing.listing import Row, mean_scores
from napari_abdoseg.worklist.listing.words import score_words
from napari_abdoseg.worklist.records.case_record import CaseRecord, Status, Version

MOST_SHOWN = 200
COLUMNS = (
    *("case", "status", "user", "when", "minutes", "voxels_changed", "flags", "comment"),
    *("open_by", "patient", "image", "labels", "problem"),
    *("expected_dsc", "agreement", "worst_organ"),
    *("dsc_before", "dsc_after", "nsd_before", "nsd_after", "nsd_tolerance_mm"),
)


def tell(rows: Sequence[Row], total: int) -> None:
    """Print cases, and how many there are of each status."""
    if rows:
        console.print(case_table(rows[:MOST_SHOWN]))
    if len(rows) > MOST_SHOWN:
        say(f"{len(rows) - MOST_SHOWN} more cases are not shown: --output writes them all.")
    for row in rows:
        if row.problem:
            say_failed(row.name, row.problem)
    count = Counter(row.record.status for row in rows)
    of = ", ".join(f"{count[status]} {status}" for status in Status if count[status])
    console.print(f"{len(rows)} of {total} cases{f': {of}' if of else ''}.")


def case_table(rows: Sequence[Row]) -> Table:
    """A row a case."""
    scores = _score_headers(rows)
    table = Table(
        *("case", "status", "who", "when", "min", "voxels", "expected DSC"),
        *scores,
        *("flags", "comment"),
    )
    for row in rows:
        record = row.record
        status = f"{record.status}, open by {row.holder.words}" if row.holder else record.status
        table.add_row(
            *(row.name, "sent back" if row.is_sent_back else status, record.user),
            moment(record.when) if record.when else "",
            f"{record.minutes:.0f}" if record.minutes else "",
            f"{row.voxels_changed:,}" if row.voxels_changed else "",
            expected_words(row.expectation),
            *((score_words(record.dsc), score_words(record.nsd)) if scores else ()),
            *(", ".join(record.flags), _said(record)),
        )
    return table


def expected_words(told: Expectation) -> str:
    """What is expected of a label map, and of which organ the least."""
    if told.worst is None or not told.worst_organ:
        return ""
    lowest = f"{told.worst_organ} {told.worst:.2f}"
    if told.dsc is None:
        return f"not calibrated; folds agree: {lowest}"
    return f"{told.dsc:.2f}, {lowest}"


def version_table(versions: Sequence[Version], record: CaseRecord) -> Table:
    """A row a label map of a case."""
    table = Table("counts", "version", "what", "by", "when")
    for version in versions:
        counts = version.file == (record.current or f"{record.case}.nii.gz")
        when = moment(version.when) if version.when else ""
        table.add_row("yes" if counts else "", version.file, version.kind, version.by, when)
    return table


def write_cases(path: Path, rows: Sequence[Row]) -> None:
    """Write a table with a row a case.

    Raises
    ------
    SaveError
        It could not be written.
    """
    write_text(path, csv_text(COLUMNS, map(_cells, rows)))


def _cells(row: Row) -> list[object]:
    record, case, told = row.record, row.case, row.expectation
    scores = (*mean_scores(record.dsc), *mean_scores(record.nsd))
    return [
        *(record.case, str(record.status), record.user, record.when, f"{record.minutes:.2f}"),
        *(row.voxels_changed, " ".join(record.flags), record.comment),
        row.holder.words if row.holder else "",
        *(("", record.image) if case is None else (case.patient, case.image)),
        record.current or (f"{record.case}.nii.gz" if row.has_labels else ""),
        row.problem,
        *("" if value is None else f"{value:.4f}" for value in (told.dsc, told.agreement)),
        told.worst_organ,
        *("" if value is None else f"{value:.4f}" for value in scores),
        "" if record.nsd_tolerance_mm is None else f"{record.nsd_tolerance_mm:g}",
    ]


def _score_headers(rows: Sequence[Row]) -> tuple[str, ...]:
    """What scores to the reference are called, with the tolerance; nothing where none is known."""
    if all(row.dsc is None for row in rows):
        return ()
    tolerances = {row.record.nsd_tolerance_mm for row in rows} - {None}
    at = " or ".join(f"{tolerance:g} mm" for tolerance in sorted(filter(None, tolerances)))
    return ("DSC", f"NSD at {at}" if at else "NSD")


def _said(record: CaseRecord) -> str:
    """The comment, and why it was sent back."""
    last = record.verdicts[-1].comment if record.verdicts else ""
    return "; ".join(filter(None, (last, record.comment)))
