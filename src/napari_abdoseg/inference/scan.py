"""A scan between reading and writing: prepared for networks, and with what they find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from napari_abdoseg.anatomy.orientation.check import ScanAlone
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.network.prediction import PredictionOnScan
from napari_abdoseg.inference.preprocessing.preprocessing import Preprocessed
from napari_abdoseg.inference.result import Share


@dataclass(frozen=True, eq=False)
class PreparedScan:
    """A scan as networks take it.

    Parameters
    ----------
    volume : Volume
    images : tuple of Preprocessed, optional
        One a configuration, of a cascade that of its first stage; where they look in a region,
        that of the model that finds it. Each is made when its turn comes by default.
    lies : ScanAlone, optional
        How its content lies.
    seconds : dict of str to float, optional
        Time that each stage took so far.
    """

    volume: Volume
    images: tuple[Preprocessed, ...] = ()
    lies: ScanAlone | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class PredictedScan:
    """A scan, and what networks find in it at their spacing.

    Parameters
    ----------
    volume : Volume
    predictions : tuple of PredictionOnScan
        One a configuration; none where the region was not found in which they look.
    shares : tuple of Share
        What each did, the first stage of a cascade before its second.
    notices : tuple of str, optional
        What a user should know of the result.
    lies : ScanAlone, optional
        How its content lies.
    seconds : dict of str to float, optional
        Time that each stage took so far.
    """

    volume: Volume
    predictions: tuple[PredictionOnScan, ...]
    shares: tuple[Share, ...]
    notices: tuple[str, ...] = ()
    lies: ScanAlone | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def trained(self) -> TrainedConfiguration:
        """A configuration that looked for the organs, or would have."""
        return self.shares[-1].trained
