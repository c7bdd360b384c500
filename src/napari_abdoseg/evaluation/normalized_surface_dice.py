"""Normalized surface Dice (NSD) of two masks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.errors import ImageError
from napari_abdoseg.evaluation.surface_within import normalized_dice
from napari_abdoseg.evaluation.surfels import find_surfels
from napari_abdoseg.image.grid import Triple
from napari_abdoseg.side_by_side import side_by_side


def normalized_surface_dice(
    prediction: NDArray[np.bool_],
    reference: NDArray[np.bool_],
    spacing: Triple,
    tolerance_mm: float,
) -> float:
    """Share of the area of both surfaces that lies within a tolerance of the other.

    Equal to ``compute_surface_dice_at_tolerance`` of DeepMind's ``surface-distance`` [1]_.

    Parameters
    ----------
    prediction, reference : ndarray of bool, shape (z, y, x)
    spacing : tuple of float
        mm along (z, y, x).
    tolerance_mm : float

    Returns
    -------
    float
        From 0 to 1; 1 where both masks are empty, 0 where one is.

    Raises
    ------
    ImageError
        The masks are not of bool, not of one shape (z, y, x), or the spacing is not
        three positive lengths.

    References
    ----------
    .. [1] Nikolov, S. et al. (2021). Clinically applicable segmentation of head and
       neck anatomy for radiotherapy. Journal of Medical Internet Research, 23(7),
       e26151; https://github.com/google-deepmind/surface-distance

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg import normalized_surface_dice
    >>> reference = np.zeros((8, 8, 8), bool)
    >>> reference[2:6, 2:6, 2:6] = True
    >>> moved = np.roll(reference, 1, axis=2)
    >>> normalized_surface_dice(moved, reference, (1.0, 1.0, 1.0), tolerance_mm=1.0)
    1.0
    >>> round(normalized_surface_dice(moved, reference, (1.0, 1.0, 1.0), tolerance_mm=0.5), 2)
    0.66
    """
    _require_masks(prediction, reference, spacing)
    boxes = [box for box in side_by_side(_occupied, (prediction, reference)) if box]
    if len(boxes) < 2:
        return float(not boxes)
    inside = tuple(
        slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(*boxes, strict=True)
    )
    predicted, real = (find_surfels(mask[inside], spacing) for mask in (prediction, reference))
    return normalized_dice(predicted, real, tolerance_mm)


def _occupied(mask: NDArray[np.bool_]) -> tuple[slice, ...]:
    """The tightest box around a mask; empty if the mask is."""
    order = sorted(range(3), key=lambda axis: -abs(mask.strides[axis]))
    laid_out = mask.transpose(order)  # as it lies in memory, which is read quickest so
    planes = _range(laid_out, (1, 2))
    if planes is None:
        return ()
    picture = np.any(laid_out[planes], axis=0, keepdims=True)
    box = planes, *(_range(picture, axes) or slice(0) for axes in ((0, 2), (0, 1)))
    return tuple(box[order.index(axis)] for axis in range(3))


def _range(mask: NDArray[np.bool_], axes: tuple[int, int]) -> slice | None:
    """From the first to the last place along the other axis where the mask is."""
    places = np.flatnonzero(np.any(mask, axis=axes))
    return slice(int(places[0]), int(places[-1]) + 1) if len(places) else None


def _require_masks(
    prediction: NDArray[Any], reference: NDArray[Any], spacing: tuple[float, ...]
) -> None:
    if prediction.dtype != bool or reference.dtype != bool:
        raise ImageError(
            f"Masks must be of bool, not of {prediction.dtype} and {reference.dtype}: compare "
            "label maps with a label value first."
        )
    if prediction.ndim != 3 or prediction.shape != reference.shape:
        raise ImageError(
            f"Masks must have one shape (z, y, x), not {prediction.shape} and {reference.shape}."
        )
    if len(spacing) != 3 or not all(0 < step < np.inf for step in spacing):
        raise ImageError(f"The spacing must be three positive lengths in mm, not {spacing}.")
