"""Bringing viewers to a place in the body."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from napari.components import ViewerModel
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.grid import Grid, Shape, Triple
from napari_abdoseg.plugin.viewing.panels import panels_of

SHARE_OF_CANVAS = 0.6
"""How much of a canvas a box fills."""


def focus_on(
    viewer: ViewerModel, box: Box, grid: Grid, voxel: Shape | None = None, least_mm: float = 0.0
) -> None:
    """Cut a viewer and its panels through the middle of a box, and zoom to it.

    Slices that are shown side by side get the same zoom.

    Parameters
    ----------
    viewer : ViewerModel
    box : Box
    grid : Grid
    voxel : tuple of int, optional
        Cut through this one along (z, y, x) instead.
    least_mm : float, optional
        Show at least so much along each axis.
    """
    centre = np.array(box.centre(grid) if voxel is None else shown_place(grid, voxel))
    size = np.maximum(box.size(grid), least_mm)
    panels = panels_of(viewer)
    zooms = [_fitting_zoom(panel, size) for panel in panels if panel.dims.ndisplay == 2]
    for panel in panels:
        shown = _shown_axes(panel)
        panel.dims.set_point(range(panel.dims.ndim - 3, panel.dims.ndim), centre)
        panel.scene.camera.center = tuple(centre[axis] for axis in shown)
        panel.scene.camera.zoom = min(zooms) if len(shown) == 2 else _fitting_zoom(panel, size)


def shown_place(grid: Grid, voxel: Sequence[float]) -> Triple:
    """Where (z, y, x) coordinates in voxels are shown, in mm along (S, P, L)."""
    place = np.array(grid.origin) + np.array(grid.spacing) * voxel
    s, p, left = (float(value) for value in place)
    return s, p, left


def voxel_at(grid: Grid, place: Triple) -> Triple:
    """(z, y, x) coordinates in voxels of what is shown at a place in mm along (S, P, L)."""
    z, y, x = (float(value) for value in np.subtract(place, grid.origin) / grid.spacing)
    return z, y, x


def look_at(viewer: ViewerModel, place: Triple) -> None:
    """Cut a viewer and its panels through a place, with it in the middle, as they are zoomed.

    What is shown in 3D stays as it is: it takes long to draw.

    Parameters
    ----------
    viewer : ViewerModel
    place : tuple of float
        mm along (S, P, L), as it is shown.
    """
    for panel in panels_of(viewer):
        panel.dims.set_point(range(panel.dims.ndim - 3, panel.dims.ndim), place)
        if panel.dims.ndisplay == 2:
            panel.scene.camera.center = tuple(place[axis] for axis in _shown_axes(panel))


def _fitting_zoom(viewer: ViewerModel, size: NDArray[np.float64]) -> float:
    """Pixels a millimetre with which a box of ``size`` mm fills its share of a canvas."""
    canvas = np.array(viewer.canvas.size)
    if viewer.dims.ndisplay == 3:
        return float(SHARE_OF_CANVAS * canvas.min() / np.linalg.norm(size))
    extent = [size[axis] for axis in _shown_axes(viewer)]
    return float(SHARE_OF_CANVAS * np.min(canvas / extent))


def _shown_axes(viewer: ViewerModel) -> list[int]:
    """Axes of (S, P, L) that a viewer shows, down and to the right."""
    return [axis - (viewer.dims.ndim - 3) for axis in viewer.dims.displayed]
