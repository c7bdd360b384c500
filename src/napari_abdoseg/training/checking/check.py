"""A whole data set looked at before training."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.processes import over_processes
from napari_abdoseg.progress import Work
from napari_abdoseg.training.checking.duplicates import duplicate_problems
from napari_abdoseg.training.checking.examine import examine
from napari_abdoseg.training.checking.facts import CaseFacts
from napari_abdoseg.training.checking.file_problems import file_problems
from napari_abdoseg.training.checking.mirrored_images import mirrored_image_problems
from napari_abdoseg.training.checking.outliers import outlier_problems
from napari_abdoseg.training.checking.places import place_problems
from napari_abdoseg.training.checking.problem import Kind, Problem
from napari_abdoseg.training.raw_dataset import RawCase, RawDataset, read_raw_dataset

AT_ONCE = {Kind.READING}
"""What is told as soon as it is found, for it may take long to mend."""


@dataclass(frozen=True)
class Check:
    """What is known of a data set.

    Parameters
    ----------
    dataset : RawDataset
    facts : tuple of CaseFacts
        In the order of the data set's cases.
    problems : tuple of Problem
        Those that ruin training first, then by case.
    """

    dataset: RawDataset
    facts: tuple[CaseFacts, ...]
    problems: tuple[Problem, ...]

    @property
    def ruined(self) -> bool:
        """Whether anything ruins training."""
        return any(problem.ruins for problem in self.problems)

    def of_case(self, case: str) -> tuple[Problem, ...]:
        """Problems of one case."""
        return tuple(problem for problem in self.problems if problem.case == case)


def checking(folder: Path, workers: int = 1) -> Work[Check]:
    """Look at each case of a data set in nnU-Net's raw format, and compare them.

    A file that can't be read is told at once, and the others are still looked at.

    Parameters
    ----------
    folder : Path
        With ``imagesTr``, ``labelsTr`` and ``dataset.json``.
    workers : int, optional
        Processes that share the cases.

    Raises
    ------
    DatasetError
        The folder is no such data set.
    """
    dataset = read_raw_dataset(folder)
    look = partial(examine, dataset=dataset)
    outcomes = yield from over_processes(look, dataset.cases, workers, "Looking at cases", _tell)
    facts = tuple(map(_facts, dataset.cases, outcomes))
    problems = [
        *file_problems(dataset),
        *(problem for fact in facts for problem in fact.problems),
        *outlier_problems(facts, dataset.organs, dataset.reorients),
        *place_problems(facts, dataset.organs),
        *mirrored_image_problems(facts, dataset.organs),
        *duplicate_problems(facts),
    ]
    problems.sort(key=lambda problem: (not problem.ruins, problem.case))
    return Check(dataset, facts, tuple(problems))


def _facts(case: RawCase, outcome: CaseFacts | AbdosegError) -> CaseFacts:
    """Facts of a case whose process died are that it did."""
    if isinstance(outcome, CaseFacts):
        return outcome
    problem = Problem(case.name, Kind.READING, f"{case.name} can't be looked at. {outcome}")
    return CaseFacts(case.name, case.test, (problem,))


def _tell(case: RawCase, outcome: CaseFacts | AbdosegError) -> str | None:
    found = _facts(case, outcome).problems
    return " ".join(problem.message for problem in found if problem.kind in AT_ONCE) or None
