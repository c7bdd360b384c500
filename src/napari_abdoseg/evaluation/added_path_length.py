"""Added path length: how much of a contour had to be drawn that was not there before.

It goes better than DSC with the time that people take to correct: Vaassen et al., Physics and
Imaging in Radiation Oncology 13 (2020), 1-6, doi:10.1016/j.phro.2019.12.001; Kiser et al.,
Journal of Digital Imaging 34 (2021), 541-553, doi:10.1007/s10278-021-00460-3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def added_path_length(before: Mask, after: Mask, spacing: tuple[float, float, float]) -> float:
    """Length of the contours of ``after``, slice by slice, where ``before`` has none.

    As Vaassen et al. count it, without a tolerance: voxels of the contour, each as long as it
    is wide.

    Parameters
    ----------
    before, after : ndarray of bool, shape (z, y, x)
    spacing : tuple of float
        (z, y, x) in mm.

    Returns
    -------
    float
        In mm.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.evaluation.added_path_length import added_path_length
    >>> mask = np.zeros((1, 6, 6), bool)
    >>> mask[:, 1:4, 1:4] = True
    >>> added_path_length(np.zeros_like(mask), mask, (3.0, 0.5, 0.5))
    4.0
    """
    _, height, width = spacing
    return float(np.count_nonzero(_contour(after) & ~_contour(before)) * np.sqrt(height * width))


def _contour(mask: Mask) -> NDArray[Any]:
    """Voxels of a mask that have a neighbour in their slice which is not of it."""
    inside = np.zeros_like(mask)
    inside[:, 1:-1, 1:-1] = (
        mask[:, :-2, 1:-1] & mask[:, 2:, 1:-1] & mask[:, 1:-1, :-2] & mask[:, 1:-1, 2:]
    )
    return mask & ~inside
