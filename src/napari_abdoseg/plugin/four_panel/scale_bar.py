"""A scale bar that leaves room for the letters at the edges of a picture.

napari's own bar would take each canvas a font of its own, glyph by glyph, before its first picture.
"""

from __future__ import annotations

from dataclasses import dataclass

from napari.components import ViewerModel

LENGTHS_MM = (1, 2, 5, 10, 20, 50, 100, 200, 500)
SHARE_OF_WIDTH = 0.3
"""Of a picture that the bar takes at most, unless that is less than the shortest bar."""


@dataclass(frozen=True)
class ScaleBar:
    """What is drawn in a corner of a picture.

    Parameters
    ----------
    pixels : float
        Its length on the screen.
    words : str
        Its length in the viewer, such as ``"50 mm"``.
    """

    pixels: float
    words: str


def scale_bar(viewer: ViewerModel, width: float) -> ScaleBar:
    """The longest bar that fits into a corner of a viewer's picture.

    Parameters
    ----------
    viewer : ViewerModel
        With layers.
    width : float
        Of the picture, in pixels.
    """
    zoom = viewer.scene.camera.zoom
    length = fitting_length(width, zoom)
    units = viewer.layers.units
    if units is None:  # of layers that do not go together
        return ScaleBar(length * zoom, f"{length:g}")
    return ScaleBar(length * zoom, f"{length * units[viewer.dims.displayed[-1]]:g~#P}")


def fitting_length(width: float, zoom: float) -> float:
    """Longest bar in mm that fits into a picture ``width`` pixels wide, at ``zoom`` pixels a mm."""
    room = SHARE_OF_WIDTH * width / zoom
    return max((length for length in LENGTHS_MM if length <= room), default=LENGTHS_MM[0])
