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
        before = self._layer
        self._layer, volume = scan_on(self._viewer, self._grid, self._beside)
        if self._layer is not before:
            self.found.emit(volume)


def scan_on(
    viewer: ViewerModel, grid: Grid, beside: Layer | None = None
) -> tuple[Image | None, Volume | None]:
    """The first scan whose voxels lie on a grid, and its layer; that of a layer's case first."""
    scans = [layer for layer in viewer.layers if isinstance(layer, Image)]
    cases = cases_in_view(viewer)
    for layer in sorted(scans, key=lambda scan: not cases.are_together(scan, beside)):
        if (volume := _volume_on(layer, grid)) is not None:
            return layer, volume
    return None, None


def _volume_on(layer: Image, grid: Grid) -> Volume | None:
    if sorted(layer.level_shapes[0]) != sorted(grid.shape):
        return None
    try:
        volume = volume_of(layer)
    except ImageError:
        return None
    return volume if volume.grid.matches(grid) else None
