"""Changes of a label map in a 3D picture: a point for each voxel, or for some of many."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from numpy.typing import NDArray
from qtpy.QtCore import QTimer
from qtpy.QtGui import QColor
from vispy.scene.visuals import Markers

from napari_abdoseg.plugin.correct.change_overlay import GAIN, LOSS
from napari_abdoseg.plugin.correct.proposal import ADDED, Changes

MOST_POINTS = 6000
POINT_PIXELS = 4
ABOVE_ALL = 10**6
"""Drawn after everything else, points are seen through surfaces."""
REST_MS = 200
"""Slices are drawn first: rendering in 3D is slow."""


class ChangeCloud:
    """Points in the scene of a 3D picture, seen through the surfaces.

    Parameters
    ----------
    viewer : ViewerModel
        What the picture shows.
    scene : vispy Node
        The scene that the viewer's layers are drawn in.
    layer : Labels
        Whose voxels would change.
    changes : Changes
    """

    def __init__(self, viewer: ViewerModel, scene: Any, layer: Labels, changes: Changes) -> None:
        self._viewer, self._scene = viewer, scene
        self._markers: Any = None
        self._layer, self._changes = layer, changes
        self._rest = QTimer()
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._draw)
        self._rest.start(REST_MS)

    def end(self) -> None:
        """Take them out of the scene."""
        self._rest.stop()
        if self._markers is not None:
            self._markers.parent = None
            self._markers = None

    def _draw(self) -> None:
        places, kinds = some_voxels(self._changes)
        places = self._layer.translate + places * self._layer.scale
        colors = np.where((kinds == ADDED)[:, None], _rgba(GAIN), _rgba(LOSS))
        self._markers = Markers(parent=self._scene)
        self._markers.set_gl_state("translucent", depth_test=False)
        self._markers.order = ABOVE_ALL
        self._markers.set_data(
            pos=in_scene(self._viewer, places),
            face_color=colors,
            edge_width=0,
            size=POINT_PIXELS,
        )


def in_scene(viewer: ViewerModel, places: NDArray[Any]) -> NDArray[np.float32]:
    """Places in mm along (z, y, x), shape (n, 3), as a 3D picture of a viewer's layers has them."""
    down_first = [axis - (viewer.dims.ndim - 3) for axis in viewer.dims.displayed]
    return np.asarray(places[:, down_first[::-1]], np.float32)


def some_voxels(changes: Changes) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """Voxels (z, y, x) that change, or an even part of them where they are many.

    Returns
    -------
    ndarray of int, shape (voxels, 3)
    ndarray of uint8, shape (voxels,)
        `ADDED` or `REMOVED`.
    """
    flat = np.flatnonzero(changes.kinds)
    flat = flat[:: max(1, -(-flat.size // MOST_POINTS))]
    inside = np.stack(np.unravel_index(flat, changes.kinds.shape), axis=1)
    return inside + changes.box.start, changes.kinds.ravel()[flat]


def _rgba(color: QColor) -> tuple[float, ...]:
    return tuple(float(each) for each in color.getRgbF())
