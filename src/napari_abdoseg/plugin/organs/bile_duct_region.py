"""The bile-duct search region of a label map, looked for again when its organs change."""

from __future__ import annotations

import numpy as np
from napari.layers import Labels

from napari_abdoseg.anatomy.bile_duct import (
    BileDuctRegion,
    bile_duct_region,
    landmark_of,
    lead_to_duct,
)
from napari_abdoseg.plugin.organs.finding import Finding
from napari_abdoseg.plugin.organs.measuring import OrganTable

COLOR = np.array((0.71, 0.89, 0.24))
"""RGB from 0 to 1."""

WORDS = "The bile-duct search region is a place to look, never a finding."
LOOKING = "Looking for the bile-duct search region…"


class RegionFinding(Finding[BileDuctRegion]):
    """Finds the region in a thread, and says why where there is none.

    Parameters
    ----------
    layer : Labels
    """

    def __init__(self, layer: Labels) -> None:
        super().__init__(layer, bile_duct_region, landmark_of, is_expected)

    @property
    def region(self) -> BileDuctRegion | None:
        """The region, where it was found."""
        return self.result

    @property
    def words(self) -> str:
        """What the region is, or why there is none."""
        if self.region is not None:
            return f"{self.region.words} {WORDS}"
        return self.problem or LOOKING


def is_expected(table: OrganTable) -> bool:
    """Whether a label map has the organs, there or not, that lead to the region."""
    return lead_to_duct(table.organs)
