"""Predictions on the grid of their reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.volume import LabelMap

VOXEL_SHARE = 0.1
"""How far voxels may lie apart and still count as in one place, in voxels."""


def align(prediction: LabelMap, reference: LabelMap, resample: bool = False) -> LabelMap:
    """The prediction on the reference's grid.

    Parameters
    ----------
    prediction, reference : LabelMap
        Label values of shape (z, y, x).
    resample : bool, optional
        Take the nearest voxel of a prediction on another grid, by the affines of both;
        background outside of it.

    Raises
    ------
    ImageError
        The grids differ and ``resample`` is not set.
    """
    fault = grid_difference(prediction.grid, reference.grid)
    if not fault:
        return replace(prediction, grid=reference.grid)
    if not resample:
        raise ImageError(
            f"{prediction.path or 'The prediction'} is not on the grid of "
            f"{reference.path or 'its reference'}: {fault}. Save it on the grid of its scan, or "
            "have predictions resampled (abdoseg evaluate --resample)."
        )
    to_prediction = np.linalg.inv(prediction.grid.screen_affine) @ reference.grid.screen_affine
    data = ndimage.affine_transform(
        prediction.data,
        to_prediction,
        output_shape=reference.grid.shape,
        order=0,
        mode="grid-constant",
    )
    return replace(prediction, data=data, grid=reference.grid)


def grid_difference(one: Grid, other: Grid) -> str:
    """How two grids differ in the order in which they are stored, in words."""
    if one.axis_codes != other.axis_codes:
        return f"it is mirrored or turned, its axes point to {one.axis_codes}, not to " + (
            other.axis_codes
        )
    if one.stored_shape != other.stored_shape:
        return f"its shape is {_spoken(one.stored_shape)}, not {_spoken(other.stored_shape)}"
    if one.matches(other, VOXEL_SHARE * min(other.spacing)):
        return ""
    if not np.allclose(one.stored_spacing, other.stored_spacing, rtol=1e-3):
        return (
            f"its spacing is {_spoken(one.stored_spacing)} mm, "
            f"not {_spoken(other.stored_spacing)} mm"
        )
    shift = np.linalg.norm(one.affine[:3, 3] - other.affine[:3, 3])
    return f"its affine is shifted by {shift:.4g} mm or turned"


def _spoken(numbers: tuple[float, ...]) -> str:
    return " × ".join(f"{number:.4g}" for number in numbers)
