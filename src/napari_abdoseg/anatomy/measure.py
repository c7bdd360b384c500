"""What can be measured of an organ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_abdoseg.anatomy.box import Box, bounding_boxes
from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap, Volume


@dataclass(frozen=True)
class OrganMeasures:
    """Measures of one organ.

    Parameters
    ----------
    voxels : int
    volume_ml : float
    mean_hu : float or None
        Mean of the scan inside the organ; None without a scan.
    box : Box
    touches_edge : bool
        Whether it reaches a face of the scan, and may go on beyond it.
    """

    voxels: int
    volume_ml: float
    mean_hu: float | None
    box: Box
    touches_edge: bool


def measure_organs(labels: LabelMap, volume: Volume | None = None) -> dict[Organ, OrganMeasures]:
    """Measure each organ that is there.

    Parameters
    ----------
    labels : LabelMap
    volume : Volume, optional
        The scan, for intensities.

    Raises
    ------
    ImageError
        Labels and scan have different shapes.
    """
    if volume is not None and volume.data.shape != labels.data.shape:
        raise ImageError(
            f"The labels have shape {labels.data.shape}, the scan {volume.data.shape} (z, y, x): "
            "choose labels of this scan."
        )
    measured = {}
    for organ, box in bounding_boxes(labels).items():
        mask = labels.data[box.slices] == organ.value
        voxels = int(np.count_nonzero(mask))
        mean = None
        if volume is not None:
            mean = float(volume.data[box.slices].mean(where=mask, dtype=np.float64))
        measured[organ] = OrganMeasures(
            voxels,
            voxels * labels.grid.voxel_volume,
            mean,
            box,
            box.touches_edge(labels.grid),
        )
    return measured
