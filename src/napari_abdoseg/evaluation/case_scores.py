"""Scores of one case."""

from __future__ import annotations

from dataclasses import dataclass, replace

from napari_abdoseg.evaluation.alignment import align
from napari_abdoseg.evaluation.label_schemes import Matched, Schemes, read_matched
from napari_abdoseg.evaluation.organ_scores import score_organs
from napari_abdoseg.evaluation.pairs import Pair
from napari_abdoseg.evaluation.score import Score
from napari_abdoseg.evaluation.tolerance import Tolerances


@dataclass(frozen=True)
class CaseScores:
    """Agreement of a case's label maps.

    Parameters
    ----------
    case : str
    scores : tuple of Score
        One for each organ that both sides know.
    unmatched : tuple of str
        Names of organs that one side alone knows; they are not compared.
    """

    case: str
    scores: tuple[Score, ...]
    unmatched: tuple[str, ...] = ()


def read_pair(pair: Pair, schemes: Schemes, resample: bool = False) -> Matched:
    """Read a case's label maps on one grid, a value meaning the same organ in both.

    Raises
    ------
    ImageError
        A label map can't be read or holds other labels than its scheme, or the two are
        on different grids and ``resample`` is not set.
    """
    matched = read_matched(pair.prediction, pair.reference, schemes)
    return replace(matched, prediction=align(matched.prediction, matched.reference, resample))


def score_case(
    pair: Pair, schemes: Schemes, tolerances: Tolerances, resample: bool = False
) -> CaseScores:
    """Score the organs of a case.

    Raises
    ------
    ImageError
        As `read_pair`.
    """
    matched = read_pair(pair, schemes, resample)
    scores = score_organs(matched.prediction, matched.reference, tolerances)
    return CaseScores(pair.case, scores, matched.unmatched)
