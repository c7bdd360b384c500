"""What a bile duct that was labelled is like: how long, how wide, and where it breaks off.

It is a candidate: whoever labelled it, often a network, may be wrong. It is a place to look, never
a finding.

References
----------
.. [1] Parulekar SG. Ultrasound evaluation of common bile duct size. Radiology 1979; 133(3):
   703-707.
.. [2] Landry D, Tang A, Murphy-Lavallée J, et al. Dilatation of the bile duct in patients after
   cholecystectomy: a retrospective study. Can Assoc Radiol J 2014; 65(1): 29-34.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.bile_duct.course import STEP_MM, Course, find_course
from napari_abdoseg.anatomy.bile_duct.cross_sections import centred, cross_sections
from napari_abdoseg.anatomy.bile_duct.depth import Depth
from napari_abdoseg.anatomy.bile_duct.problem import NoCourseError
from napari_abdoseg.anatomy.box import bounding_boxes
from napari_abdoseg.image.grid import Triple
from napari_abdoseg.image.names.organ_spelling import organ_key
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap

DUCTS = (
    *("common bile duct", "bile duct", "extrahepatic bile duct", "candidate bile duct"),
    *("cbd", "choledochal duct", "ductus choledochus"),
)
"""What data sets and people call it."""

WIDE_MM = 7.0
"""Wider than that is marked: the upper limit of normal on ultrasound [1]_.

On CT of people with a gallbladder, 95 % had less than 6.2 mm below the age of 50, and less than
7.7 mm above; without a gallbladder ducts are wider [2]_.
"""

SHORTEST_BREAK_MM = 2.0
"""Of a gap."""


@dataclass(frozen=True)
class Break:
    """A gap in a duct.

    Parameters
    ----------
    voxel : tuple of float
        Its middle as (z, y, x) coordinates in voxels.
    length_mm : float
    """

    voxel: Triple
    length_mm: float


@dataclass(frozen=True, eq=False)
class BileDuct:
    """A candidate bile duct, from its end at the porta hepatis to that at the papilla.

    Parameters
    ----------
    organ : Organ
    course : Course
    diameters : ndarray, shape (n,)
        mm at each point of the course, of the cross-section at right angles to it along its
        shorter axis; 0 in gaps.
    volume_ml : float
        Of all voxels of the organ.
    breaks : tuple of Break
        In the order of the course.
    """

    organ: Organ
    course: Course
    diameters: NDArray[np.float64]
    volume_ml: float
    breaks: tuple[Break, ...]

    @property
    def widest_mm(self) -> float:
        """Its greatest diameter."""
        return float(self.diameters.max())

    @property
    def widest_voxel(self) -> Triple:
        """Where that is, as (z, y, x) coordinates in voxels."""
        return _triple(self.course.voxels[self.diameters.argmax()])

    @property
    def is_wide(self) -> bool:
        """Whether it is wider than `WIDE_MM` somewhere."""
        return self.widest_mm > WIDE_MM

    @property
    def words(self) -> str:
        """Its measures in words, such as ``"9.2 mm at its widest, 84 mm long, 4.1 ml"``."""
        wide = f" (wide: more than {WIDE_MM:g} mm)" if self.is_wide else ""
        text = (
            f"{self.widest_mm:.1f} mm at its widest{wide}, {self.course.length_mm:.0f} mm long, "
            f"{self.volume_ml:.1f} ml"
        )
        if not self.breaks:
            return text
        gaps = ", ".join(f"{each.length_mm:.0f}" for each in self.breaks)
        places = "1 place" if len(self.breaks) == 1 else f"{len(self.breaks)} places"
        return f"{text}; breaks off in {places}, for {gaps} mm"


def is_duct(organ: Organ) -> bool:
    """Whether an organ is called as bile ducts are."""
    return organ_key(organ.name) in DUCTS


def measure_duct(labels: LabelMap) -> BileDuct:
    """Follow and measure the bile duct of a label map.

    Parameters
    ----------
    labels : LabelMap
        With an organ ``common bile duct``, by a model or by hand.

    Returns
    -------
    BileDuct

    Raises
    ------
    NoCourseError
        There is none, or too little of it to follow.
    """
    organ = next((organ for organ in labels.organs if is_duct(organ)), None)
    box = bounding_boxes(labels).get(organ) if organ else None
    if organ is None or box is None:
        raise NoCourseError("The labels have no common bile duct: there is nothing to follow.")
    mask = labels.data[box.slices] == organ.value
    depth = Depth.of(mask, box, labels.grid)
    course = centred(depth, find_course(depth, labels.grid))
    sections = cross_sections(depth, course)
    return BileDuct(
        organ,
        course,
        sections.diameters,
        float(mask.sum() * labels.grid.voxel_volume),
        _breaks(course, depth.at(course.points) <= 0),
    )


def _breaks(course: Course, outside: NDArray[np.bool_]) -> tuple[Break, ...]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], outside.astype(np.int8), [0]])))
    found = [
        Break(_triple(course.voxels[(start + stop - 1) // 2]), float(stop - start) * STEP_MM)
        for start, stop in edges.reshape(-1, 2)
        if start > 0 and stop < len(outside)
    ]
    return tuple(each for each in found if each.length_mm >= SHORTEST_BREAK_MM)


def _triple(values: NDArray[np.float64]) -> Triple:
    z, y, x = (float(value) for value in values)
    return z, y, x
