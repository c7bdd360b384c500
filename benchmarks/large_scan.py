"""A scan as large as a hospital's, made in a moment."""

from __future__ import annotations

import numpy as np

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import LabelMap, Volume


def large_scan(shape: tuple[int, int, int]) -> tuple[Volume, LabelMap]:
    """A coarse phantom whose voxels are repeated until it has ``shape`` (z, y, x)."""
    coarse, truth = make_phantom(3, (3.0, 2.5, 2.5))
    picks = [
        np.arange(size) * old // size for size, old in zip(shape, coarse.data.shape, strict=True)
    ]
    spacing = tuple(
        step * old / size
        for step, old, size in zip(coarse.grid.spacing, coarse.data.shape, shape, strict=True)
    )
    grid = Grid.from_spacing(shape, spacing)
    return (
        Volume(coarse.data[np.ix_(*picks)], grid),
        LabelMap(truth.data[np.ix_(*picks)], grid, truth.organs),
    )
