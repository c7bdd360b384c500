"""Where to look for the extrahepatic bile duct, from the organs that lead to it."""

from __future__ import annotations

from dataclasses import dataclass

from napari_abdoseg.anatomy.bile_duct import from_liver, from_veins
from napari_abdoseg.anatomy.bile_duct.expected_place import load_expected_place
from napari_abdoseg.anatomy.bile_duct.landmarks import (
    LIVER,
    PANCREAS,
    VEINS,
    Landmarks,
    Mask,
)
from napari_abdoseg.anatomy.bile_duct.problem import NAME, RegionNotFoundError
from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.volume import LabelMap

COVERAGE = 0.99
"""Share of a duct that a region is to hold unless another is asked for."""


@dataclass(frozen=True, eq=False)
class BileDuctRegion:
    """Where the extrahepatic bile duct is to be looked for.

    Parameters
    ----------
    box : Box
        The tightest around the region.
    mask : ndarray of bool, shape (z, y, x)
        The region within the box.
    landmarks : tuple of str
        Organs that it was found by.
    coverage : float or None
        Share of a duct that such regions held, on average over label maps with a duct that a
        network had labelled; None where that was never measured.
    """

    box: Box
    mask: Mask
    landmarks: tuple[str, ...]
    coverage: float | None

    @property
    def words(self) -> str:
        """What it was found by, and how far that can be relied on."""
        found_by = f"Found by {', '.join(self.landmarks[:-1])} and {self.landmarks[-1]}"
        if self.coverage is None:
            return f"{found_by}; how much of ducts such regions hold was never measured."
        return (
            f"{found_by}; such regions held {self.coverage:.0%} of ducts that were labelled by a "
            "network, on average."
        )


def bile_duct_region(labels: LabelMap, coverage: float = COVERAGE) -> BileDuctRegion:
    """Find the space where the bile duct runs, by the best landmarks that there are.

    By pancreas and veins where both are there: where ducts were in other people. By liver and
    pancreas otherwise: from the porta hepatis to the head of the pancreas. Neither holds the
    inside of liver, gallbladder or duodenum, where these are labelled.

    Parameters
    ----------
    labels : LabelMap
        With the pancreas, and with the veins (portal, splenic, mesenteric) or the liver, as
        AbdomenCT-1K, TotalSegmentator, PANORAMA and PanTS call them; (z, y, x) point to
        superior, posterior and left.
    coverage : {0.99, 0.98, 0.95, 0.9}, optional
        Share of a duct that a region by the veins is to hold, on average. Less makes it smaller.

    Returns
    -------
    BileDuctRegion
        On the grid of ``labels``.

    Raises
    ------
    RegionNotFoundError
        Organs are missing, or cut off where the duct should be, or they do not lie as they do
        in a body.

    Examples
    --------
    >>> from napari_abdoseg import make_phantom
    >>> from napari_abdoseg.anatomy.bile_duct import bile_duct_region
    >>> region = bile_duct_region(make_phantom(1, (12.0, 10.0, 10.0))[1])
    >>> region.box
    Box(start=(19, 11, 16), stop=(24, 17, 21))
    >>> region.landmarks
    ('liver', 'pancreas')
    """
    landmarks = Landmarks.of(labels, from_veins.COARSE_MM)
    if landmarks.has(VEINS):
        mask = from_veins.region_from_veins(landmarks, load_expected_place(), coverage)
        further = tuple(name for name in from_veins.RIM_MM if landmarks.has(name))
        return BileDuctRegion(*landmarks.on_grid(mask), (PANCREAS, VEINS, *further), coverage)
    landmarks = Landmarks.of(labels, from_liver.COARSE_MM)
    if not landmarks.has(LIVER):
        raise RegionNotFoundError(
            f"The labels have no {LIVER} and no veins (portal and splenic vein): one of them is "
            f"needed beside the pancreas to find the {NAME}."
        )
    mask = from_liver.region_from_liver(landmarks)
    return BileDuctRegion(*landmarks.on_grid(mask), (LIVER, PANCREAS), None)
