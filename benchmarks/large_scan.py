"""Scans as large as a hospital's, made in a moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.phantom import AIR, TORSO, make_phantom
from napari_abdoseg.image.volume import LabelMap, Volume

FIELD_OF_VIEW = 409.6
"""mm along y and x, which 512 voxels of 0.8 mm fill."""


def large_scan(shape: tuple[int, int, int]) -> tuple[Volume, LabelMap]:
    """A coarse phantom that is enlarged to ``shape`` (z, y, x)."""
    return enlarged(make_phantom(3, (3.0, 2.5, 2.5)), shape)


def enlarged(case: tuple[Volume, LabelMap], shape: tuple[int, int, int]) -> tuple[Volume, LabelMap]:
    """The same patient, whose voxels are repeated until there are so many (z, y, x)."""
    coarse, truth = case
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


def large_ct(slices: int, size: int) -> tuple[Volume, LabelMap]:
    """A noisy torso with air around it: 300 slices of 512 x 512 are 1.5 x 0.8 x 0.8 mm."""
    inside = [round(extent / FIELD_OF_VIEW * size) for extent in TORSO[1:]]
    scan, truth = large_scan((slices, *inside))
    before = [(size - body) // 2 for body in inside]
    margins = [(0, 0), *((gap, size - body - gap) for gap, body in zip(before, inside))]
    grid = Grid.from_spacing((slices, size, size), scan.grid.spacing)
    data = np.pad(scan.data, margins, constant_values=AIR)
    add_noise(data)
    return Volume(data, grid), LabelMap(np.pad(truth.data, margins), grid, truth.organs)


def add_noise(data: NDArray[np.int16]) -> None:
    """Add noise of a CT's strength, in place."""
    noise = np.random.default_rng(0)
    for plane in data:
        plane += noise.normal(0, 20, plane.shape).astype(np.int16)
