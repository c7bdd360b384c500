"""The scan that a label map belongs to."""

from __future__ import annotations

from typing import Any

from napari.components import ViewerModel
from napari.layers import Image, Layer
from psygnal import Signal

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.plugin.layers.conversion import volume_of
from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view


class ScanFinding:
    """Finds the first scan in a viewer whose voxels lie on a grid.

    Parameters
    ----------
    viewer : ViewerModel
    layer : Layer, optional
        The scan of its case comes first.
    """

    found = Signal(object)
    """Another `Volume`, or None when its layer was deleted."""

    def __init__(self, viewer: ViewerModel, layer: Layer | None = None) -> None:
        self._viewer = viewer
        self._beside = layer
        self._grid: Grid | None = None
        self._layer: Image | None = None
        viewer.layers.events.inserted.connect(self._find)
        viewer.layers.events.removed.connect(self._find)

    def follow(self, grid: Grid | None) -> bool:
        """Look for the scan of a label map, and whether there is one."""
        if grid is not self._grid:
            self._grid = grid
            self._find()
        return self._layer is not None

    def close(self) -> None:
        """Look for nothing more."""
        self._viewer.layers.events.inserted.disconnect(self._find)
        self._viewer.layers.events.removed.disconnect(self._find)

    def _find(self, event: Any = None) -> None:
        if self._grid is None or self._layer in self._viewer.layers:
            return
        before, self._layer, volume = self._layer, None, None
        for layer in self._scans():
            if (volume := _volume_on(layer, self._grid)) is not None:
                self._layer = layer
                break
        if self._layer is not before:
            self.found.emit(volume)

    def _scans(self) -> list[Image]:
        scans = [layer for layer in self._viewer.layers if isinstance(layer, Image)]
        cases = cases_in_view(self._viewer)
        return sorted(scans, key=lambda scan: not cases.are_together(scan, self._beside))


def _volume_on(layer: Image, grid: Grid) -> Volume | None:
    if sorted(layer.level_shapes[0]) != sorted(grid.shape):
        return None
    try:
        volume = volume_of(layer)
    except ImageError:
        return None
    return volume if volume.grid.matches(grid) else None
