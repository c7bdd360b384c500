"""What the curved picture shows of a case: its scan in its window, its duct, and marks."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.colors import to_hex
from napari.layers import Image, Labels
from numpy.typing import NDArray

from napari_abdoseg.anatomy.bile_duct import BileDuct, CurvedPlane, CurvedView
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.plugin.bile_duct.curved_picture import Note, Sight
from napari_abdoseg.plugin.organs.bile_duct_region import COLOR
from napari_abdoseg.plugin.widgets.readable import readable

DIM = 0.55
"""How bright the labels are shown where there is no scan."""
ON_DARK = "dark"
"""The theme on whose ground an outline is to be seen as well as words are."""


def sight_of(
    view: CurvedView,
    duct: BileDuct | None,
    layer: Labels,
    scan: tuple[Image, Volume] | None,
    angle: float,
) -> Sight:
    """Look at a case along its course.

    Parameters
    ----------
    view : CurvedView
    duct : BileDuct or None
        None where the course is the middle of the search region.
    layer : Labels
    scan : tuple of Image and Volume, or None
    angle : float
        Degrees by which the plane is turned.
    """
    plane = view.plane(angle, None if scan is None else scan[1].data)
    colors = _of_labels(plane, layer) if scan is None else _of_scan(plane, scan[0])
    color: Any = COLOR if duct is None else layer.get_color(duct.organ.value)
    notes = () if duct is None else notes_of(duct)
    spacing = view.course.grid.spacing
    return Sight(plane, colors, scan is not None, readable(to_hex(color), ON_DARK), spacing, notes)


def notes_of(duct: BileDuct) -> tuple[Note, ...]:
    """Where a duct is widest, and where it breaks off."""
    breaks = (
        Note(
            duct.course.nearest(each.voxel),
            f"gap {each.length_mm:.0f} mm",
            each.length_mm / 2,
            on_left=True,
        )
        for each in duct.breaks
    )
    return Note(int(duct.diameters.argmax()), f"widest {duct.widest_mm:.1f} mm"), *breaks


def _of_scan(plane: CurvedPlane, scan: Image) -> NDArray[np.uint8]:
    """The scan as panels show it."""
    low, high = scan.contrast_limits
    share = np.clip((plane.picture.values.astype(float) - low) / (high - low), 0, 1)
    return _colors(scan.colormap.map(share.ravel() ** scan.gamma), plane)


def _of_labels(plane: CurvedPlane, layer: Labels) -> NDArray[np.uint8]:
    values, places = np.unique(plane.picture.values, return_inverse=True)
    palette = np.array([_color(layer, int(value)) for value in values])
    return _colors(palette[places.ravel()], plane)


def _color(layer: Labels, value: int) -> NDArray[np.float64]:
    color = np.array([0.0, 0.0, 0.0, 1.0])
    if value:
        color[:3] = DIM * np.asarray(layer.get_color(value))[:3]
    return color


def _colors(rgba: Any, plane: CurvedPlane) -> NDArray[np.uint8]:
    pixels: NDArray[np.uint8] = np.rint(255 * np.asarray(rgba)).astype(np.uint8)
    return pixels.reshape(*plane.picture.values.shape, 4)
