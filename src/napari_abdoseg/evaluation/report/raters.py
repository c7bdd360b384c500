"""The page on how far people agree, which needs no other file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from napari_abdoseg.evaluation.definitions import tolerance_text
from napari_abdoseg.evaluation.label_schemes import PREDICTION, REFERENCE
from napari_abdoseg.evaluation.raters import EMPTY, Agreement, statistics_of
from napari_abdoseg.evaluation.report import box_plot, picture
from napari_abdoseg.evaluation.report.heat import heat_map
from napari_abdoseg.evaluation.report.page import HOME, box_plots, colors_of, page_environment
from napari_abdoseg.evaluation.report.worst import WorstCase

FIRST, SECOND = "the first named", "the second named"


@dataclass(frozen=True)
class Row:
    """An organ and two people; values are mean, SD and median of DSC, then of NSD."""

    organ: str
    people: tuple[str, str]
    cases: int
    values: tuple[float, ...]


def render_raters(
    agreement: Agreement, worst: Mapping[str, list[WorstCase]], left_out: Sequence[str] = ()
) -> str:
    """The page as HTML; names are escaped, pictures are inside.

    Parameters
    ----------
    agreement : Agreement
    worst : mapping of str to list of WorstCase
        By organ.
    left_out : sequence of str, optional
        Sentences on what was not compared.
    """
    environment = page_environment()
    environment.filters["emptiness"] = EMPTY.get
    people = agreement.people
    page: str = environment.get_template("raters.html.j2").render(
        style=(HOME / "page.css").read_text(encoding="utf-8"),
        cohort=agreement.cohort,
        people=tuple(dict.fromkeys(name for each in people for name in each)),
        pair=people[0] if len(people) == 1 else (FIRST, SECOND),
        cases=len({agreement.drawn[case.case].case for case in agreement.cohort.cases}),
        left_out=left_out,
        rows=tuple(_rows(agreement)),
        tolerance=tolerance_text(agreement.cohort),
        definitions=_definitions(agreement),
        colors=colors_of(agreement.cohort),
        plots=box_plots(agreement.cohort),
        layout=box_plot,
        heat=heat_map(agreement.cohort),
        worst=worst,
        picture=picture,
        version=version("napari-abdoseg"),
    )
    return page


def _rows(agreement: Agreement) -> Iterator[Row]:
    for organ in agreement.cohort.organs:
        for people in agreement.people:
            if scores := agreement.between(people, organ):
                values = statistics_of([*scores.values()]).values()
                yield Row(organ, people, len(scores), tuple(values))


def _definitions(agreement: Agreement) -> tuple[tuple[str, str], ...]:
    """What the numbers mean where neither of two label maps is taken for the truth."""
    cohort = agreement.cohort
    return (
        ("DSC", "Dice similarity coefficient, 2 |A ∩ B| / (|A| + |B|) of two people's voxels."),
        (
            "NSD",
            "Normalized surface Dice: the share of both surfaces' area that lies within the "
            "tolerance of the other surface. Like DSC it is the same whoever comes first.",
        ),
        ("Tolerance", tolerance_text(cohort)),
        (
            "Empty masks",
            "Where neither has drawn an organ DSC and NSD are 1, where one has not they are 0. SD "
            "is that of the sample (n − 1).",
        ),
        (
            "Who is compared",
            "What each has drawn last of a case. Who corrects a prediction agrees with others who "
            "correct the same one more than people do who draw from nothing.",
        ),
        *(("Names of organs", _of_two(sentence)) for sentence in cohort.naming),
    )


def _of_two(sentence: str) -> str:
    """What is said of a prediction and its reference, said of two people."""
    of_first = sentence.replace(PREDICTION, "First").replace(PREDICTION.lower(), "first")
    return of_first.replace(REFERENCE, "Second").replace(REFERENCE.lower(), "second")
