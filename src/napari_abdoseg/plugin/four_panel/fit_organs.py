"""A 3D picture that is filled by the organs, until the user moves it."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel

from napari_abdoseg.plugin.four_panel.box_outlines import BoxOutlines


class OrgansInView:
    """Zooms to the boxes of all organs as they come.

    Parameters
    ----------
    viewer : ViewerModel
        In 3D.
    outlines : BoxOutlines
    """

    def __init__(self, viewer: ViewerModel, outlines: BoxOutlines) -> None:
        self._viewer = viewer
        self._outlines = outlines
        self._most = 0
        self._fitting = self._moved = False
        events = viewer.scene.camera.events
        self._moves = events.center, events.zoom
        for event in self._moves:
            event.connect(self._notice)
        outlines.changed.connect(self._follow)

    def close(self) -> None:
        """Follow the organs no longer."""
        for event in self._moves:
            event.disconnect(self._notice)
        self._outlines.changed.disconnect(self._follow)

    def fit(self) -> None:
        """Show all visible boxes, or the whole scan where there are none."""
        self._fitting = True
        outlines = tuple(self._outlines)
        self._most = max(self._most, len(outlines))
        if outlines:
            low = np.min([outline.low for outline in outlines], axis=0)
            high = np.max([outline.high for outline in outlines], axis=0)
            camera = self._viewer.scene.camera
            camera.center = tuple((low + high) / 2)
            diagonal = float(np.linalg.norm(high - low))
            camera.zoom = min(self._viewer.canvas.size) / diagonal
        else:
            self._viewer.fit_to_view()
        self._fitting = self._moved = False

    def _notice(self, event: object = None) -> None:
        self._moved = self._moved or not self._fitting

    def _follow(self) -> None:
        """Take in a box that is new; one that is shown again was in view before."""
        if len(tuple(self._outlines)) > self._most and not self._moved:
            self.fit()
