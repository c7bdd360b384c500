"""Where the folds of an ensemble disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.inference.axis_order import from_network_order
from napari_abdoseg.inference.prediction import Prediction
from napari_abdoseg.inference.preprocessing import Properties
from napari_abdoseg.inference.scan_axes import Neighbours, scan_axes
from napari_abdoseg.inference.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.winners import map_winners

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Disagreement:
    """Folds that find another organ than all of them together, kept at the networks' spacing.

    Parameters
    ----------
    folds : int
        Folds that had a say.
    grid : Grid
        Of the scan.
    """

    folds: int
    grid: Grid
    _votes: tuple[_Votes, ...]

    @classmethod
    def between_folds(
        cls, predictions: Sequence[tuple[Prediction, Properties]], grid: Grid
    ) -> Disagreement:
        """Disagreement of the folds of some configurations."""
        votes = tuple(_Votes.of(*prediction) for prediction in predictions)
        folds = sum(len(prediction.fold_winners) for prediction, _ in predictions)
        return cls(folds, grid, votes)

    def on_scan(self) -> NDArray[np.uint8]:
        """Number of dissenting folds of each voxel of the scan, shape (z, y, x)."""
        first, *others = (votes.on_scan(self.grid) for votes in self._votes)
        for other in others:
            first += other
        return first


@dataclass(frozen=True, eq=False)
class _Votes:
    """Dissenting folds of one configuration.

    Parameters
    ----------
    dissenting : Tensor of uint8, shape (*region)
    axes : sequence of Neighbours
        Along which the scan's voxels lie between them.
    """

    dissenting: torch.Tensor
    axes: list[Neighbours]
    properties: Properties
    trained: TrainedConfiguration

    @classmethod
    def of(cls, prediction: Prediction, properties: Properties) -> _Votes:
        import torch

        winners = map_winners(prediction.logits, prediction.trained.label_manager.has_regions)
        dissenting = torch.zeros(winners.shape, dtype=torch.uint8)
        for fold in prediction.fold_winners:
            dissenting += fold != winners
        return cls(dissenting, scan_axes(prediction, properties), properties, prediction.trained)

    def on_scan(self, grid: Grid) -> NDArray[np.uint8]:
        """Of the network's voxel that is nearest, shape (z, y, x)."""
        votes = self.dissenting
        for axis, neighbours in enumerate(self.axes):
            votes = votes.index_select(axis, neighbours.nearest)
        whole = np.zeros(self.properties["shape_before_cropping"], np.uint8)
        crop = self.properties["bbox_used_for_cropping"]
        whole[tuple(slice(*extent) for extent in crop)] = votes.numpy()
        turned = whole.transpose(self.trained.plans.transpose_backward)
        return from_network_order(turned, grid, self.trained)
