"""Volume, density and place of each organ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box, bounding_boxes, slabs
from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap, Volume


@dataclass(frozen=True)
class OrganMeasures:
    """What there is to know of an organ in a label map.

    Parameters
    ----------
    voxels : int
    volume_ml : float
    mean_hu : float or None
        Mean of the scan's voxels; None where there was no scan.
    box : Box
    touches_edge : bool
        The organ reaches a face of the scan: it may be cut off.
    """

    voxels: int
    volume_ml: float
    mean_hu: float | None
    box: Box
    touches_edge: bool


def measure_organs(labels: LabelMap, volume: Volume | None = None) -> dict[Organ, OrganMeasures]:
    """Measure each organ that is there, in the order of ``labels.organs``.

    Parameters
    ----------
    labels : LabelMap
        Label values of shape (z, y, x).
    volume : Volume, optional
        The scan on the same grid, for the mean HU.

    Raises
    ------
    ImageError
        The shapes of labels and scan differ.

    Examples
    --------
    >>> from napari_abdoseg import make_phantom, measure_organs
    >>> volume, labels = make_phantom(1, (12.0, 10.0, 10.0))
    >>> for organ, measures in measure_organs(labels, volume).items():
    ...     print(f"{organ.name}: {measures.volume_ml:.0f} ml, {measures.mean_hu:.0f} HU")
    liver: 1378 ml, 102 HU
    kidney: 290 ml, 188 HU
    spleen: 124 ml, 130 HU
    pancreas: 72 ml, 93 HU
    """
    require_same_shape(labels, volume)
    measures = {}
    for organ, box in bounding_boxes(labels).items():
        inside = labels.data[box.slices]
        scan = None if volume is None else volume.data[box.slices]
        measures[organ] = measure_region(inside, organ.value, box, labels.grid, scan)
    return measures


def require_same_shape(labels: LabelMap, volume: Volume | None) -> None:
    """Make sure that labels and scan, if there is one, have the same shape.

    Raises
    ------
    ImageError
        They have not.
    """
    if volume is not None and volume.grid.shape != labels.grid.shape:
        raise ImageError(
            f"The labels have shape {labels.grid.shape}, the CT {volume.grid.shape} (z, y, x): "
            "choose labels of the same scan."
        )


def measure_region(
    inside: NDArray[Any], value: int, box: Box, grid: Grid, scan: NDArray[Any] | None = None
) -> OrganMeasures:
    """Measure the voxels of one value.

    Parameters
    ----------
    inside : ndarray, shape (z, y, x)
        Label values within ``box``.
    value : int
        At least one voxel has it.
    box : Box
        The tightest box around the voxels.
    grid : Grid
    scan : ndarray, shape (z, y, x), optional
        Hounsfield units within ``box``.
    """
    voxels, total = 0, 0.0
    for first, end in slabs(0, len(inside), inside[0].size):
        mask = inside[first:end] == value
        voxels += int(np.count_nonzero(mask))
        if scan is not None:
            total += float(scan[first:end][mask].sum(dtype=np.float64))
    return OrganMeasures(
        voxels=voxels,
        volume_ml=voxels * grid.voxel_volume,
        mean_hu=None if scan is None else total / voxels,
        box=box,
        touches_edge=box.touches_edge(grid),
    )
