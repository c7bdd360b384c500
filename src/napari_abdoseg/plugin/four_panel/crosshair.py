"""A cross hair in 3D; no layer, so that nothing of it is listed or saved."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from numpy.typing import NDArray
from qtpy.QtCore import QTimer
from vispy.scene.visuals import Line

from napari_abdoseg.image.grid import Triple

COLOR = (1.0, 0.85, 0.3, 0.55)


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
        self._line = Line(connect="segments", color=COLOR, parent=scene, method="gl")
        self._line.visible = False
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(rest_ms)
        self._timer.timeout.connect(self._draw)
        viewer.dims.events.range.connect(self._draw)

    def point_at(self, place: Triple) -> None:
        """Draw it through ``place``, in mm along (S, P, L), once that rests."""
        self._place = place
        self._timer.start()

    def end(self) -> None:
        """Take it out of the scene."""
        self._timer.stop()
        self._viewer.dims.events.range.disconnect(self._draw)
        self._line.parent = None

    def _draw(self, event: Any = None) -> None:
        self._line.visible = self._place is not None and len(self._viewer.layers) > 0
        if self._line.visible:
            bounds = np.array([(axis.start, axis.stop) for axis in self._viewer.dims.range[-3:]])
            segments = crosshair_segments(np.array(self._place), bounds)
            self._line.set_data(pos=segments[:, ::-1])  # vispy's order is (x, y, z)


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
