"""The boxes of a viewer as lines in the 3D picture of another one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vispy.scene.visuals import Line

from napari_abdoseg.plugin.four_panel.box_outlines import LINE_PIXELS, BoxOutlines, Outline
from napari_abdoseg.plugin.layers.box_drawing import EDGES

BELOW_ALL = -1
"""Drawn before everything else, lines shine through transparent surfaces."""


class BoxLines:
    """Draws all boxes at once, each edge a line.

    napari's Shapes would cost the 3D picture five drawings a box.

    Parameters
    ----------
    outlines : BoxOutlines
    scene : vispy Node
        The scene that the viewer's layers are drawn in.
    """

    def __init__(self, outlines: BoxOutlines, scene: Any) -> None:
        self._outlines = outlines
        self._line = Line(connect="segments", width=LINE_PIXELS, parent=scene, method="gl")
        self._line.set_gl_state("translucent", depth_test=True)
        self._line.order = BELOW_ALL
        outlines.changed.connect(self._draw)
        self._draw()

    def end(self) -> None:
        """Take them out of the scene."""
        self._outlines.changed.disconnect(self._draw)
        self._line.parent = None

    def _draw(self) -> None:
        outlines = tuple(self._outlines)
        self._line.visible = bool(outlines)
        if outlines:
            segments, colors = box_segments(outlines)
            self._line.set_data(pos=segments[:, ::-1], color=colors)  # vispy's order is (x, y, z)


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
