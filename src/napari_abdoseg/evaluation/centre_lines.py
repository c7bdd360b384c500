"""How well the centre lines of thin structures agree, such as ducts and vessels.

A centre line is the skeleton that scikit-image's `skeletonize` leaves of a mask, as in the
reference code of clDice. It follows the order of axes a little, which is (z, y, x) here.
"""

from __future__ import annotations

from collections.abc import Collection
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from napari_abdoseg.image.grid import Lattice, in_mm
from napari_abdoseg.image.names.organ_spelling import organ_key

DUCTS = ("common bile duct", "bile duct", "pancreatic duct")
"""Organs that nobody has to say are thin."""


def is_named(organ: str, thin: Collection[str]) -> bool:
    """Whether an organ is one of some, however they are spelled."""
    return organ_key(organ) in {organ_key(name) for name in thin}


def centre_line(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The voxels of a mask's centre line.

    Of a small block thinning may leave nothing, such as of 2 × 2 × 2 voxels, where the reference
    code has no result: its deepest voxel is its centre line then.
    """
    from skimage.morphology import skeletonize

    line = np.asarray(skeletonize(mask), bool)
    if mask.any() and not line.any():
        depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1, 1:-1]
        line[np.unravel_index(depth.argmax(), mask.shape)] = True
    return line


def cldice(prediction: NDArray[np.bool_], reference: NDArray[np.bool_]) -> float:
    """Centre-line Dice (clDice): the harmonic mean of topology precision and sensitivity.

    Precision is the share of the prediction's centre line that lies in the reference, sensitivity
    that of the reference's centre line that lies in the prediction [1]_.

    Parameters
    ----------
    prediction, reference : ndarray of bool, shape (z, y, x)

    Returns
    -------
    float
        From 0 to 1; 1 where both masks are empty, 0 where one is or neither line is in the other
        mask.

    References
    ----------
    .. [1] Shit S, Paetzold JC, Sekuboyina A, et al. clDice: a novel topology-preserving loss
       function for tubular structure segmentation. CVPR 2021; 16560-16569,
       https://doi.org/10.1109/CVPR46437.2021.01629; https://github.com/jocpae/clDice

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg import cldice
    >>> duct = np.zeros((40, 9, 9), bool)
    >>> duct[:, 3:6, 3:6] = True
    >>> half = duct.copy()
    >>> half[20:] = False
    >>> round(cldice(half, duct), 2)
    0.67
    """
    return cldice_of_lines(prediction, reference, *map(centre_line, (prediction, reference)))


def cldice_of_lines(
    prediction: NDArray[np.bool_],
    reference: NDArray[np.bool_],
    predicted_line: NDArray[np.bool_],
    real_line: NDArray[np.bool_],
) -> float:
    """The same where the centre lines are known."""
    if not prediction.any() or not reference.any():
        return float(prediction.any() == reference.any())
    precision, sensitivity = reference[predicted_line].mean(), prediction[real_line].mean()
    total = precision + sensitivity
    return float(2 * precision * sensitivity / total) if total else 0.0


def centre_line_distance(
    predicted_line: NDArray[np.bool_], real_line: NDArray[np.bool_], lattice: Lattice
) -> float:
    """Average symmetric distance of two centre lines in mm; NaN where there is none.

    The mean over the voxels of both of how far the next voxel of the other is: what the average
    symmetric surface distance [1]_ is of surfaces.

    Parameters
    ----------
    predicted_line, real_line : ndarray of bool, shape (z, y, x)
    lattice : Lattice
        mm from a voxel to the next along (z, y, x).

    References
    ----------
    .. [1] Heimann T, van Ginneken B, Styner MA, et al. Comparison and evaluation of methods for
       liver segmentation from CT datasets. IEEE Trans Med Imaging 2009; 28(8): 1251-1265.
    """
    one, other = (in_mm(np.argwhere(line), lattice) for line in (predicted_line, real_line))
    if not len(one) or not len(other):
        return nan
    return float(np.concatenate([_to_next(one, other), _to_next(other, one)]).mean())


def _to_next(places: NDArray[Any], others: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(cKDTree(others).query(places)[0])
