"""Edits that take little memory: their voxels are kept as runs along x, until they are asked for.

A hundred steps of undo are kept of each label map, and organs have far fewer runs than voxels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.tally import Edit


def spare(edit: Edit) -> Edit:
    """An edit that does the same, in less memory where its voxels lie side by side along x.

    ``where`` is then no arrays but what NumPy makes arrays of, each time that it is asked for.
    Labels that are all the same are kept but once.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.anatomy.tally import Edit
    >>> from napari_abdoseg.correction.spare_edits import spare
    >>> z, y, x = np.zeros(9, int), np.zeros(9, int), np.arange(9)
    >>> edit = spare(Edit((z, y, x), np.zeros(9, np.uint8), np.full(9, 3, np.uint8)))
    >>> np.asarray(edit.where[2])
    array([0, 1, 2, 3, 4, 5, 6, 7, 8])
    """
    before, after = _spare_labels(edit.before), _spare_labels(edit.after)
    arrays = [np.asarray(axis) for axis in edit.where]
    z, y, x = arrays
    begins = np.ones(x.size, bool)
    begins[1:] = (z[1:] != z[:-1]) | (y[1:] != y[:-1]) | (np.diff(x.astype(np.int64)) != 1)
    firsts = np.flatnonzero(begins)
    lengths = np.diff(firsts, append=x.size)
    if firsts.size:
        lengths = lengths.astype(np.min_scalar_type(lengths.max()))
    starts = [axis[firsts] for axis in arrays]
    where: Any = edit.where
    if lengths.nbytes + sum(each.nbytes for each in starts) < sum(each.nbytes for each in arrays):
        where = tuple(_Along(each, lengths, axis == 2) for axis, each in enumerate(starts))
    return Edit(where, before, after)


def _spare_labels(labels: NDArray[Any]) -> NDArray[Any]:
    if labels.size and (labels == labels[0]).all():
        return np.broadcast_to(np.array(labels[0]), labels.shape)
    return labels


@dataclass(frozen=True, eq=False)
class _Along:
    """Numbers of voxels along one axis, of which NumPy makes an array.

    Parameters
    ----------
    starts, lengths : ndarray, shape (runs,)
    rises : bool
        Whether numbers rise by one within a run; otherwise they stay.
    """

    starts: NDArray[Any]
    lengths: NDArray[Any]
    rises: bool

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        numbers = np.repeat(self.starts, self.lengths)
        if self.rises:
            ends = np.cumsum(self.lengths, dtype=np.int64)
            steps = np.arange(numbers.size) - np.repeat(ends - self.lengths, self.lengths)
            numbers += steps.astype(numbers.dtype)
        return numbers if dtype is None else numbers.astype(dtype, copy=False)
