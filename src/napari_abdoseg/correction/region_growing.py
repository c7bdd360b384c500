"""An organ grown from a click, within a range of HU."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import BACKGROUND, EditableLabels
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.image.grid import Shape


def grow_from(
    labels: EditableLabels,
    hu: NDArray[Any],
    value: int,
    place: Shape,
    hu_range: tuple[float, float],
    reach_mm: float,
) -> Edit:
    """Give an organ the background that hangs together with a voxel and is as dense.

    Parameters
    ----------
    labels : EditableLabels
    hu : ndarray, shape (z, y, x)
        Of the scan on the same grid.
    value : int
        Label of the organ.
    place : tuple of int
        The voxel (z, y, x).
    hu_range : tuple of float
        Least and most HU, both of them too.
    reach_mm : float
        mm from the voxel, at most.

    Raises
    ------
    CorrectionError
        The scan is on another grid, the voxel is not in the scan or not in the range, or the
        organ is locked.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.correction.editable_labels import EditableLabels
    >>> from napari_abdoseg.correction.region_growing import grow_from
    >>> hu = np.full((3, 9, 9), -100)
    >>> hu[1, 2:5, 2:5] = 60
    >>> labels = EditableLabels(np.zeros(hu.shape, np.uint8), (1.0, 1.0, 1.0), {})
    >>> grow_from(labels, hu, 1, (1, 3, 3), (40, 80), reach_mm=20.0).after.size
    9
    """
    labels.require_unlocked(value)
    hu = scan_of(labels, hu)
    reach = [int(reach_mm // step) for step in labels.spacing]
    z, y, x = (at - far for at, far in zip(place, reach, strict=True))
    stop_z, stop_y, stop_x = (at + far + 1 for at, far in zip(place, reach, strict=True))
    _require_inside(hu, place)
    box = labels.within(Box((z, y, x), (stop_z, stop_y, stop_x)))
    now, part = labels.data[box.slices], hu[box.slices]
    lowest, highest = hu_range
    dense = (part >= lowest) & (part <= highest) & np.isin(now, [BACKGROUND, value])
    dense &= _is_near(box, place, labels.spacing, reach_mm)
    parts, _ = ndimage.label(dense)
    number = parts[tuple(np.subtract(place, box.start))]
    if not number:
        raise CorrectionError(
            f"That place has {hu[place]:.0f} HU or is another organ's: click on background within "
            f"{lowest:.0f} to {highest:.0f} HU, or choose another range."
        )
    return labels.edit(box, np.where(parts == number, value, now))


def hu_around(hu: NDArray[Any], place: Shape, tolerance: float) -> tuple[float, float]:
    """HU that are like those of a voxel, of which its own is always one.

    The middle of the range is the median of the voxel and those beside it, which noise changes
    less than the voxel's own HU; where that is too far from it, the voxel's own.

    Parameters
    ----------
    hu : ndarray, shape (z, y, x)
    place : tuple of int
        The voxel (z, y, x).
    tolerance : float
        HU more or less than the middle.

    Raises
    ------
    CorrectionError
        The voxel is not in the scan.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.correction.region_growing import hu_around
    >>> hu = np.full((3, 3, 3), 50)
    >>> hu[1, 1, 1] = 60
    >>> hu_around(hu, (1, 1, 1), 20.0), hu_around(hu, (1, 1, 1), 5.0)
    ((30.0, 70.0), (55.0, 65.0))
    """
    _require_inside(hu, place)
    own = float(hu[place])
    beside = tuple(slice(max(at - 1, 0), at + 2) for at in place)
    middle = float(np.median(hu[beside]))
    if abs(middle - own) > tolerance:
        middle = own
    return middle - tolerance, middle + tolerance


def scan_of(labels: EditableLabels, hu: NDArray[Any] | None) -> NDArray[Any]:
    """The scan of a label map, if it is one.

    Raises
    ------
    CorrectionError
        There is no scan, or it is on another grid.
    """
    if hu is None:
        raise CorrectionError("There is no scan on the grid of this label map: open its CT.")
    if hu.shape != labels.data.shape:
        raise CorrectionError(
            "The scan and the label map are on different grids: choose the scan that the labels "
            "are of."
        )
    return hu


def _require_inside(hu: NDArray[Any], place: Shape) -> None:
    if not all(0 <= at < size for at, size in zip(place, hu.shape, strict=True)):
        raise CorrectionError("That place is not in the scan: click in the scan.")


def _is_near(
    box: Box, place: Shape, spacing: tuple[float, float, float], mm: float
) -> NDArray[np.bool_]:
    """Which voxels of a box are within so many mm of one."""
    axes = np.ogrid[box.slices]
    squares = [
        ((axis - at) * step) ** 2 for axis, at, step in zip(axes, place, spacing, strict=True)
    ]
    return np.asarray(sum(squares) <= mm**2)
