"""Logits that no network has made, and a scan that they could be of."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.logits.along import Along
from napari_abdoseg.logits.kept import Contested, KeptLogits


def kept_of(shape=(12, 14, 16), classes=4, folds=3) -> KeptLogits:
    """Logits with surfaces such as organs'."""
    draw = np.random.default_rng(0)
    logits = np.stack([gaussian_filter(draw.normal(size=shape), 2) for _ in range(classes)])
    logits *= 12 / logits.std()
    z, y, x = (Along.between(size, 2 * size) for size in shape)
    places = np.flatnonzero(draw.random(shape) < 0.05).astype(np.uint32)
    answers = draw.integers(0, classes, (folds, places.size)).astype(np.uint8)
    stop = (3 + z.lower.size, 2 + y.lower.size, 1 + x.lower.size)
    return KeptLogits(
        logits.astype(np.float16),
        (0, 1, 2, 1)[:classes],
        (3.0, 2.0, 2.0),
        Box((3, 2, 1), stop),
        (z, y, x),
        Contested(places, answers),
    )


def scan_of(kept: KeptLogits) -> Volume:
    """A scan of noise that is a little larger."""
    shape = tuple(stop + 2 for stop in kept.box.stop)
    data = np.random.default_rng(1).integers(-1000, 1000, shape).astype(np.int16)
    return Volume(data, Grid.from_spacing(shape, (1.5, 1.0, 1.0)))
