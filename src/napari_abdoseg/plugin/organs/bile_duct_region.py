"""The bile-duct search region of a label map, looked for again when its organs change."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from napari.layers import Labels
from psygnal import Signal

from napari_abdoseg.anatomy.bile_duct import (
    BileDuctRegion,
    bile_duct_region,
    landmark_of,
    lead_to_duct,
)
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.plugin.layers.conversion import label_map_of
from napari_abdoseg.plugin.organs.measuring import OrganTable

COLOR = np.array((0.71, 0.89, 0.24))
"""RGB from 0 to 1."""

WORDS = "The bile-duct search region is a place to look, never a finding."
LOOKING = "Looking for the bile-duct search region…"


class RegionFinding:
    """Finds the region in a thread, and says why where there is none.

    Parameters
    ----------
    layer : Labels
    """

    found = Signal()
    """`region` and `problem` are new."""

    def __init__(self, layer: Labels) -> None:
        self.region: BileDuctRegion | None = None
        self.problem = ""
        self._layer = layer
        self._guides: object = None
        self._background = LatestWork(self._find)
        self._background.yielded.connect(self._take)
        self.close = self._background.close

    @property
    def words(self) -> str:
        """What the region is, or why there is none."""
        if self.region is not None:
            return f"{self.region.words} {WORDS}"
        return self.problem or LOOKING

    def follow(self, table: OrganTable) -> None:
        """Look for it again if an organ that leads to it has changed."""
        guides = {
            organ: (measures.voxels, measures.box)
            for organ, measures in table.measures.items()
            if landmark_of(organ)
        }
        if is_expected(table) and guides != self._guides:
            self._guides = guides
            self._background.start_soon()

    def _find(self) -> Iterator[BileDuctRegion | AbdosegError]:
        try:
            yield bile_duct_region(label_map_of(self._layer))
        except AbdosegError as error:
            yield error

    def _take(self, result: BileDuctRegion | AbdosegError) -> None:
        self.region = result if isinstance(result, BileDuctRegion) else None
        self.problem = str(result) if isinstance(result, AbdosegError) else ""
        self.found.emit()


def is_expected(table: OrganTable) -> bool:
    """Whether a label map has the organs, there or not, that lead to the region."""
    return lead_to_duct(table.organs)
