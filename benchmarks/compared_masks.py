"""Thirteen organs of a large scan, and predictions of them that are good or bad."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap

SPACING = (1.0, 0.8, 0.8)
VOLUMES_ML = {
    **{"liver": 1500, "right kidney": 170, "spleen": 220, "pancreas": 80, "aorta": 120},
    **{"inferior vena cava": 70, "right adrenal gland": 4, "left adrenal gland": 4},
    **{"gallbladder": 35, "esophagus": 30, "stomach": 350, "duodenum": 70, "left kidney": 170},
}
"""About what adults have."""

ORGANS = tuple(Organ(value, name) for value, name in enumerate(VOLUMES_ML, start=1))
GOOD, BAD = 0.03, 0.3
"""How far a prediction's surface strays, as a share of the organ's radius."""


def compared_masks(
    shape: tuple[int, int, int], organs: tuple[Organ, ...], stray: float
) -> tuple[LabelMap, LabelMap]:
    """A prediction and its reference: lumpy ellipsoids, and the same with another surface.

    Parameters
    ----------
    shape : tuple of int
        Voxels along (z, y, x).
    organs : tuple of Organ
        Some of `ORGANS`.
    stray : float
        `GOOD` or `BAD`.
    """
    random = np.random.default_rng(0)
    grid = Grid.from_spacing(shape, SPACING)
    prediction, reference = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    for organ in organs:
        radius = np.cbrt(VOLUMES_ML[organ.name] * 1000 * 3 / 4 / np.pi)
        half = np.ceil(1.9 * radius / np.array(SPACING)).astype(int)
        half = np.minimum(half, np.array(shape) // 2 - 1)
        centre = [random.integers(h, size - h) for h, size in zip(half, shape, strict=True)]
        region = tuple(slice(c - h, c + h) for c, h in zip(centre, half, strict=True))
        axes = [np.arange(-h, h) * step / radius for h, step in zip(half, SPACING, strict=True)]
        z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
        distance = np.sqrt((z / 0.9) ** 2 + (y / 1.1) ** 2 + x**2)
        distance += 0.15 * _lumps(random, distance.shape)
        reference[region][distance < 1] = organ.value
        prediction[region][distance + stray * _lumps(random, distance.shape) < 1] = organ.value
    return LabelMap(prediction, grid, organs), LabelMap(reference, grid, organs)


def _lumps(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Smooth noise of standard deviation about one half."""
    coarse = random.standard_normal((6, 6, 6))
    zoom = [size / 6 for size in shape]
    return ndimage.zoom(coarse, zoom, order=1)[tuple(map(slice, shape))]
