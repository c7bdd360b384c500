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

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.correction.editable_labels import BACKGROUND, EditableLabels
from napari_abdoseg.correction.region_growing import scan_of
from napari_abdoseg.logits.along import Along
from napari_abdoseg.logits.interpolation import Values, mean_weights, multiplied
from napari_abdoseg.logits.kept import KeptLogits
from napari_abdoseg.side_by_side import side_by_side

KNOWS_LESS = (
    "There are no logits of an ensemble for this label map: hints go by its outlines and the CT."
)
AROUND_MM = 20.0
STEP_MM = 3.0
"""Between the voxels that stand for logits, unless the scan's are farther apart."""
ROUNDING = 1e-4
"""Shares so near 0 or 1 are these."""
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
    weights = [mean_weights(axis) for axis in (z, y, x)]
    values = (BACKGROUND, *sorted(labels.boxes))
    organs = [_share(labels, value, box, weights) for value in values[1:]]
    shares = np.stack([1 - sum(organs), *organs])
    depths = np.stack(side_by_side(lambda share: _depth(share, spacing), shares))
    if hu is not None:
        part = multiplied(scan_of(labels, hu)[box.slices], weights)
        depths *= _by_hu(np.nan_to_num(part, nan=LEAST_HU), depths)
    return KeptLogits(
        depths.astype(np.float16),
        values,
        (spacing[0], spacing[1], spacing[2]),
        box,
        (z, y, x),
        contested=None,
    )


def _share(labels: EditableLabels, value: int, box: Box, weights: Sequence[Values]) -> Values:
    """Share that an organ has in voxels between which a box of the scan lies."""
    share = np.zeros([len(matrix) for matrix in weights], np.float32)
    organ = labels.boxes[value].common(box)
    if organ is None:
        return share
    inner = [
        slice(start - origin, stop - origin)
        for start, stop, origin in zip(organ.start, organ.stop, box.start, strict=True)
    ]
    reached = [matrix[:, part].any(axis=1) for matrix, part in zip(weights, inner, strict=True)]
    parts = [matrix[rows, part] for matrix, rows, part in zip(weights, reached, inner, strict=True)]
    share[np.ix_(*reached)] = multiplied(labels.data[organ.slices] == value, parts)
    return share


def _depth(share: Values, spacing: Sequence[float]) -> Values:
    """mm inside an outline, below zero outside, of the shares that an organ has in voxels."""
    inside = share > 0.5
    if not inside.any() or inside.all():
        return np.full(share.shape, 100.0 if inside.all() else -100.0, np.float32)
    step = min(spacing)
    deep = _away(~inside, spacing)
    deep *= -1
    deep += _away(inside, spacing)
    deep -= np.where(inside, step / 2, -step / 2).astype(np.float32)
    cut = (share > ROUNDING) & (share < 1 - ROUNDING)
    less = np.minimum(share, 1 - share)[cut]
    deep[cut] = np.where(inside[cut], 1, -1) * step * (1 - np.sqrt(2 * less))
    return deep


def _away(mask: NDArray[np.bool_], spacing: Sequence[float]) -> Values:
    """mm from each voxel of a mask to the nearest that isn't in it, zero elsewhere."""
    away = np.zeros(mask.shape, np.float32)
    (found,) = ndimage.find_objects(mask.view(np.uint8))
    box = tuple(slice(max(0, part.start - 1), part.stop + 1) for part in found)
    away[box] = ndimage.distance_transform_edt(mask[box], sampling=spacing)
    return away


def _by_hu(hu: Values, depths: Values) -> Values:
    """By how much distances count, by class and voxel: less where HU fit what is far."""
    here = depths.argmax(axis=0)
    bins = np.clip((hu - LEAST_HU) / HU_STEP, 0, (MOST_HU - LEAST_HU) / HU_STEP).astype(np.intp)
    count = int((MOST_HU - LEAST_HU) / HU_STEP) + 1
    found = np.bincount((here * count + bins).ravel(), minlength=len(depths) * count)
    shown = found.reshape(len(depths), count).astype(np.float64)
    shown = ndimage.gaussian_filter1d(shown, SMOOTH_HU, mode="nearest") + 1e-3
    fitting = np.log(shown / shown.sum(axis=1, keepdims=True)).astype(np.float32)
    own = fitting[here, bins]
    first, second = np.sort(fitting, axis=0)[[-1, -2]]
    rival = np.where(own == first[bins], second[bins], first[bins])
    factors = np.empty_like(depths)
    for number, fits in enumerate(fitting):
        factors[number] = np.where(here == number, rival, fits[bins]) - own
    np.clip(factors, -MOST_FIT, MOST_FIT, out=factors)
    factors *= -FITS
    return np.exp(factors, out=factors)
