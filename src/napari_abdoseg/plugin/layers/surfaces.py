"""Surfaces that are there in 3D and cost nothing in slices."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Surface as SurfaceLayer

from napari_abdoseg.anatomy.surface import Surface
from napari_abdoseg.evaluation.distance_surface import DistanceSurface
from napari_abdoseg.image.grid import Grid, Triple
from napari_abdoseg.plugin.layers.displays import Displays
from napari_abdoseg.plugin.viewing.viewer_state import state_of


def follow_surfaces(viewer: ViewerModel) -> None:
    """Keep each surface layer right that is in ``viewer``, or comes into it."""
    state_of(viewer, _surfaces)


def surface_display(viewer: ViewerModel, layer: SurfaceLayer) -> SurfaceDisplay:
    """What keeps a surface layer right, which is in ``viewer``."""
    return state_of(viewer, _surfaces)[layer]


def _surfaces(viewer: ViewerModel) -> Displays[SurfaceDisplay]:
    return Displays(viewer, SurfaceLayer, "surface", SurfaceDisplay)


class SurfaceDisplay:
    """Keeps a surface layer right in one viewer, as long as the layer is in it.

    In slices napari would show scraps of the mesh, and look at each vertex for
    each slice: there the layer has two vertices, which hold its extent.

    Parameters
    ----------
    viewer : ViewerModel
    layer : napari.layers.Surface
        As `surface_layer` makes it. The mesh is in its metadata, and whether it has
        a colour bar; others are shown when other metadata are assigned.
    """

    def __init__(self, viewer: ViewerModel, layer: SurfaceLayer) -> None:
        self.layer = layer
        self._viewer = viewer
        self._in_3d: bool | None = None
        self._draw()
        viewer.dims.events.ndisplay.connect(self._follow, position="first")
        layer.events.metadata.connect(self._draw)

    def close(self) -> None:
        """Follow the viewer no longer."""
        self._viewer.dims.events.ndisplay.disconnect(self._follow)
        self.layer.events.metadata.disconnect(self._draw)

    def _follow(self, event: Any) -> None:
        if (self._viewer.dims.ndisplay == 3) != self._in_3d:
            self._draw()

    def _draw(self, event: Any = None) -> None:
        self._in_3d = self._viewer.dims.ndisplay == 3
        metadata = self.layer.metadata
        scale = mesh_scale(metadata["grid"])
        if tuple(self.layer.scale) != scale:  # napari looks at all layers anew where it is set
            self.layer.scale = scale
        self.layer.data = mesh_data(metadata["surface"], metadata["grid"], self._in_3d)
        self.layer.colorbar.visible = self._in_3d and metadata.get("color_bar", False)


def mesh_data(surface: Surface, grid: Grid, in_3d: bool) -> tuple[Any, ...]:
    """Vertices and faces of a surface layer, and distances if it has some.

    Parameters
    ----------
    surface : Surface
    grid : Grid
    in_3d : bool
        The whole mesh; otherwise two corners of its box, and a face without area.
    """
    vertices, faces = surface.vertices / np.array(mesh_scale(grid), np.float32), surface.faces
    if not in_3d:
        vertices = np.stack([vertices.min(axis=0), vertices.max(axis=0)])
        faces = np.zeros((1, 3), np.int32)
    if isinstance(surface, DistanceSurface):
        return vertices, faces, surface.distances if in_3d else np.zeros(len(vertices))
    return vertices, faces


def mesh_scale(grid: Grid) -> Triple:
    """Scale of a surface layer, the largest voxel spacing along all axes.

    So shading is right, and napari's sliders, which step by the smallest scale of
    all layers, keep the step of the scan. One axis is turned round: napari lights
    surfaces from behind where the camera does not mirror the world.
    """
    unit = max(grid.spacing)
    return -unit, unit, unit
