"""What comes of a segmentation, and what was done for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.inference.export.scan_axes import scan_region
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.network.prediction import PredictionOnScan
from napari_abdoseg.inference.preprocessing.axis_order import box_from_network_order
from napari_abdoseg.inference.preset import Preset
from napari_abdoseg.inference.review.disagreement import Disagreement
from napari_abdoseg.logits.kept import KeptLogits


@dataclass(frozen=True, eq=False)
class Share:
    """What one configuration did.

    Parameters
    ----------
    trained : TrainedConfiguration
    folds : tuple of str
        Folds that worked.
    passes : int
        Passes of a network.
    passes_everywhere : int
        Passes that all folds and mirrorings would need for the whole scan.
    region : Box or None
        Where all of them worked; None if there was nothing for them to look at.
    """

    trained: TrainedConfiguration
    folds: tuple[str, ...]
    passes: int
    passes_everywhere: int
    region: Box | None

    @classmethod
    def of(cls, on_scan: PredictionOnScan, grid: Grid) -> Self:
        """Share of a prediction for a scan."""
        trained, prediction = on_scan.trained, on_scan.prediction
        return cls(
            trained,
            trained.folds[: len(prediction.fold_winners)],
            prediction.passes,
            prediction.passes_everywhere,
            box_from_network_order(scan_region(on_scan), grid, trained),
        )

    @classmethod
    def none(cls, trained: TrainedConfiguration, preset: Preset) -> Self:
        """Of a configuration that had nothing to look at."""
        return cls(trained, preset.used(trained.folds), 0, 0, None)


@dataclass(frozen=True, eq=False)
class Segmentation:
    """Organs of a scan, and how they were found.

    Parameters
    ----------
    labels : LabelMap
    shares : tuple of Share
        One a configuration.
    disagreement : Disagreement
        Of all folds.
    logits : KeptLogits, optional
        If they were to be kept, and can be.
    no_logits : str
        Why they can't, in a sentence.
    """

    labels: LabelMap
    shares: tuple[Share, ...]
    disagreement: Disagreement
    logits: KeptLogits | None = None
    no_logits: str = ""

    @property
    def networks_sha256(self) -> str:
        """SHA-256 of the folds that found the organs, and of what describes them."""
        last = self.shares[-1]
        return last.trained.sha256(last.folds)
