"""How far the folds of an ensemble agree on each organ: their DSC with each other.

The mean over all pairs of members is the score of Zenk et al., Comparative benchmarking of failure
detection methods in medical image segmentation, Medical Image Analysis 101 (2025), 103392, after
Roy et al., Bayesian QuickNAT, NeuroImage 195 (2019), 11-22. As there, two members that find none
of an organ agree on it, and one that finds it does not agree with one that finds none. An organ
that no member finds is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class PairwiseDice:
    """DSC of each organ between each two folds of a configuration.

    Parameters
    ----------
    classes : tuple of int
        Numbers of the classes that any fold finds, background none of them.
    scores : ndarray of float64, shape (class, fold, fold)
        Symmetric; 1 along the diagonal.
    """

    classes: tuple[int, ...] = ()
    scores: NDArray[np.float64] = field(default_factory=lambda: np.ones((0, 0, 0)))

    @classmethod
    def of(
        cls, winners: torch.Tensor, dissenting: torch.Tensor, folds: Sequence[torch.Tensor]
    ) -> PairwiseDice:
        """Count where folds agree; they are compared only where not all of them do.

        Parameters
        ----------
        winners : Tensor of uint8 or int16, shape (z, y, x)
            Number of the class that all folds together find.
        dissenting : Tensor of uint8, shape (z, y, x)
            How many folds find another one.
        folds : sequence of Tensor, of the shape of ``winners``
            What each of them finds.
        """
        contested = dissenting.flatten().nonzero()[:, 0]
        found = [fold.flatten()[contested].int() for fold in folds]
        classes = 1 + max(int(each.max()) for each in (winners, *folds))
        unanimous = sum(_counts(plane.flatten().int(), classes) for plane in winners)
        unanimous -= _counts(winners.flatten()[contested].int(), classes)
        sizes = np.array([unanimous + _counts(fold, classes) for fold in found])
        common = np.array(
            [[unanimous + _counts(one[one == other], classes) for other in found] for one in found]
        )
        there = 1 + np.flatnonzero(sizes[:, 1:].any(0))
        return cls(tuple(there.tolist()), _dice(sizes[:, there], common[:, :, there]))

    @property
    def folds(self) -> int:
        """How many there are."""
        return int(self.scores.shape[1])

    def mean(self) -> dict[int, float]:
        """Mean over all pairs of folds, by class; nothing of a single fold."""
        others = ~np.eye(self.folds, dtype=bool)
        return self._by_class(self.scores[:, others].mean(1)) if self.folds > 1 else {}

    def of_fold(self, number: int) -> dict[int, float]:
        """Mean of the pairs that one fold is of, by class."""
        others = np.arange(self.folds) != number
        return self._by_class(self.scores[:, number, others].mean(1)) if self.folds > 1 else {}

    def _by_class(self, scores: NDArray[np.float64]) -> dict[int, float]:
        return dict(zip(self.classes, scores.tolist(), strict=True))


def _counts(numbers: torch.Tensor, classes: int) -> NDArray[np.int64]:
    import torch

    return np.asarray(torch.bincount(numbers, minlength=classes).numpy())


def _dice(sizes: NDArray[np.int64], common: NDArray[np.int64]) -> NDArray[np.float64]:
    """DSC of each class and pair, of sizes (fold, class) and intersections (fold, fold, class)."""
    both = sizes[:, None] + sizes[None]
    scores = np.divide(2 * common, both, out=np.ones(both.shape), where=both > 0)
    return np.moveaxis(scores, -1, 0)
