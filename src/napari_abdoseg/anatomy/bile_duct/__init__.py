"""Where to look for the extrahepatic bile duct, and what a duct that was labelled is like.

Its ends are known. It begins in the porta
hepatis, the transverse fissure of the liver's visceral surface, where the right
and left hepatic ducts join; as common hepatic duct it is 2 to 3.5 cm long [1]_.
The common bile duct, about 8 cm long, goes on in the free edge of the
hepatoduodenal ligament, to the right of the hepatic artery and in front of the portal vein, and
behind the first part of the duodenum, and lies in a
groove on the back of the head of the pancreas or, less often, within it or beside
it [2]_. It ends in the second part of the duodenum, which lies around the head's
right side [3]_.

It is a place to look, never a finding.

The region (`region.py`) is found from landmarks (`landmarks.py`): by the veins and a table of
where ducts were (`from_veins.py`, `expected_place.py`), or by the liver (`from_liver.py`). A duct
(`duct.py`) is a course (`course.py`) in the middle of its cross-sections (`cross_sections.py`),
both read from how deep places are in the label (`depth.py`). `way.py` has the course to look
along, with or without a duct, `straightened.py` the picture along it.

References
----------
.. [1] Castaing D. Surgical anatomy of the biliary tract. HPB 2008; 10(2): 72-76.
.. [2] Common bile duct. Radiopaedia.org, https://radiopaedia.org/articles/common-bile-duct
.. [3] Standring S (ed.). Gray's Anatomy, 42nd ed., Elsevier 2021: pancreas, and
   gallbladder and biliary tree.
"""

from napari_abdoseg.anatomy.bile_duct.course import Course
from napari_abdoseg.anatomy.bile_duct.curved import CurvedPlane, CurvedView
from napari_abdoseg.anatomy.bile_duct.duct import WIDE_MM, BileDuct, Break, is_duct, measure_duct
from napari_abdoseg.anatomy.bile_duct.landmarks import landmark_of, lead_to_duct
from napari_abdoseg.anatomy.bile_duct.problem import NAME, NoCourseError, RegionNotFoundError
from napari_abdoseg.anatomy.bile_duct.region import BileDuctRegion, bile_duct_region
from napari_abdoseg.anatomy.bile_duct.straightened import Straightened, straighten
from napari_abdoseg.anatomy.bile_duct.way import Way, way_along, way_to_duct

__all__ = [
    "NAME",
    "WIDE_MM",
    "BileDuct",
    "BileDuctRegion",
    "Break",
    "Course",
    "CurvedPlane",
    "CurvedView",
    "NoCourseError",
    "RegionNotFoundError",
    "Straightened",
    "Way",
    "bile_duct_region",
    "is_duct",
    "landmark_of",
    "lead_to_duct",
    "measure_duct",
    "straighten",
    "way_along",
    "way_to_duct",
]
