"""What lies on a line of sight in the 3D picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from napari.components import ViewerModel
from numpy.typing import NDArray

from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.plugin.correct.pointer import Spot
from napari_abdoseg.plugin.viewing.orientation import picture_directions

STEP = 0.5
"""Voxels between the places that are looked at."""


def first_on_sight(spot: Spot, data: NDArray[Any], value: int) -> NDArray[np.float64] | None:
    """The first voxel (z, y, x) of a label on the line of sight, or else of any label.

    Parameters
    ----------
    spot : Spot
        In 3D.
    data : ndarray, shape (z, y, x)
        Label values.
    value : int
    """
    voxels = _on_sight(spot, data)
    found = data[tuple(voxels.T)]
    for there in (found == value, found != 0):
        if there.any():
            return np.asarray(voxels[there.argmax()], float)
    return None


def _on_sight(spot: Spot, data: NDArray[Any]) -> NDArray[np.int_]:
    """The voxels on the line of sight, the nearest first, shape (n, 3)."""
    if spot.sight is None:
        return np.zeros((0, 3), int)
    direction = spot.sight / np.asarray(spot.layer.scale)[-3:]  # in voxels
    direction /= np.linalg.norm(direction)
    reach = float(np.linalg.norm(data.shape)) + float(np.linalg.norm(spot.place))
    way = spot.place + np.arange(-reach, reach, STEP)[:, None] * direction
    voxels = np.rint(way).astype(int)
    return np.asarray(voxels[((voxels >= 0) & (voxels < data.shape)).all(axis=1)])


def beside_surface(
    spot: Spot, data: NDArray[Any], value: int, outside: bool
) -> NDArray[np.float64] | None:
    """The voxel (z, y, x) in front of the surface of a label on the line of sight, or behind it.

    Parameters
    ----------
    spot, data, value
        See `first_on_sight`; None where no voxel of the label is on the line.
    outside : bool
        In front of the surface, where it should have been; else the first voxel of the label.
    """
    voxels = _on_sight(spot, data)
    there = data[tuple(voxels.T)] == value
    if not there.any():
        return None
    first = int(there.argmax())
    return np.asarray(voxels[first - 1 if outside and first else first], float)


def seen_in(
    panel: ViewerModel, size: tuple[int, int], spacing: NDArray[Any], translate: NDArray[Any]
) -> Callable[[NDArray[Any]], NDArray[np.float64]]:
    """How a 3D picture shows voxels.

    Parameters
    ----------
    panel : ViewerModel
    size : tuple of int
        Width and height of its canvas, in pixels.
    spacing, translate : ndarray, shape (3,)
        mm along (z, y, x), and mm of the first voxel.

    Returns
    -------
    callable
        Takes voxels, shape (n, 3); gives pixels down and to the right, and mm away.

    Raises
    ------
    CorrectionError
        The picture has a perspective.
    """
    camera = panel.scene.camera
    if camera.perspective:
        raise CorrectionError(
            "Scissors cut in 3D along parallel lines of sight: set the perspective of the camera "
            "to 0."
        )
    right, down = picture_directions(panel)
    axes = np.stack([down, right, np.asarray(camera.view_direction)], axis=1)
    width, height = size
    scales = np.array([camera.zoom, camera.zoom, 1.0])
    middle = np.array([height / 2, width / 2, 0.0])
    centre = np.asarray(camera.center)

    def see(voxels: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray((voxels * spacing + translate - centre) @ axes * scales + middle)

    return see
