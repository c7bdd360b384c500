"""A page on how much work corrections were, and whether it gets less; it needs no other file."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain
from pathlib import Path

from napari_abdoseg.correction.journal.holder import moment
from napari_abdoseg.evaluation.report import page as report
from napari_abdoseg.worklist.effort import curve_plot
from napari_abdoseg.worklist.effort.case_effort import (
    CONFIDENCE,
    FEW,
    PATH_UNIT,
    PER,
    WINDOW,
    CaseWork,
    running_median,
    trend_words,
)
from napari_abdoseg.worklist.effort.curve_plot import CurvePlot, Range, Series
from napari_abdoseg.worklist.effort.effort import TOLERANCES, OrganWork

HOME = Path(__file__).parent
VALUES = {
    "minutes": "Minutes",
    "strokes": "Strokes",
    "path_mm": "Added path length, mm",
    "minutes_per_path": f"Minutes for {PATH_UNIT:.0f} mm of added path",
}
"""What is shown over cases, with a running median."""
CHANGED = "DSC of the label map before and after"
TO_REFERENCE = {"dsc": "DSC to the reference", "nsd": "NSD to the reference"}
"""Shown before and after corrections."""


@dataclass(frozen=True)
class Person:
    """What a person has done.

    Parameters
    ----------
    name : str
    cases : int
    minutes, median : float or None
        Of all cases, and of a case; None where none were noted.
    words : str
        Whether it gets less.
    plots : tuple of CurvePlot
    """

    name: str
    cases: int
    minutes: float | None
    median: float | None
    words: str
    plots: tuple[CurvePlot, ...]


@dataclass(frozen=True)
class Organ:
    """Work on an organ in all cases; ``share`` is that of all minutes."""

    name: str
    cases: int
    minutes: float
    share: float
    median: float
    path_mm: float | None
    dsc_of_both: float | None


def render_effort(people: Mapping[str, Sequence[CaseWork]], works: Sequence[OrganWork]) -> str:
    """The page as HTML; names are escaped.

    Parameters
    ----------
    people : mapping of str to sequence of CaseWork
        See `case_works`.
    works : sequence of OrganWork
    """
    axes = _axes(people)
    page: str = (
        report.page_environment(HOME)
        .get_template("effort.html.j2")
        .render(
            style=(report.HOME / "page.css").read_text(encoding="utf-8")
            + (HOME / "effort.css").read_text(encoding="utf-8"),
            people=[_person(name, cases, axes) for name, cases in people.items()],
            organs=tuple(_organs(works)),
            cases=len({work.case for work in works}),
            minutes=sum(work.seconds for work in works) / 60,
            layout=curve_plot,
            few=FEW,
            window=WINDOW,
            per=PER,
            confidence=CONFIDENCE,
            tolerance=f"{TOLERANCES.default_mm:g} mm",
            version=version("napari-abdoseg"),
        )
    )
    return page


def _axes(people: Mapping[str, Sequence[CaseWork]]) -> dict[str, Range]:
    """An axis for each value, the same for all people, so that they can be compared."""
    works = [work for cases in people.values() for work in cases]
    axes = {name: Range.of(_known(works, name).values()) for name in VALUES}
    both = _known(works, "dsc_of_both").values()
    axes[CHANGED] = Range.of([*both, 1.0], None)
    for name in TO_REFERENCE:
        known = (_known(works, f"{name}_{part}").values() for part in ("before", "after"))
        axes[name] = Range.of([*chain.from_iterable(known), 1.0], None)
    return axes


def _person(name: str, cases: Sequence[CaseWork], axes: Mapping[str, Range]) -> Person:
    minutes = [*_known(cases, "minutes").values()]
    return Person(
        name or "somebody",
        len(cases),
        sum(minutes) if minutes else None,
        statistics.median(minutes) if minutes else None,
        trend_words(minutes) if minutes else "No minutes were noted of these cases.",
        tuple(_plots(cases, axes)),
    )


def _plots(cases: Sequence[CaseWork], axes: Mapping[str, Range]) -> Iterator[CurvePlot]:
    for name, title in VALUES.items():
        if values := _known(cases, name):
            places = [*values]
            line = [(places[at], value) for at, value in running_median([*values.values()])]
            series = Series("", values, _titles(cases, values), line)
            yield curve_plot.curve_plot(title, [series], len(cases), axes[name])
    if values := _known(cases, "dsc_of_both"):
        series = Series("", values, _titles(cases, values))
        yield curve_plot.curve_plot(CHANGED, [series], len(cases), axes[CHANGED])
    for name, title in TO_REFERENCE.items():
        known = {part: _known(cases, f"{name}_{part}") for part in ("before", "after")}
        if any(known.values()):
            both = [Series(part, values, _titles(cases, values)) for part, values in known.items()]
            yield curve_plot.curve_plot(title, both, len(cases), axes[name])


def _known(cases: Sequence[CaseWork], name: str) -> dict[int, float]:
    """Values by the place of their case, where they are known."""
    values = ((place, getattr(case, name)) for place, case in enumerate(cases))
    return {place: float(value) for place, value in values if value is not None}


def _titles(cases: Sequence[CaseWork], values: Mapping[int, float]) -> dict[int, str]:
    return {
        place: f"{cases[place].case}: {value:.4g}, {moment(cases[place].first)}"
        for place, value in values.items()
    }


def _organs(works: Sequence[OrganWork]) -> Iterator[Organ]:
    """The organ with most minutes first."""
    total = sum(work.seconds for work in works) or 1.0
    of_organ: dict[str, list[OrganWork]] = {}
    for work in works:
        of_organ.setdefault(work.organ, []).append(work)
    for name in sorted(of_organ, key=lambda each: -sum(w.seconds for w in of_organ[each])):
        own = of_organ[name]
        seconds = [work.seconds for work in own]
        paths = [work.path_mm for work in own if work.path_mm is not None]
        both = [work.dsc_of_both for work in own if work.dsc_of_both is not None]
        yield Organ(
            *(name, len(own), sum(seconds) / 60, sum(seconds) / total),
            statistics.median(seconds) / 60,
            statistics.median(paths) if paths else None,
            statistics.median(both) if both else None,
        )
