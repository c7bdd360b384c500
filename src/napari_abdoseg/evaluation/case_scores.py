"""Scores of one case."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from napari_abdoseg.evaluation.alignment import GridRule, align, alignment_notices
from napari_abdoseg.evaluation.ignored_voxels import leave_out_ignored
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
    notices : tuple of str
        What the user must be told of where the label maps lie.
    naming : tuple of str
        How organs were named and matched, where that was not plain; see `Matched`.
    """

    case: str
    scores: tuple[Score, ...]
    unmatched: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    naming: tuple[str, ...] = ()


def read_pair(pair: Pair, schemes: Schemes, rule: GridRule = GridRule.REFUSE) -> Matched:
    """Read a case's label maps on one grid, a value meaning the same organ in both.

    What the reference leaves unlabelled, nnU-Net's ``ignore``, is background in both.

    Raises
    ------
    ImageError
        A label map can't be read or holds other labels than its scheme, or the two can't
        be brought to one grid by the rule.
    """
    return _aligned(read_matched(pair.prediction, pair.reference, schemes), rule)


def _aligned(matched: Matched, rule: GridRule) -> Matched:
    prediction = align(matched.prediction, matched.reference, rule)
    return replace(matched, prediction=leave_out_ignored(prediction, matched.reference))


def score_case(
    pair: Pair,
    schemes: Schemes,
    tolerances: Tolerances,
    rule: GridRule = GridRule.REFUSE,
    thin: Collection[str] = (),
) -> CaseScores:
    """Score the organs of a case, and the centre lines of those that are thin.

    Raises
    ------
    ImageError
        As `read_pair`.
    """
    found = read_matched(pair.prediction, pair.reference, schemes)
    matched = _aligned(found, rule)
    notices = alignment_notices(found.prediction, found.reference, rule)
    scores = score_organs(matched.prediction, matched.reference, tolerances, thin)
    return CaseScores(pair.case, scores, matched.unmatched, notices, matched.naming)
