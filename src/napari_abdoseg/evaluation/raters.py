"""How far people agree who have drawn the same cases: each two of them, case by case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.cohort import CohortScores, evaluating_pairs
from napari_abdoseg.evaluation.metrics_csv import number
from napari_abdoseg.evaluation.pairs import Pair, Pairing
from napari_abdoseg.evaluation.score import Emptiness, Score
from napari_abdoseg.evaluation.summary import METRICS, STATISTICS
from napari_abdoseg.evaluation.tolerance import FLARE21, Tolerances
from napari_abdoseg.image.files.csv_table import csv_text
from napari_abdoseg.image.files.saving import write_text
from napari_abdoseg.progress import Work

CASE_COLUMNS = (
    *("case", "organ", "first", "second", "dsc", "nsd", "hd95_mm", "assd_mm"),
    *("volume_first_ml", "volume_second_ml", "tolerance_mm", "empty"),
)
STATISTIC_COLUMNS = tuple(
    f"{metric.lower()}_{name}" for metric in METRICS for name in ("mean", "sd", "median")
)
COLUMNS = ("organ", "first", "second", "cases", *STATISTIC_COLUMNS)
EMPTY = {
    Emptiness.NEITHER: "",
    Emptiness.BOTH: "both empty",
    Emptiness.PREDICTION: "first empty",
    Emptiness.REFERENCE: "second empty",
}


@dataclass(frozen=True)
class DrawnTwice:
    """A case that two people have drawn.

    Parameters
    ----------
    case : str
    first, second : str
        Who they are.
    of_first, of_second : Path
        Their label maps: files, or folders of a file an organ.
    scan : Path, optional
    """

    case: str
    first: str
    second: str
    of_first: Path
    of_second: Path
    scan: Path | None = None

    @property
    def people(self) -> tuple[str, str]:
        """Who has drawn it."""
        return self.first, self.second


@dataclass(frozen=True)
class Agreement:
    """How far each organ is agreed on by each two people.

    Parameters
    ----------
    cohort : CohortScores
        With the first of two people in the prediction's place and the second in the
        reference's, a case of it being what two people have made of a case.
    drawn : dict of str to DrawnTwice
        By the name that this has there.
    """

    cohort: CohortScores
    drawn: dict[str, DrawnTwice]

    @property
    def people(self) -> tuple[tuple[str, str], ...]:
        """Each two people who have a case in common that could be compared."""
        return tuple(dict.fromkeys(self.drawn[case.case].people for case in self.cohort.cases))

    def between(self, people: tuple[str, str], organ: str) -> dict[str, Score]:
        """Scores of an organ for two people, by case."""
        return {
            self.drawn[name].case: score
            for name, score in self.cohort.of_organ(organ).items()
            if self.drawn[name].people == people
        }


def statistics_of(scores: Sequence[Score]) -> dict[str, float]:
    """Mean, standard deviation and median of DSC and NSD, by column; NaN without a case."""
    columns = iter(STATISTIC_COLUMNS)
    return {
        next(columns): statistic([getattr(score, metric.lower()) for score in scores])
        if scores
        else nan
        for metric in METRICS
        for statistic in STATISTICS.values()
    }


def comparing_raters(
    drawn: Sequence[DrawnTwice], tolerances: Tolerances = FLARE21, workers: int = 1
) -> Work[Agreement]:
    """Compare what people have made of the same cases.

    DSC and NSD are the same whoever is first. A case whose label maps can't be compared is kept
    in ``cohort.failed`` and the others go on.

    Parameters
    ----------
    drawn : sequence of DrawnTwice
        At least one.
    tolerances : Tolerances, optional
        Of the NSD.
    workers : int, optional
        Processes that share the cases.

    Raises
    ------
    AbdosegError
        No case can be compared.
    """
    several = len({each.people for each in drawn}) > 1
    named = {_name(each, several): each for each in drawn}
    if len(named) < len(drawn):
        raise AbdosegError("A case is to be compared twice for the same people: name it once.")
    pairs = tuple(Pair(name, named[name].of_first, named[name].of_second) for name in sorted(named))
    cohort = yield from evaluating_pairs(Pairing(pairs), tolerances, workers)
    return Agreement(cohort, named)


def write_agreement(output: Path, agreement: Agreement) -> tuple[Path, Path]:
    """Write a row an organ and two people, and a row a case of these.

    Parameters
    ----------
    output : Path
        Folder.
    agreement : Agreement

    Returns
    -------
    tuple of Path
        ``agreement.csv`` and ``cases.csv``.

    Raises
    ------
    SaveError
        They could not be written.
    """
    rows, cases = [], []
    for organ in agreement.cohort.organs:
        for people in agreement.people:
            scores = agreement.between(people, organ)
            told = map(number, statistics_of([*scores.values()]).values())
            rows.append([organ, *people, len(scores), *told])
            cases += [[case, organ, *people, *_cells(score)] for case, score in scores.items()]
    write_text(output / "agreement.csv", csv_text(COLUMNS, rows))
    write_text(output / "cases.csv", csv_text(CASE_COLUMNS, cases))
    return output / "agreement.csv", output / "cases.csv"


def _name(drawn: DrawnTwice, several: bool) -> str:
    return f"{drawn.case} ({drawn.first}, {drawn.second})" if several else drawn.case


def _cells(score: Score) -> list[str]:
    measured = (score.dsc, score.nsd, score.hd95_mm, score.assd_mm)
    volumes = (score.volume_prediction_ml, score.volume_reference_ml, score.tolerance_mm)
    return [*map(number, (*measured, *volumes)), EMPTY[score.emptiness]]
