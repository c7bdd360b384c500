"""A brush that stops at the edges of the tissue in its middle."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.correction.brush import Place
from napari_abdoseg.correction.painted_area import Area, HuRange
from napari_abdoseg.image.grid import Triple

NOISE_MM = 1.0
"""Standard deviation of the kernel that smooths noise."""
APART = 5.0
"""So many spreads the medians of two tissues lie apart at least.

Those of the halves of one normal or uniform distribution are less than 3 apart.
"""
LEAST_STEP = 20.0
"""HU between them at least."""
SPREAD = 1.4826
"""Standard deviations of a normal distribution in its median absolute deviation."""


def within_edges(area: Area, place: Place, hu: NDArray[Any], spacing: Triple) -> Area:
    """What of an area hangs together with its middle and is of the same tissue.

    Otsu's threshold parts the tissues in the area, again and again on the side of the middle,
    as long as there is more than one (N. Otsu, A threshold selection method from gray-level
    histograms, IEEE Transactions on Systems, Man, and Cybernetics 9, 1979).

    Parameters
    ----------
    area : Area
        Such as of one dab of a brush.
    place : sequence of float
        Its middle, in voxels (z, y, x).
    hu : ndarray, shape (z, y, x)
        Of the scan.
    spacing : tuple of float
        mm along (z, y, x).

    Returns
    -------
    Area
        In the same box; all of the area where its middle is not in it.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.correction.brush import swept
    >>> from napari_abdoseg.correction.tissue_edge import within_edges
    >>> hu = np.full((1, 20, 20), 60)
    >>> hu[:, :, 12:] = -100
    >>> dab = swept((0, 10, 9), (0, 10, 9), 6.0, (1.0, 1.0, 1.0), hu.shape, axis=0)
    >>> held = within_edges(dab, (0, 10, 9), hu, (1.0, 1.0, 1.0))
    >>> int(hu[dab.box.slices][dab.mask].min()), int(hu[held.box.slices][held.mask].min())
    (-100, 60)
    """
    z, y, x = np.rint(np.subtract(place, area.box.start)).astype(int)
    inside = all(0 <= at < size for at, size in zip((z, y, x), area.mask.shape, strict=True))
    if not inside or not area.mask[z, y, x]:
        return area
    part = hu[area.box.slices].astype(np.float32)
    sigma = [NOISE_MM / step for step in spacing]
    smoothed = ndimage.gaussian_filter(part, sigma, mode="nearest")
    lowest, highest = _tissue(np.sort(smoothed[area.mask]), smoothed[z, y, x])
    same = area.mask & (smoothed >= lowest) & (smoothed <= highest)
    parts, _ = ndimage.label(same)
    return Area(area.box, parts == parts[z, y, x])


def _tissue(values: NDArray[np.float32], at: float) -> HuRange:
    """The range of the tissue that a value is of, among sorted values."""
    while values.size > 1:
        split = _otsu(values)
        low, high = values[:split], values[split:]
        if not _are_apart(low, high):
            break
        values = low if at <= low[-1] else high
    return float(values[0]), float(values[-1])


def _otsu(values: NDArray[np.float32]) -> int:
    """How many sorted values are below Otsu's threshold."""
    below = np.arange(1, values.size)
    sums = np.cumsum(values, dtype=np.float64)
    lower, upper = sums[:-1] / below, (sums[-1] - sums[:-1]) / (values.size - below)
    return int((below * (values.size - below) * (upper - lower) ** 2).argmax()) + 1


def _are_apart(low: NDArray[np.float32], high: NDArray[np.float32]) -> bool:
    """Whether sorted values are those of two tissues.

    A few voxels at the border of a third one do not hide that, as they would in a variance.
    """
    middles = low[low.size // 2], high[high.size // 2]
    away = np.concatenate([np.abs(low - middles[0]), np.abs(high - middles[1])])
    step = middles[1] - middles[0]
    return bool(step >= LEAST_STEP and step > APART * SPREAD * np.median(away))
