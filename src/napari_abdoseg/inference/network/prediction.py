"""What the folds of a configuration say of a scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.preprocessing.scan_crop import ScanCrop

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Prediction:
    """Logits at the networks' spacing and in their axis order.

    Parameters
    ----------
    trained : TrainedConfiguration
    shape : tuple of int
        (z, y, x) of the preprocessed image.
    region : tuple of slice
        Part of the image that was looked at; beyond it all is background.
    logits : Tensor of float16, shape (class, *region)
        Mean over folds and mirrorings, in main memory.
    fold_winners : tuple of Tensor of uint8 or int16, shape (*region)
        Number of the class that each fold alone gives a voxel; see `find_winners`.
    passes : int
        Passes of a network that it took.
    passes_everywhere : int
        Passes of all members over the whole image.
    """

    trained: TrainedConfiguration
    shape: tuple[int, ...]
    region: tuple[slice, ...]
    logits: torch.Tensor
    fold_winners: tuple[torch.Tensor, ...]
    passes: int
    passes_everywhere: int

    def whole_logits(self) -> torch.Tensor:
        """Logits of the whole image, shape (class, *shape); beyond the region its ends repeat."""
        import torch

        logits = self.logits
        for axis, (part, size) in enumerate(zip(self.region, self.shape, strict=True), 1):
            nearest = torch.arange(size).clamp(part.start, part.stop - 1) - part.start
            logits = logits.index_select(axis, nearest)
        return logits


@dataclass(frozen=True, eq=False)
class PredictionOnScan:
    """A prediction, and the part of a scan that it is of.

    Parameters
    ----------
    prediction : Prediction
    crop : ScanCrop
    """

    prediction: Prediction
    crop: ScanCrop

    @property
    def trained(self) -> TrainedConfiguration:
        """The configuration whose prediction it is."""
        return self.prediction.trained


def whole_prediction(
    trained: TrainedConfiguration,
    logits: torch.Tensor,
    fold_winners: tuple[torch.Tensor, ...],
    passes: int,
) -> Prediction:
    """A prediction of all members for the whole image."""
    shape = tuple(logits.shape[1:])
    whole = tuple(slice(0, size) for size in shape)
    return Prediction(trained, shape, whole, logits, fold_winners, passes, passes)
