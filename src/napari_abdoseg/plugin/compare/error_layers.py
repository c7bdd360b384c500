"""What a comparison shows as napari layers: where a prediction is wrong, and how far."""

from __future__ import annotations

from typing import Any

from matplotlib.colors import to_rgba
from napari.utils.colormaps import Colormap, DirectLabelColormap

from napari_abdoseg.evaluation.agreement import COLORS, Agreement
from napari_abdoseg.evaluation.distance_surface import DistanceSurface
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.plugin.layers.conversion import LayerData, place_of, surface_layer
from napari_abdoseg.plugin.layers.surfaces import mesh_data

AGREEMENT_OPACITY = 0.6
FAINT = 0.5
"""What is right leaves the scan to be seen."""

DISTANCE_LIMIT_MM = 5.0
DISTANCE_HEX = ("#1560bd", "#7fb2e5", "#f5f5f5", "#f4a582", "#d6282f")
"""Blue where a surface lies inside of its reference, red outside."""

DISTANCE_COLORS = Colormap(list(DISTANCE_HEX), name="distance in mm")


def distance_layer(name: str, color: Any, surface: DistanceSurface, grid: Grid) -> LayerData:
    """A predicted organ's surface, coloured by its signed distance to the reference in mm.

    Parameters
    ----------
    name : str
        Such as ``"liver"``; the layer becomes ``"liver distance"``.
    color : color
        Not used: colours say how far the surface is.
    surface : DistanceSurface
    grid : Grid
        `SurfaceDisplay` keeps it right while a viewer changes.
    """
    _, options, kind = surface_layer(name, color, surface, grid)
    options |= {
        "name": f"{name} distance",
        "colormap": DISTANCE_COLORS,
        "contrast_limits": (-DISTANCE_LIMIT_MM, DISTANCE_LIMIT_MM),
    }
    return mesh_data(surface, grid, in_3d=False), options, kind


def agreement_layer(agreement: Any, grid: Grid, name: str) -> LayerData:
    """Voxels that are right, wrong or missed as a Labels layer.

    Parameters
    ----------
    agreement : ndarray of uint8, shape (z, y, x)
        Values of `Agreement`.
    grid : Grid
    name : str
    """
    colors: dict[int | None, Any] = dict(COLORS.items())
    colors |= {None: "transparent", 0: "transparent"}
    colors[Agreement.TRUE_POSITIVE] = to_rgba(COLORS[Agreement.TRUE_POSITIVE], FAINT)
    words = [value.name.lower().replace("_", " ") for value in Agreement]
    options = {
        "name": name,
        "colormap": DirectLabelColormap(color_dict=colors),
        "features": {"index": [0, *Agreement], "agreement": ["", *words]},
        "opacity": AGREEMENT_OPACITY,
        "metadata": {"grid": grid, "overlay": True},
        **place_of(grid),
    }
    return agreement, options, "labels"
