"""What stands in for logits where no ensemble has made a label map: its shape, and the CT.

An organ is the more certain the deeper a voxel lies in it, by the signed distance to its outline,
and a voxel outside is the nearer to it the better its HU fit the organ's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.correction.editable_labels import BACKGROUND, EditableLabels
from napari_abdoseg.correction.region_growing import scan_of
from napari_abdoseg.logits.along import Along
from napari_abdoseg.logits.interpolation import Values, gathered
from napari_abdoseg.logits.kept import KeptLogits

KNOWS_LESS = (
    "There are no logits of an ensemble for this label map: hints go by its outlines and the CT."
)
AROUND_MM = 20.0
STEP_MM = 3.0
"""Between the voxels that stand for logits, unless the scan's are farther apart."""
HU_STEP, LEAST_HU, MOST_HU = 10.0, -200.0, 300.0
SMOOTH_HU = 2.0
FITS, MOST_FIT = 0.5, 2.0
"""Distances are shorter, or longer, by the exponential of so much of what HU tell, at most."""


def presumed_logits(labels: EditableLabels, hu: NDArray[Any] | None = None) -> KeptLogits:
    """Logits that a label map and its CT suggest.

    Parameters
    ----------
    labels : EditableLabels
    hu : ndarray, shape (z, y, x), optional
        Of the CT on the same grid.

    Returns
    -------
    KeptLogits
        In mm, of folds of whom nothing is known; the label map wins nearly everywhere.

    Raises
    ------
    CorrectionError
        The label map is empty, or the CT on another grid.
    """
    box = labels.around(labels.boxes, AROUND_MM)
    sizes = [stop - first for first, stop in zip(box.start, box.stop, strict=True)]
    steps = [max(STEP_MM, step) for step in labels.spacing]
    coarse = [
        max(1, round(size * own / step))
        for size, own, step in zip(sizes, labels.spacing, steps, strict=True)
    ]
    z, y, x = (Along.between(old, new) for old, new in zip(coarse, sizes, strict=True))
    spacing = [size * own / n for size, own, n in zip(sizes, labels.spacing, coarse, strict=True)]
    now = labels.data[box.slices]
    values = (BACKGROUND, *sorted(labels.boxes))
    shares = [gathered((now == value).astype(np.float32), (z, y, x)) for value in values]
    depths = np.stack([_depth(share, spacing) for share in shares])
    if hu is not None:
        part = gathered(scan_of(labels, hu)[box.slices].astype(np.float32), (z, y, x))
        depths *= _by_hu(part, depths)
    return KeptLogits(
        depths.astype(np.float16),
        values,
        (spacing[0], spacing[1], spacing[2]),
        box,
        (z, y, x),
        contested=None,
    )


def _depth(share: Values, spacing: Sequence[float]) -> Values:
    """mm inside an outline, below zero outside, of the shares that an organ has in voxels."""
    inside = share > 0.5
    if not inside.any() or inside.all():
        return np.full(share.shape, 100.0 if inside.all() else -100.0, np.float32)
    step = min(spacing)
    deep = ndimage.distance_transform_edt(inside, sampling=spacing)
    deep -= ndimage.distance_transform_edt(~inside, sampling=spacing)
    deep -= np.sign(deep) * step / 2
    cut = (share > 0) & (share < 1)
    less = np.minimum(share, 1 - share)[cut]
    deep[cut] = np.where(inside[cut], 1, -1) * step * (1 - np.sqrt(2 * less))
    return np.asarray(deep, np.float32)


def _by_hu(hu: Values, depths: Values) -> Values:
    """By how much distances count, by class and voxel: less where HU fit what is far."""
    here = depths.argmax(axis=0)
    bins = np.clip((hu - LEAST_HU) / HU_STEP, 0, (MOST_HU - LEAST_HU) / HU_STEP).astype(np.intp)
    count = int((MOST_HU - LEAST_HU) / HU_STEP) + 1
    fits = np.empty_like(depths)
    for number in range(len(depths)):
        found = np.bincount(bins[here == number], minlength=count).astype(np.float64)
        found = ndimage.gaussian_filter1d(found, SMOOTH_HU, mode="nearest") + 1e-3
        fits[number] = np.log(found / found.sum())[bins]
    own = np.take_along_axis(fits, here[None], 0)
    best = np.partition(fits, -2, axis=0)
    rival = np.where(own == best[-1:], best[-2:-1], best[-1:])
    better = np.where(np.arange(len(depths))[:, None, None, None] == here, rival - own, fits - own)
    return np.asarray(np.exp(-FITS * np.clip(better, -MOST_FIT, MOST_FIT)), np.float32)
