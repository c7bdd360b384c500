"""Volumes and label maps: voxels on a grid."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import Organ

PREVIEW = "preview, "
"""How the stamp of an unfinished label map begins."""


def _require_grid_shape(data: NDArray[Any], grid: Grid, path: Path | None, kind: str) -> None:
    if data.shape != grid.shape:
        of_file = f" of {path}" if path else ""
        raise ImageError(
            f"The {kind}{of_file} has shape {data.shape}, its grid {grid.shape} (z, y, x): "
            "both must be the same."
        )


@dataclass(frozen=True, eq=False)
class Volume:
    """A scan.

    Parameters
    ----------
    data : ndarray, shape (z, y, x)
        Voxels, for CT in Hounsfield units; axes point to superior, posterior, left.
    grid : Grid
    path : Path, optional
        The file it was read from.
    notices : tuple of str
        What a user should know of how it was read.

    Raises
    ------
    ImageError
        The shapes of voxels and grid differ.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg import Grid, Volume
    >>> grid = Grid.from_spacing((4, 5, 6), (2.0, 1.0, 1.0))
    >>> Volume(np.full(grid.shape, -1000, np.int16), grid).data.shape
    (4, 5, 6)
    """

    data: NDArray[Any]
    grid: Grid
    path: Path | None = None
    notices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require_grid_shape(self.data, self.grid, self.path, "volume")


@dataclass(frozen=True, eq=False)
class LabelMap:
    """Organs of a scan.

    Parameters
    ----------
    data : ndarray of uint8 or uint16, shape (z, y, x)
        Label values, 0 for background; axes point to superior, posterior, left.
    grid : Grid
    organs : tuple of Organ
    path : Path, optional
        The file it was read from.
    notices : tuple of str
        What a user should know of how it was read or made.
    stamp : str, optional
        Says of an unfinished one what it is: ``"preview, 1 of 5 folds"``. It travels
        with the file.
    ignored : int, optional
        Label value of voxels that nobody has labelled, as nnU-Net's ``ignore``.
    naming : tuple of str
        Those of the notices that tell where the organs' names come from.

    Raises
    ------
    ImageError
        The shapes of voxels and grid differ.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg import Grid, LabelMap, Organ
    >>> grid = Grid.from_spacing((4, 5, 6), (2.0, 1.0, 1.0))
    >>> labels = LabelMap(np.zeros(grid.shape, np.uint8), grid, (Organ(1, "liver"),))
    >>> labels.organs[0].name
    'liver'
    """

    data: NDArray[np.unsignedinteger[Any]]
    grid: Grid
    organs: tuple[Organ, ...]
    path: Path | None = None
    notices: tuple[str, ...] = ()
    stamp: str = ""
    ignored: int | None = None
    naming: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require_grid_shape(self.data, self.grid, self.path, "label map")
