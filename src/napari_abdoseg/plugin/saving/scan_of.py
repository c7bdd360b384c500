"""The CT that a label map is of."""

from __future__ import annotations

from pathlib import Path

from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.plugin.layers.conversion import volume_of


def scan_path(viewer: ViewerModel, layer: Labels) -> Path | None:
    """The file of the CT that a label map is of: the one it was made of, else the first like it."""
    if "scan" in layer.metadata:
        scan: Path | None = layer.metadata["scan"]
        return scan
    grid = layer.metadata.get("grid")
    scans = [each for each in viewer.layers if isinstance(each, Image) and grid is not None]
    return next((path for path in (_path_on(scan, grid) for scan in scans) if path), None)


def _path_on(layer: Image, grid: Grid) -> Path | None:
    try:
        volume = volume_of(layer)
    except ImageError:
        return None
    return volume.path if volume.grid.matches(grid) else None
