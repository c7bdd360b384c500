"""The line to look along for the bile duct, from the porta hepatis to the papilla."""

from __future__ import annotations

from dataclasses import dataclass

from napari_abdoseg.anatomy.bile_duct.course import Course, find_course
from napari_abdoseg.anatomy.bile_duct.cross_sections import centred
from napari_abdoseg.anatomy.bile_duct.depth import Depth
from napari_abdoseg.anatomy.bile_duct.duct import BileDuct, measure_duct
from napari_abdoseg.anatomy.bile_duct.problem import NAME, NoCourseError
from napari_abdoseg.anatomy.bile_duct.region import BileDuctRegion, bile_duct_region
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap

CORE = 0.9
"""Share of a duct that the region holds whose middle is looked along."""


@dataclass(frozen=True, eq=False)
class Way:
    """A line to look along.

    Parameters
    ----------
    course : Course
    words : str
        What it is the middle of.
    organ : Organ or None
        The duct that it follows, if there is one.
    region : BileDuctRegion or None
        The one whose middle it is otherwise.
    """

    course: Course
    words: str
    organ: Organ | None = None
    region: BileDuctRegion | None = None


def way_along(duct: BileDuct) -> Way:
    """The course of a duct that was followed."""
    return Way(duct.course, f"Along the {duct.organ.name} as it is labelled.", duct.organ)


def way_to_duct(labels: LabelMap) -> Way:
    """The course of the duct where one is labelled, or else the middle of the search region.

    Raises
    ------
    RegionNotFoundError
        There is no duct to follow, and the organs do not tell where it would be.
    """
    try:
        return way_along(measure_duct(labels))
    except NoCourseError:
        region = bile_duct_region(labels, CORE)
    depth = Depth.of(region.mask, region.box, labels.grid)
    course = centred(depth, find_course(depth, labels.grid))
    return Way(course, f"Along the middle of the {NAME}. {region.words}", region=region)
