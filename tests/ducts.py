"""A phantom that has a bile duct, drawn along the middle of the search region."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.bile_duct import way_to_duct
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import LabelMap, Volume

DUCT = Organ(6, "common bile duct")
BILE_HU = 8
WIDE_SHARE = 0.4
"""Where along its course it is widest."""


def phantom_with_duct(
    spacing: tuple[float, float, float] = (4.0, 3.0, 3.0), gap: tuple[float, float] = (0.6, 0.7)
) -> tuple[Volume, LabelMap]:
    """A CT and its labels; the duct is 8 to 14 mm wide, and lacks a part of its course."""
    volume, labels = make_phantom(1, spacing)
    points = way_to_duct(labels).course.voxels
    share = np.linspace(0, 1, len(points))
    radii = 4 + 3 * np.exp(-(((share - WIDE_SHARE) / 0.1) ** 2))
    kept = (share < gap[0]) | (share > gap[1])
    duct = _balls(labels, points[kept], radii[kept])
    data, hu = labels.data.copy(), volume.data.copy()
    data[duct], hu[duct] = DUCT.value, BILE_HU
    return (
        replace(volume, data=hu),
        replace(labels, data=data, organs=(*labels.organs, DUCT)),
    )


def _balls(
    labels: LabelMap, middles: NDArray[np.float64], radii: NDArray[np.float64]
) -> NDArray[np.bool_]:
    mask = np.zeros(labels.data.shape, bool)
    places = np.moveaxis(np.indices(mask.shape), 0, -1)
    for middle, radius in zip(middles, radii, strict=True):
        away = (places - middle) * labels.grid.spacing
        mask |= np.square(away).sum(axis=-1) <= radius**2
    return mask
