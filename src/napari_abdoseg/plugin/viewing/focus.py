"""Bringing viewers to a place in the body."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.grid import Grid, Shape
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
    centre = np.array(box.centre(grid))
    if voxel is not None:
        centre = np.array(grid.origin) + np.array(grid.spacing) * voxel
    size = np.maximum(box.size(grid), least_mm)
    panels = panels_of(viewer)
    zooms = [_fitting_zoom(panel, size) for panel in panels if panel.dims.ndisplay == 2]
    for panel in panels:
        shown = _shown_axes(panel)
        panel.dims.set_point(range(panel.dims.ndim - 3, panel.dims.ndim), centre)
        panel.scene.camera.center = tuple(centre[axis] for axis in shown)
        panel.scene.camera.zoom = min(zooms) if len(shown) == 2 else _fitting_zoom(panel, size)


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
