"""Where the folds of an ensemble disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.inference.export.merging import merge_classes
from napari_abdoseg.inference.export.scan_axes import Neighbours, inner_axes
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.network.class_map import map_winners
from napari_abdoseg.inference.network.prediction import PredictionOnScan
from napari_abdoseg.inference.preprocessing.axis_order import (
    box_from_network_order,
    from_network_order,
)
from napari_abdoseg.inference.preprocessing.scan_crop import ScanCrop
from napari_abdoseg.inference.review.pairwise_dice import PairwiseDice
from napari_abdoseg.progress import counted

if TYPE_CHECKING:
    import torch

CUBIC_MM_IN_ML = 1000


@dataclass(frozen=True, eq=False)
class Disagreement:
    """Folds that find another organ than all of them together, kept at the networks' spacing.

    Parameters
    ----------
    folds : int
        Folds that had a say.
    grid : Grid
        Of the scan.
    votes : tuple of Votes
        One a configuration; none if they had nothing to look at.
    """

    folds: int
    grid: Grid
    votes: tuple[Votes, ...]

    @classmethod
    def between_folds(cls, predictions: Sequence[PredictionOnScan], grid: Grid) -> Disagreement:
        """Disagreement of the folds of some configurations."""
        votes = tuple(map(Votes.of, predictions))
        return cls(sum(each.folds for each in votes), grid, votes)

    def agreement(self, fold: int | None = None) -> dict[Organ, float]:
        """Mean DSC of each organ between two folds of a configuration, see `PairwiseDice`.

        The mean over configurations, of those with several folds. Organs that no fold finds are
        left out.

        Parameters
        ----------
        fold : int, optional
            Number of the only fold whose pairs count; all by default.
        """
        found: dict[Organ, list[float]] = {}
        for votes in self.votes:
            pairs = votes.pairwise
            for number, score in (pairs.mean() if fold is None else pairs.of_fold(fold)).items():
                found.setdefault(votes.organ(number), []).append(score)
        return {organ: sum(scores) / len(scores) for organ, scores in sorted(found.items())}

    def on_scan(self) -> NDArray[np.uint8]:
        """Number of dissenting folds of each voxel of the scan, shape (z, y, x)."""
        if not self.votes:
            return np.zeros(self.grid.shape, np.uint8)
        first, *others = (votes.on_scan(self.grid) for votes in self.votes)
        for other in others:
            first += other
        return first

    def label_map(self) -> LabelMap:
        """Number of dissenting folds as labels, so that they travel with their meaning."""
        counts = tuple(
            Organ(count, counted(count, "dissenting fold")) for count in range(1, self.folds + 1)
        )
        return LabelMap(self.on_scan(), self.grid, counts)


@dataclass(frozen=True, eq=False)
class Votes:
    """Dissenting folds of one configuration, in the axis order of its networks.

    Parameters
    ----------
    folds : int
    dissenting : Tensor of uint8, shape (*region)
        How many folds dissent.
    at_stake : Tensor of uint8 or int16, shape (*region)
        Number of the class that the ensemble finds, or else a fold.
    inside : tuple of slice
        The scan's voxels that lie between them.
    axes : tuple of Neighbours
        How they do.
    crop : ScanCrop
        The part of the scan that networks were shown.
    trained : TrainedConfiguration
    pairwise : PairwiseDice
        How far folds agree on each organ.
    """

    folds: int
    dissenting: torch.Tensor
    at_stake: torch.Tensor
    inside: tuple[slice, ...]
    axes: tuple[Neighbours, ...]
    crop: ScanCrop
    trained: TrainedConfiguration
    pairwise: PairwiseDice = field(default_factory=PairwiseDice)

    @classmethod
    def of(cls, on_scan: PredictionOnScan) -> Votes:
        """Votes of the folds of a prediction."""
        import torch

        trained, found = on_scan.trained, on_scan.prediction.fold_winners
        winners = map_winners(on_scan.prediction.logits, trained.model.described.has_regions)
        winners, *folds = (merge_classes(each, trained) for each in (winners, *found))
        dissenting = torch.zeros(winners.shape, dtype=torch.uint8)
        others = torch.zeros_like(winners)
        for fold in folds:
            dissenting += fold != winners
            torch.maximum(others, fold, out=others)
        at_stake = torch.where(winners > 0, winners, others)
        inside, axes = zip(*inner_axes(on_scan), strict=True)
        pairwise = PairwiseDice.of(winners, dissenting, folds)
        return cls(len(folds), dissenting, at_stake, inside, axes, on_scan.crop, trained, pairwise)

    @property
    def spacing(self) -> tuple[float, ...]:
        """mm along the axes of the networks."""
        return tuple(self.trained.image_spacing(self.crop.spacing))

    @property
    def voxel_volume(self) -> float:
        """Volume of a voxel in ml."""
        return prod(self.spacing) / CUBIC_MM_IN_ML

    def organ(self, number: int) -> Organ:
        """Organ of the number of a class."""
        value = self.trained.class_values[number]
        return next(organ for organ in self.trained.model.organs if organ.value == value)

    def on_scan(self, grid: Grid) -> NDArray[np.uint8]:
        """Dissenting folds at the network's voxel that is nearest, shape (z, y, x)."""
        dissenting = self.dissenting
        for number, axis in enumerate(self.axes):
            dissenting = dissenting.index_select(number, axis.nearest)
        whole = np.zeros(self.crop.scan_shape, np.uint8)
        whole[self.inside] = dissenting.numpy()
        turned = whole.transpose(self.trained.model.planned.transpose_backward)
        return from_network_order(turned, grid, self.trained)

    def box_on_scan(self, place: Sequence[slice], grid: Grid) -> Box:
        """The scan's voxels that are nearest to some of the network's, one at least.

        Parameters
        ----------
        place : sequence of slice
            Index into ``dissenting``.
        grid : Grid
            Of the scan.
        """
        extents = []
        for part, inside, axis in zip(place, self.inside, self.axes, strict=True):
            nearest = axis.nearest.numpy()
            start = min(int(np.searchsorted(nearest, part.start)), len(nearest) - 1)
            stop = max(int(np.searchsorted(nearest, part.stop)), start + 1)
            extents.append(slice(inside.start + start, inside.start + stop))
        turned = [extents[axis] for axis in self.trained.model.planned.transpose_backward]
        return box_from_network_order(turned, grid, self.trained)
