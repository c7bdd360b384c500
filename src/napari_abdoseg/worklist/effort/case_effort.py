"""Work on cases by each person, in the order in which they came to them: does it get less?"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from napari_abdoseg.evaluation.report.words import signed
from napari_abdoseg.worklist.effort.effort import OrganWork, noted_work
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.records.work_folder import WorkFolder
from napari_abdoseg.worklist.versions.versions import corrections_of, report_beside

FEW = 8
"""Of fewer cases nothing is said."""
WINDOW = 7
"""Cases of a running median."""
PER = 10
"""Cases that a trend is told for."""
CONFIDENCE = 0.95
PATH_UNIT = 100.0
"""Millimetres of added path that minutes are told for."""
_UNKNOWN = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class CaseWork:
    """Work of a person on a case.

    Parameters
    ----------
    case, user : str
    first : str
        When they saved it first, in ISO 8601 with its time zone.
    minutes : float or None
        Pauses left out; None where none were noted.
    strokes : int
    path_mm : float or None
        Added path length of all organs; None where it is not known, or others have corrected the
        case, too. So are the DSCs, means over organs.
    dsc_of_both : float or None
        Of the label map before and the one that counts.
    dsc_before, dsc_after, nsd_before, nsd_after : float or None
        To the reference.
    """

    case: str
    user: str
    first: str
    minutes: float | None
    strokes: int
    path_mm: float | None = None
    dsc_of_both: float | None = None
    dsc_before: float | None = None
    dsc_after: float | None = None
    nsd_before: float | None = None
    nsd_after: float | None = None

    @property
    def minutes_per_path(self) -> float | None:
        """Minutes for `PATH_UNIT` of added path; None where there is none, or it is not known."""
        if self.minutes is None or not self.path_mm:
            return None
        return self.minutes / self.path_mm * PATH_UNIT


@dataclass(frozen=True)
class Trend:
    """How minutes change from case to case.

    The slope is Theil's and Sen's, the median of those between any two cases, which single hard
    cases don't move: Sen, P. K. (1968). Estimates of the regression coefficient based on
    Kendall's tau. Journal of the American Statistical Association, 63, 1379-1389.

    Parameters
    ----------
    slope, low, high : float
        Minutes more for `PER` cases more, and the ends of its 95 % confidence interval.
    """

    slope: float
    low: float
    high: float


def case_works(
    folder: WorkFolder, rows: Iterable[Row], works: Iterable[OrganWork]
) -> dict[str, tuple[CaseWork, ...]]:
    """Work of each person on cases, by their name, in the order of their first saves.

    Parameters
    ----------
    folder : WorkFolder
    rows : iterable of Row
    works : iterable of OrganWork
        What came of it, of the same cases; see `measuring_effort`.
    """
    measured: dict[str, list[OrganWork]] = {}
    for work in works:
        measured.setdefault(work.case, []).append(work)
    found: dict[str, list[CaseWork]] = {}
    for row in rows:
        entries = corrections_of(report_beside(folder.current_of(row.record)))
        people = sorted({str(entry.get("user", "")) for entry in entries})
        of_case = measured.get(row.name, []) if len(people) == 1 else []
        for person in people:
            own = [entry for entry in entries if str(entry.get("user", "")) == person]
            found.setdefault(person, []).append(_case_work(row.name, person, own, of_case))
    return {person: tuple(sorted(found[person], key=_when)) for person in sorted(found)}


def running_median(values: Sequence[float]) -> tuple[tuple[int, float], ...]:
    """Median of each `WINDOW` values in a row, with the place of the middle one.

    Examples
    --------
    >>> from napari_abdoseg.worklist.effort.case_effort import running_median
    >>> running_median([9, 8, 7, 30, 6, 5, 4, 3])
    ((3, 7), (4, 6))
    """
    return tuple(
        (start + WINDOW // 2, statistics.median(values[start : start + WINDOW]))
        for start in range(len(values) - WINDOW + 1)
    )


def trend_of(minutes: Sequence[float]) -> Trend | None:
    """How minutes change from case to case; None of fewer than `FEW` cases."""
    if len(minutes) < FEW:
        return None
    from scipy.stats import theilslopes

    slopes: Any = theilslopes
    found = slopes(minutes, alpha=CONFIDENCE)
    slope, low, high = (PER * float(each) for each in (found[0], found[2], found[3]))
    return Trend(slope, low, high)


def trend_words(minutes: Sequence[float]) -> str:
    """What can be said of whether correcting gets faster."""
    trend = trend_of(minutes)
    if trend is None:
        cases = f"{len(minutes)} case{'' if len(minutes) == 1 else 's'}"
        return f"{cases}: too few to tell whether correcting gets faster; {FEW} are needed."
    if trend.high < 0:
        return (
            f"Correcting gets faster: {-trend.slope:.1f} minutes less for {PER} cases more (95 % "
            f"interval {-trend.high:.1f} to {-trend.low:.1f})."
        )
    if trend.low > 0:
        return (
            f"Correcting gets slower: {trend.slope:.1f} minutes more for {PER} cases more (95 % "
            f"interval {trend.low:.1f} to {trend.high:.1f})."
        )
    return (
        f"No change that can be told from chance: {signed(trend.slope, 1)} minutes for {PER} cases "
        f"more (95 % interval {signed(trend.low, 1)} to {signed(trend.high, 1)})."
    )


def _case_work(
    case: str, person: str, entries: Sequence[dict[str, Any]], measured: Sequence[OrganWork]
) -> CaseWork:
    noted = noted_work(case, entries).values()
    whens = sorted(map(_parsed, (str(entry.get("when", "")) for entry in entries)))
    return CaseWork(
        *(case, person, "" if whens[0] == _UNKNOWN else whens[0].isoformat()),
        sum(work.seconds for work in noted) / 60 if _have_minutes(entries) else None,
        sum(map(_strokes, entries)),
        _summed([work.path_mm for work in measured]),
        *(
            _mean([getattr(work, name) for work in measured])
            for name in ("dsc_of_both", "dsc_before", "dsc_after", "nsd_before", "nsd_after")
        ),
    )


def _have_minutes(entries: Iterable[dict[str, Any]]) -> bool:
    return any(isinstance(entry.get("effort"), dict) for entry in entries)


def _strokes(entry: dict[str, Any]) -> int:
    """Strokes of a save; one that changes two organs is one."""
    told = entry.get("strokes")
    counts = told.values() if isinstance(told, dict) else ()
    return sum(count for count in counts if isinstance(count, int))


def _when(work: CaseWork) -> tuple[datetime, str]:
    return _parsed(work.first), work.case


def _parsed(when: str) -> datetime:
    """A moment; of what is none, one after all others."""
    try:
        told = datetime.fromisoformat(when)
    except ValueError:
        return _UNKNOWN
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def _summed(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None
