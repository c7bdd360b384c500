"""A picture of what a label map wins and loses: on the CT, in two colours and two patterns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.image.grid import Grid

WINDOW = (-160.0, 240.0)
ADDED, REMOVED = (51, 187, 238), (238, 119, 51)
"""RGB that colour-blind people tell apart, too (Paul Tol's vibrant scheme)."""
OUTLINE = (255, 255, 255)
MARGIN_MM, LEAST_MM = 15.0, 60.0
STRIPES = 6
"""Pixels from one stripe of what is removed to the next."""
Picture = NDArray[np.uint8]


def changes_picture(
    edit: Edit, after: NDArray[Any], scan: NDArray[Any] | None, grid: Grid, height: int
) -> tuple[Picture, Picture]:
    """The axial and the coronal slice with most changes, around them.

    Parameters
    ----------
    edit : Edit
    after : ndarray, shape (z, y, x)
        The label map after it.
    scan : ndarray, shape (z, y, x), or None
        Its CT in HU, if that is in view.
    grid : Grid
    height : int
        Pixels of each picture; they are as wide.

    Returns
    -------
    tuple of ndarray of uint8, each of shape (height, height, 3)
        Patient's right on the left; anterior, and head, up.
    """
    axial, coronal = (_slice(axis, edit, after, scan, grid, height) for axis in (0, 1))
    return axial, coronal[::-1]


def _slice(
    axis: int,
    edit: Edit,
    after: NDArray[Any],
    scan: NDArray[Any] | None,
    grid: Grid,
    height: int,
) -> Picture:
    at = int(np.bincount(edit.where[axis]).argmax())
    here = edit.where[axis] == at
    rows, columns = (other for other in range(3) if other != axis)
    changed = [edit.where[other][here] for other in (rows, columns)]
    spacing = [grid.spacing[other] for other in (rows, columns)]
    middle, extent = _view(changed, spacing)
    steps = (np.arange(height) - (height - 1) / 2) * extent / height
    places = [
        np.rint(centre + steps / mm).astype(int) for centre, mm in zip(middle, spacing, strict=True)
    ]
    shape = after.take(0, axis).shape
    before_after = np.zeros((2, *shape), after.dtype)
    before_after[:] = after.take(at, axis)
    before_after[0][tuple(changed)] = edit.before[here]
    grey = np.full(shape, WINDOW[0]) if scan is None else scan.take(at, axis).astype(float)
    return _drawn(
        _picked(grey, places, WINDOW[0]), *(_picked(each, places, 0) for each in before_after)
    )


def _view(changed: list[NDArray[Any]], spacing: list[float]) -> tuple[list[float], float]:
    """Middle of what has changed, in voxels, and how much is shown around it, in mm."""
    middle, extent = [], LEAST_MM
    for places, mm in zip(changed, spacing, strict=True):
        low, high = float(places.min()), float(places.max())
        middle.append((low + high) / 2)
        extent = max(extent, (high - low + 1) * mm + 2 * MARGIN_MM)
    return middle, extent


def _picked(plane: NDArray[Any], places: list[NDArray[Any]], outside: float) -> NDArray[Any]:
    """Pixels of a plane; those beyond its edges are ``outside``."""
    inside = [(at >= 0) & (at < size) for at, size in zip(places, plane.shape, strict=True)]
    clipped = [np.clip(at, 0, size - 1) for at, size in zip(places, plane.shape, strict=True)]
    return np.where(np.outer(*inside), plane[np.ix_(*clipped)], outside)


def _drawn(grey: NDArray[Any], before: NDArray[Any], after: NDArray[Any]) -> Picture:
    low, high = WINDOW
    light = np.clip((grey - low) / (high - low), 0, 1) * 255
    picture = np.repeat(light[..., None], 3, -1)
    added, removed = (after != before) & (after != 0), (after != before) & (after == 0)
    rows, columns = np.indices(grey.shape)
    striped = removed & ((rows + columns) % STRIPES < STRIPES // 2)
    for mask, color, share in (
        (added, ADDED, 0.65),
        (removed, REMOVED, 0.3),
        (striped, REMOVED, 0.9),
    ):
        picture[mask] = (1 - share) * picture[mask] + share * np.array(color)
    picture[_edges(after)] = OUTLINE
    return picture.astype(np.uint8)


def _edges(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Pixels of organs beside another label."""
    inside = ndimage.minimum_filter(labels, 3) == labels
    return np.asarray((labels != 0) & ~inside, bool)
