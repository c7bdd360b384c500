"""The cases in which an organ was found worst, each with a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from napari_abdoseg.errors import AbdosegError, ImageError
from napari_abdoseg.evaluation.alignment import GridRule
from napari_abdoseg.evaluation.case_scores import read_pair
from napari_abdoseg.evaluation.cohort import CohortScores
from napari_abdoseg.evaluation.label_schemes import Schemes
from napari_abdoseg.evaluation.pairs import Pair
from napari_abdoseg.evaluation.processes import over_processes
from napari_abdoseg.evaluation.report.picture import draw, worst_slice
from napari_abdoseg.evaluation.score import Score
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.volumes import read_volume
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.progress import Work

CASES_PER_ORGAN = 3


@dataclass(frozen=True)
class WorstCase:
    """An organ of a case, with its worst slice.

    Parameters
    ----------
    case : str
    score : Score
    slice_index, slices : int
        Which axial slice is shown, counted from 0 at the feet, and how many there are.
    png : bytes
    note : str
        Why there is no CT in the picture, though one was given.
    """

    case: str
    score: Score
    slice_index: int
    slices: int
    png: bytes
    note: str


@dataclass(frozen=True)
class _Task:
    pair: Pair
    image: Path | None
    scores: tuple[Score, ...]


def find_worst(cohort: CohortScores) -> dict[str, list[tuple[str, Score]]]:
    """The cases of lowest DSC, then NSD, of each organ; none that is perfect."""
    worst = {}
    for organ in cohort.organs:
        false = [item for item in cohort.of_organ(organ).items() if item[1].dsc < 1]
        false.sort(key=lambda item: (item[1].dsc, item[1].nsd))
        worst[organ] = false[:CASES_PER_ORGAN]
    return worst


def drawing_worst(
    cohort: CohortScores, images: Mapping[str, Path], workers: int = 1
) -> Work[dict[str, list[WorstCase]]]:
    """Draw the worst cases of each organ.

    Parameters
    ----------
    cohort : CohortScores
    images : mapping of str to Path
        CT of a case, where there is one.
    workers : int, optional

    Returns
    -------
    dict of str to list of WorstCase
        By organ, the worst first.
    """
    worst = find_worst(cohort)
    scores: dict[str, list[Score]] = {}
    for of_organ in worst.values():
        for case, score in of_organ:
            scores.setdefault(case, []).append(score)
    tasks = [
        _Task(cohort.pair(case), images.get(case), tuple(of_case))
        for case, of_case in scores.items()
    ]
    draw_task = partial(_draw_case, schemes=cohort.schemes, rule=cohort.rule)
    outcomes = yield from over_processes(draw_task, tasks, workers, "Drawing the worst cases")
    drawn = {
        (picture.case, picture.score.organ.name): picture
        for outcome in outcomes
        if not isinstance(outcome, AbdosegError)
        for picture in outcome
    }
    return {
        organ: [drawn[case, organ] for case, _ in of_organ if (case, organ) in drawn]
        for organ, of_organ in worst.items()
    }


def _draw_case(task: _Task, schemes: Schemes, rule: GridRule) -> tuple[WorstCase, ...]:
    matched = read_pair(task.pair, schemes, rule)
    grid = matched.reference.grid
    scan, note = _scan(task.image, grid)
    pictures = []
    for score in task.scores:
        error = worst_slice(matched, score.organ)
        png = draw(error, grid.spacing[1:], scan)
        pictures.append(WorstCase(task.pair.case, score, error.index, grid.shape[0], png, note))
    return tuple(pictures)


def _scan(path: Path | None, grid: Grid) -> tuple[Volume | None, str]:
    """The CT, or why there is none."""
    if path is None:
        return None, ""
    try:
        scan = read_volume(path)
    except ImageError as error:
        return None, str(error)
    if not scan.grid.matches(grid, 0.1 * min(grid.spacing)):
        return None, f"{path.name} is not on the grid of its labels."
    return scan, ""
