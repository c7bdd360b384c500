"""Whether a scan's values are Hounsfield units."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.image.volume import Volume

FAT_HU = (-190, -30)
"""Adipose tissue, after Kvist et al. (1988), Am. J. Clin. Nutr. 48(6), 1351-1361."""
LEAST_FAT = 0.002
"""Share of voxels in that range; a trunk has some percent, units other than HU none."""
MOST_SAMPLES = 128
"""Voxels along an axis that are looked at."""


def seems_hounsfield(volume: Volume) -> bool:
    """Whether some voxels have the density of fat, of which every trunk has some."""
    sample = sample_of(volume)
    fat = (sample > FAT_HU[0]) & (sample < FAT_HU[1])
    return bool(fat.mean() >= LEAST_FAT)


def sample_of(volume: Volume) -> NDArray[np.float64]:
    """Evenly spread voxels."""
    steps = tuple(slice(None, None, 1 + size // MOST_SAMPLES) for size in volume.data.shape)
    return np.asarray(volume.data[steps], np.float64)
