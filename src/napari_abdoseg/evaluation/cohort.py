"""Scores of all cases of two folders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.alignment import GridRule
from napari_abdoseg.evaluation.case_scores import CaseScores, score_case
from napari_abdoseg.evaluation.centre_lines import is_named
from napari_abdoseg.evaluation.label_schemes import Schemes
from napari_abdoseg.evaluation.pairs import Pair, Pairing, find_pairs
from napari_abdoseg.evaluation.processes import over_processes
from napari_abdoseg.evaluation.score import Emptiness, Score
from napari_abdoseg.evaluation.tolerance import FLARE21, Tolerances
from napari_abdoseg.image.nifti.volumes import AnyPath
from napari_abdoseg.progress import Work

NOTHING_SAID = Schemes()


@dataclass(frozen=True)
class CohortScores:
    """Agreement of predictions with references.

    Parameters
    ----------
    cases : tuple of CaseScores
        At least one, sorted by case.
    failed : tuple of (str, str)
        Cases that could not be scored, and why.
    pairing : Pairing
        The files, and cases that one folder alone has.
    schemes : Schemes
        What the user said that labels are called.
    tolerances : Tolerances
    rule : GridRule
        What became of predictions on other grids.
    nowhere : tuple of str
        Names of organs that both sides know and no file has; they have no scores.
    thin : tuple of str
        Names of thin structures, as the user said them.
    """

    cases: tuple[CaseScores, ...]
    failed: tuple[tuple[str, str], ...]
    pairing: Pairing
    schemes: Schemes
    tolerances: Tolerances
    rule: GridRule = GridRule.REFUSE
    nowhere: tuple[str, ...] = ()
    thin: tuple[str, ...] = ()

    @property
    def organs(self) -> tuple[str, ...]:
        """Names of organs, in the order of their values."""
        organs = {score.organ for case in self.cases for score in case.scores}
        return tuple(dict.fromkeys(organ.name for organ in sorted(organs)))

    @property
    def thin_organs(self) -> tuple[str, ...]:
        """Names of the organs whose centre lines were compared."""
        return tuple(organ for organ in self.organs if is_named(organ, self.thin))

    @property
    def unmatched(self) -> tuple[str, ...]:
        """Names of organs that one side alone knows, in any case."""
        return tuple(sorted({name for case in self.cases for name in case.unmatched}))

    @property
    def notices(self) -> tuple[tuple[str, str], ...]:
        """Cases with what must be told of where their label maps lie."""
        return tuple((case.case, notice) for case in self.cases for notice in case.notices)

    @property
    def naming(self) -> tuple[str, ...]:
        """Sentences on how organs were named and matched, and in how many cases."""
        counts = Counter(sentence for case in self.cases for sentence in case.naming)
        every = len(self.cases)
        return tuple(
            sentence if count == every else f"{sentence} ({count} of {every} cases)"
            for sentence, count in counts.items()
        )

    @property
    def complete(self) -> bool:
        """Whether each reference was compared with a prediction."""
        return not self.failed and not self.pairing.missing

    def pair(self, case: str) -> Pair:
        """Files of a case."""
        return next(pair for pair in self.pairing.pairs if pair.case == case)

    def of_organ(self, name: str) -> dict[str, Score]:
        """Scores of an organ by case."""
        return {
            case.case: score
            for case in self.cases
            for score in case.scores
            if score.organ.name == name
        }


def evaluating(
    predictions: AnyPath,
    references: AnyPath,
    tolerances: Tolerances = FLARE21,
    workers: int = 1,
    rule: GridRule = GridRule.REFUSE,
    schemes: Schemes = NOTHING_SAID,
    thin: Sequence[str] = (),
) -> Work[CohortScores]:
    """Score the predictions of a folder, or one file, against references.

    A case that can't be scored is kept in ``failed`` and the others go on.

    Parameters
    ----------
    predictions, references : path-like
        Two folders, whose cases are matched by name, or two files.
    tolerances : Tolerances, optional
        Of the normalized surface Dice.
    workers : int, optional
        Processes that share the cases.
    rule : GridRule, optional
        For predictions on other grids than their reference.
    schemes : Schemes, optional
        What the user says that labels are called.
    thin : sequence of str, optional
        Names of thin structures, whose centre lines are compared too.

    Raises
    ------
    AbdosegError
        The folders have no case in common, or a case twice, no case can be scored, or none has
        an organ that is said to be thin.
    """
    pairing = find_pairs(predictions, references)
    return (yield from evaluating_pairs(pairing, tolerances, workers, rule, schemes, thin))


def evaluating_pairs(
    pairing: Pairing,
    tolerances: Tolerances = FLARE21,
    workers: int = 1,
    rule: GridRule = GridRule.REFUSE,
    schemes: Schemes = NOTHING_SAID,
    thin: Sequence[str] = (),
) -> Work[CohortScores]:
    """The same of label maps that are paired already.

    Raises
    ------
    AbdosegError
        See `evaluating`.
    """
    score = partial(score_case, schemes=schemes, tolerances=tolerances, rule=rule, thin=tuple(thin))
    outcomes = yield from over_processes(score, pairing.pairs, workers, "Comparing")
    scored = tuple(outcome for outcome in outcomes if isinstance(outcome, CaseScores))
    failed = tuple(
        (pair.case, str(outcome))
        for pair, outcome in zip(pairing.pairs, outcomes, strict=True)
        if isinstance(outcome, AbdosegError)
    )
    if not scored:
        raise AbdosegError(f"No case could be compared; {': '.join(failed[0])}")
    _require_known(thin, scored)
    known, nowhere = _only_seen(scored)
    return CohortScores(known, failed, pairing, schemes, tolerances, rule, nowhere, tuple(thin))


def _require_known(thin: Sequence[str], cases: tuple[CaseScores, ...]) -> None:
    names = sorted({score.organ.name for case in cases for score in case.scores})
    for name in thin:
        if not any(is_named(organ, [name]) for organ in names):
            raise AbdosegError(
                f"No organ that both sides have is called {name!r}, whose centre line was to be "
                f"compared: choose of {', '.join(names)}."
            )


def _only_seen(cases: tuple[CaseScores, ...]) -> tuple[tuple[CaseScores, ...], tuple[str, ...]]:
    """Cases with the scores of organs that some file has, and the names of the other organs.

    Raises
    ------
    AbdosegError
        No file has any organ.
    """
    scores = [score for case in cases for score in case.scores]
    seen = {score.organ.name for score in scores if score.emptiness is not Emptiness.BOTH}
    if not seen:
        raise AbdosegError("There is nothing to compare: no label map has a voxel of an organ.")
    only_seen = tuple(
        replace(case, scores=tuple(each for each in case.scores if each.organ.name in seen))
        for case in cases
    )
    names = dict.fromkeys(score.organ.name for score in scores)
    return only_seen, tuple(name for name in names if name not in seen)
