"""Lines in a 3D picture; no layers, so that nothing of them is listed or saved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from napari.components import ViewerModel
from numpy.typing import NDArray
from superqt.utils import QSignalDebouncer
from vispy.scene.visuals import Line

from napari_abdoseg.image.grid import Triple
from napari_abdoseg.plugin.four_panel.box_outlines import LINE_PIXELS, BoxOutlines, Outline
from napari_abdoseg.plugin.layers.boxes import EDGES

CROSSHAIR_COLOR = (1.0, 0.85, 0.3, 0.55)
BELOW_ALL = -1
"""Drawn before everything else, lines shine through transparent surfaces."""


class Crosshair:
    """Lines through one place, along the three axes of a viewer that shows 3D.

    Parameters
    ----------
    viewer : ViewerModel
    scene : vispy Node
        The scene that the viewer's layers are drawn in.
    rest_ms : int
        The cursor rests that long before it is drawn, for rendering in 3D is slow.
    """

    def __init__(self, viewer: ViewerModel, scene: Any, rest_ms: int) -> None:
        self._viewer = viewer
        self._place: Triple | None = None
        self._line = Line(connect="segments", color=CROSSHAIR_COLOR, parent=scene, method="gl")
        self._line.visible = False
        self._rest = QSignalDebouncer()
        self._rest.setTimeout(rest_ms)
        self._rest.triggered.connect(self._draw)
        viewer.dims.events.range.connect(self._draw)

    def point_at(self, place: Triple) -> None:
        """Draw it through ``place``, in mm along (S, P, L), once that rests."""
        self._place = place
        self._rest.throttle()

    def end(self) -> None:
        """Take it out of the scene."""
        self._rest.cancel()
        self._viewer.dims.events.range.disconnect(self._draw)
        self._line.parent = None

    def _draw(self, event: Any = None) -> None:
        self._line.visible = self._place is not None and len(self._viewer.layers) > 0
        if self._line.visible:
            bounds = np.array([(axis.start, axis.stop) for axis in self._viewer.dims.range[-3:]])
            segments = crosshair_segments(np.array(self._place), bounds)
            self._line.set_data(pos=segments[:, ::-1])  # vispy's order is (x, y, z)


class BoxLines:
    """Draws all boxes at once, each edge a line.

    napari's Shapes would cost the 3D picture five drawings a box.

    Parameters
    ----------
    outlines : BoxOutlines
    scene : vispy Node
        The scene that the viewer's layers are drawn in.
    rest_ms : int
        Boxes stay as they are that long before they are drawn anew.
    """

    def __init__(self, outlines: BoxOutlines, scene: Any, rest_ms: int) -> None:
        self._outlines = outlines
        self._line = Line(connect="segments", width=LINE_PIXELS, parent=scene, method="gl")
        self._line.set_gl_state("translucent", depth_test=True)
        self._line.order = BELOW_ALL
        self._rest = QSignalDebouncer()
        self._rest.setTimeout(rest_ms)
        self._rest.triggered.connect(self._draw)
        outlines.changed.connect(self._rest.throttle)
        self._draw()

    def end(self) -> None:
        """Take them out of the scene."""
        self._rest.cancel()
        self._outlines.changed.disconnect(self._rest.throttle)
        self._line.parent = None

    def _draw(self) -> None:
        outlines = tuple(self._outlines)
        self._line.visible = bool(outlines)
        if outlines:
            segments, colors = box_segments(outlines)
            self._line.set_data(pos=segments[:, ::-1], color=colors)  # vispy's order is (x, y, z)


def crosshair_segments(
    place: NDArray[np.float64], bounds: NDArray[np.float64]
) -> NDArray[np.float32]:
    """A segment along each axis through one place.

    Parameters
    ----------
    place : ndarray, shape (3,)
    bounds : ndarray, shape (3, 2)
        Where the segments begin and end.

    Returns
    -------
    ndarray, shape (6, 3)
        Pairs of points.
    """
    segments = np.tile(place, (3, 2, 1))
    for axis in range(3):
        segments[axis, :, axis] = bounds[axis]
    return segments.reshape(6, 3).astype(np.float32)


def box_segments(
    outlines: Iterable[Outline],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The twelve edges of each box.

    Parameters
    ----------
    outlines : iterable of Outline
        One at least.

    Returns
    -------
    segments : ndarray of float32, shape (24 * boxes, 3)
        Pairs of points in mm along (S, P, L).
    colors : ndarray of float32, shape (24 * boxes, 4)
        RGBA of each point.
    """
    ends = np.concatenate(EDGES)
    segments, colors = [], []
    for outline in outlines:
        low, high = np.array(outline.low), np.array(outline.high)
        segments.append((low + high + ends * (high - low)) / 2)
        colors.append(np.tile(outline.color, (len(ends), 1)))
    return np.concatenate(segments).astype(np.float32), np.concatenate(colors).astype(np.float32)
