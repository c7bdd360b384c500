"""What is told of a case, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape

from napari_abdoseg.correction.journal.holder import moment
from napari_abdoseg.progress import counted
from napari_abdoseg.worklist.listing.listing import Row, mean_scores
from napari_abdoseg.worklist.records.case_record import Scores, Status, Version

SENT_BACK = "sent back"
WRONG = "⚠"
OPEN, OPEN_HERE = "open by {}", "open here"


def status_words(row: Row) -> str:
    """How far a case is, whether it was sent back, who has it open, and that something is wrong."""
    words = SENT_BACK if row.is_sent_back else str(row.record.status)
    if row.problem:
        words = f"{WRONG} {words}"
    if row.holder is None:
        return words
    return f"{words}, {OPEN_HERE if row.holder.is_here else OPEN.format(row.holder.user)}"


def version_words(version: Version) -> str:
    """Who or what has made a label map, and when."""
    if not version.by:
        return version.file
    when = f", {moment(version.when)}" if version.when else ""
    return f"{version.kind} by {version.by}{when}"


def counting_words(row: Row) -> str:
    """Whose version counts; nothing where it is the label map of the case's own name."""
    current = row.record.current
    by = (version.by for version in row.record.versions if version.file == current)
    return next(by, "") or current


def verdict_words(row: Row) -> str:
    """What a reviewer has said last; nothing where none has."""
    if not row.record.verdicts:
        return ""
    last = row.record.verdicts[-1]
    said = f": {last.comment}" if last.comment else ""
    done = "Accepted" if last.accepted else "Sent back"
    return f"{done} by {last.user}, {moment(last.when)}{said}"


def changed_words(row: Row) -> str:
    """Voxels that were added and removed, an organ a line."""
    return "\n".join(
        f"{organ} +{added:,} −{removed:,}"
        for organ, (added, removed) in row.record.voxels_changed.items()
    )


def expected_words(row: Row) -> str:
    """How good the label map is expected to be, and of which organ the least is expected."""
    known = row.expectation
    told = []
    if known.dsc is not None:
        told.append(f"expected DSC {known.dsc:.2f}")
    if known.agreement is not None:
        told.append(f"folds agree: {known.agreement:.2f}")
    if known.worst is not None:
        told.append(f"the least of the {known.worst_organ}: {known.worst:.2f}")
    return "\n".join(told)


def score_words(scores: Scores) -> str:
    """Mean over organs, before and after corrections; nothing where none is known."""
    before, after = mean_scores(scores)
    if after is None:
        return ""
    return f"{after:.2f}" if before is None else f"{before:.2f} → {after:.2f}"


def organ_score_words(scores: Scores) -> str:
    """Before and after corrections, an organ a line."""
    told = ((organ, *map(_share, pair)) for organ, pair in scores.items())
    return "\n".join(f"{organ} {before} → {after}" for organ, before, after in told)


def organ_nsd_words(row: Row) -> str:
    """NSD to the reference, an organ a line, with its tolerance."""
    record = row.record
    if not record.nsd or record.nsd_tolerance_mm is None:
        return ""
    return f"{organ_score_words(record.nsd)}\nat {record.nsd_tolerance_mm:g} mm"


def _share(value: float | None) -> str:
    return "?" if value is None else f"{value:.3f}"


def row_words(row: Row) -> str:
    """All that there is to say of a case, a sentence a line."""
    record = row.record
    by = f" by {record.user}, {moment(record.when)}" if record.user else ""
    holder = "" if row.holder is None else f"Open by {row.holder.words}"
    told = (f"{row.name}: {record.status}{by}", row.problem, holder, verdict_words(row))
    return "\n".join(filter(None, (*told, record.comment)))


def details_words(rows: Sequence[Row], why_not: str = "") -> str:
    """What is told of the cases that are chosen, as HTML; nothing of none."""
    if not rows:
        return ""
    if len(rows) > 1:
        return f"<b>{len(rows):,} cases</b> are selected."
    row, record = rows[0], rows[0].record
    by = f" by {record.user}, {moment(record.when)}" if record.user else ""
    head = f"<b>{escape(row.name)}</b>, {record.status}{escape(by)}."
    more = (verdict_words(row), row.problem, why_not)
    return "<br>".join((head, *(escape(words) for words in more if words)))


def summary_words(shown: Sequence[Row], all_cases: int) -> str:
    """How many cases are shown of all that there are, and how far those are."""
    counts = Counter(row.record.status for row in shown)
    told = ", ".join(f"{counts[status]:,} {status}" for status in Status if counts[status])
    cases = counted(all_cases, "case")
    some = cases if len(shown) == all_cases else f"{len(shown):,} of {cases}"
    return f"<b>{some}</b>: {told}." if told else f"<b>{some}</b>."
