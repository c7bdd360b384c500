"""A scan or label map as it lies in a file, of whatever format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import Organ

OBLIQUE_DEGREES = 0.5


@dataclass(frozen=True, eq=False)
class StoredImage:
    """What a file holds.

    Parameters
    ----------
    path : Path
    grid : Grid
    voxels : ndarray
        Real values in stored order; whole numbers unless there is a scale or a
        fraction, float32 then.
    notices : tuple of str
        What a user should know of the file.
    step : float, optional
        Distance of two values that the file can store; 0 for exact ones.
    says_labels : bool, optional
        Whether the file declares itself a label map.
    label_names : mapping of int to str, optional
        Names of label values that travel with the file.
    label_colors : mapping of int to str, optional
        Their colours as ``#rrggbb``.
    stamp : str, optional
        What the file says of itself if it is an unfinished label map.
    """

    path: Path
    grid: Grid
    voxels: NDArray[Any]
    notices: tuple[str, ...] = ()
    step: float = 0.0
    says_labels: bool = False
    label_names: Mapping[int, str] = field(default_factory=dict)
    label_colors: Mapping[int, str] = field(default_factory=dict)
    stamp: str = ""


@dataclass(frozen=True, eq=False)
class ImageToSave:
    """What a file is to hold.

    Parameters
    ----------
    grid : Grid
        Its geometry comes into the file.
    voxels : ndarray, shape (z, y, x)
    is_labels : bool, optional
    organs : tuple of Organ, optional
        Of a label map; names and colours of all its labels, also of those without a name.
    stamp : str, optional
        See `LabelMap`.
    """

    grid: Grid
    voxels: NDArray[Any]
    is_labels: bool = False
    organs: tuple[Organ, ...] = ()
    stamp: str = ""


def place_notices(grid: Grid) -> tuple[str, ...]:
    """What a user should know of how a scan lies in space."""
    if grid.is_sheared:
        return (
            "Its axes are not at right angles, as with a tilted gantry; it is shown as if they "
            "were, measured as they are and saved with its exact geometry.",
        )
    if grid.obliquity > OBLIQUE_DEGREES:
        return (
            f"It is oblique by {grid.obliquity:.1f}°; it is shown along the nearest "
            "axes and saved with its exact geometry.",
        )
    return ()
