"""The voxels of a label map as they are, copied in steps: of a large one the window would wait."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import slabs
from napari_abdoseg.plugin.jobs.idle_queue import TURN_SECONDS


class Snapshot:
    """A copy of voxels, which are as they are copied: what is edited meanwhile is in some of them.

    Parameters
    ----------
    voxels : ndarray, shape (z, y, x)
    """

    def __init__(self, voxels: NDArray[Any]) -> None:
        self.voxels = voxels
        self._copy = np.empty(voxels.shape, voxels.dtype)
        self._slabs = self._copy_slabs()

    def copy_on(self) -> bool:
        """Copy for as long as a turn may take; whether all is copied."""
        begin = time.perf_counter()
        return all(time.perf_counter() - begin < TURN_SECONDS for _ in self._slabs)

    def whole(self) -> NDArray[Any]:
        """Copy what is left; the copy."""
        for _ in self._slabs:
            pass
        return self._copy

    def _copy_slabs(self) -> Iterator[None]:
        planes = len(self.voxels)
        for first, end in slabs(0, planes, self.voxels.size // planes):
            self._copy[first:end] = self.voxels[first:end]
            yield
