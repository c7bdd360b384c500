"""Voxels that a pointer has covered, and what of them is painted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.region_growing import scan_of

HuRange = tuple[float, float]
"""Least and most HU, both of them too."""

HU_PRESETS = {
    "soft tissue": (-29.0, 150.0),
    "fat": (-190.0, -30.0),
    "contrast-filled vessel": (130.0, 600.0),
}
"""HU of what is often painted.

The first two are those of muscle and of fat in M. Mourtzakis et al., A practical and precise
approach to quantification of body composition in cancer patients using computed tomography
images acquired during routine care, Applied Physiology, Nutrition, and Metabolism 33, 2008.
"""


@dataclass(frozen=True, eq=False)
class Area:
    """Some voxels of a scan.

    Parameters
    ----------
    box : Box
        In the scan.
    mask : ndarray of bool, of the box's shape
        Which of its voxels.
    """

    box: Box
    mask: NDArray[np.bool_]


@dataclass(frozen=True)
class Paintable:
    """What may be painted over.

    Parameters
    ----------
    over : frozenset of int, optional
        Labels that voxels have now; all that are not locked if None.
    hu_range : tuple of float, optional
        HU that voxels have in the scan, both ends too; any if None.
    """

    over: frozenset[int] | None = None
    hu_range: HuRange | None = None


def paint(
    labels: EditableLabels,
    area: Area,
    value: int,
    paintable: Paintable = Paintable(),  # frozen
    hu: NDArray[Any] | None = None,
) -> Edit:
    """Give voxels a label, as far as they may be painted over and are not locked.

    Parameters
    ----------
    labels : EditableLabels
    area : Area
    value : int
        0 to erase.
    paintable : Paintable, optional
    hu : ndarray, shape (z, y, x), optional
        Of the scan on the same grid, for a range of HU.

    Raises
    ------
    CorrectionError
        The label is locked; or only a range of HU may be painted over, and there is no scan, or
        one on another grid.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.correction.brush import swept
    >>> from napari_abdoseg.correction.editable_labels import EditableLabels
    >>> from napari_abdoseg.correction.painted_area import Paintable, paint
    >>> labels = EditableLabels(np.zeros((3, 9, 9), np.uint8), (5.0, 1.0, 1.0), {})
    >>> dab = swept((1, 4, 4), (1, 4, 4), 1.0, labels.spacing, labels.data.shape, axis=0)
    >>> paint(labels, dab, 2).after.size
    5
    >>> paint(labels, dab, 2, Paintable(over=frozenset({1}))).after.size
    0
    """
    labels.require_unlocked(value)
    chosen, now = area.mask, labels.data[area.box.slices]
    if paintable.over is not None:
        chosen = chosen & np.isin(now, list(paintable.over))
    if paintable.hu_range is not None:
        lowest, highest = paintable.hu_range
        part = scan_of(labels, hu)[area.box.slices]
        chosen = chosen & (part >= lowest) & (part <= highest)
    return labels.edit(area.box, np.where(chosen, value, now))
