"""Logits of overlapping tiles, summed up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.network.class_map import map_winners
from napari_abdoseg.inference.network.tiling import Tile, Tiling

if TYPE_CHECKING:
    import torch

    from napari_abdoseg.inference.network.class_parts import Parts

GAUSSIAN_PEAK = 10.0
CERTAIN = 10.0
"""Logit of background where no tile looks; of regions, which have none, its negative."""


@dataclass(frozen=True, eq=False)
class Accumulator:
    """Weighted logits, and weights, which fall off from the middle of a tile.

    Parameters
    ----------
    logits : Tensor, shape (class, z, y, x)
    weights : Tensor, shape (z, y, x)
    gaussian : Tensor, shape (*patch)
        Weights of a tile's voxels.
    tiling : Tiling
    regions : bool
        Whether classes are regions that may overlap.
    """

    logits: torch.Tensor
    weights: torch.Tensor
    gaussian: torch.Tensor

    tiling: Tiling
    regions: bool

    @classmethod
    def empty(
        cls,
        trained: TrainedConfiguration,
        tiling: Tiling,
        dtype: torch.dtype,
        device: torch.device,
    ) -> Self:
        """Sums of nothing yet."""
        import torch
        from nnunetv2.inference.sliding_window_prediction import compute_gaussian

        shape = tuple(tiling.padded.shape[1:])
        classes = trained.model.described.heads
        gaussian = compute_gaussian(
            tuple(trained.planned.patch_size),
            sigma_scale=1 / 8,
            value_scaling_factor=GAUSSIAN_PEAK,
            device=device,
        )
        logits = torch.zeros((classes, *shape), dtype=dtype, device=device)
        weights = torch.zeros(shape, dtype=dtype, device=device)
        return cls(logits, weights, gaussian, tiling, trained.model.described.has_regions)

    def add(self, tile: Tile, prediction: Parts) -> None:
        """Add the logits of a tile, some classes at a time."""
        for classes, logits in prediction:
            self.logits[(classes, *tile[1:])] += logits.to(self.logits.device) * self.gaussian
        self.weights[tile[1:]] += self.gaussian

    def fill(self, mean: torch.Tensor) -> None:
        """Hold what all tiles add up to, from the mean of the image, shape (class, z, y, x)."""
        for tile in self.tiling.tiles:
            self.weights[tile[1:]] += self.gaussian
        inside = self.tiling.inside
        self.logits[(slice(None), *inside)] = mean.to(self.logits) * self.weights[inside]

    def include(self, other: Accumulator) -> None:
        """Add all that other sums of the same tiling hold."""
        self.logits.add_(other.logits)
        self.weights.add_(other.weights)

    def winners(self) -> torch.Tensor:
        """Number of the class that wins at each voxel of the padded image; see `find_winners`."""
        return map_winners(self.logits, self.regions)

    def mean(self) -> torch.Tensor:
        """Logits of the image, half precision, on the device of the sums, which are gone then.

        Raises
        ------
        ModelError
            They are no numbers, or beyond what half precision can hold.
        """
        import torch

        unseen = self.weights == 0
        logits = torch.div(self.logits, self.weights, out=self.logits).half()
        if unseen.any():
            background = slice(None) if self.regions else slice(1)
            logits[:, unseen] = 0
            logits[background, unseen] = -CERTAIN if self.regions else CERTAIN
        if not all(torch.isfinite(each).all() for each in logits):
            raise ModelError(
                "The network's output is no number, or beyond what half precision can hold: the "
                "weights are damaged; copy the model folder again."
            )
        return logits[(slice(None), *self.tiling.inside)]
