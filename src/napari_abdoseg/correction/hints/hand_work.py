"""Which voxels a person has changed, so that no hint changes them again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.image.grid import Shape

MOST = np.iinfo(np.uint8).max


class HandWork:
    """Counts the edits by hand of each voxel.

    Takes memory only where somebody has worked.

    Parameters
    ----------
    shape : tuple of int
        (z, y, x) of the label map.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.anatomy.tally import Edit
    >>> from napari_abdoseg.correction.hints.hand_work import HandWork
    >>> work = HandWork((2, 3, 3))
    >>> stroke = Edit((np.array([1]), np.array([0]), np.array([2])), np.array([0]), np.array([4]))
    >>> work.add(stroke)
    >>> int(work.times.sum())
    1
    >>> work.take_back(stroke)
    >>> int(work.times.sum())
    0
    """

    def __init__(self, shape: Shape) -> None:
        self.times: NDArray[np.uint8] = np.zeros(shape, np.uint8)
        """How many edits of each voxel stand, for `Sparing.by_hand`."""

    def add(self, edit: Edit) -> None:
        """A stroke, or a tool's edit, was done or redone."""
        times = self.times[edit.where]
        self.times[edit.where] = np.where(times < MOST, times + 1, MOST)

    def take_back(self, edit: Edit) -> None:
        """It was undone."""
        times = self.times[edit.where]
        self.times[edit.where] = np.where((times > 0) & (times < MOST), times - 1, times)
