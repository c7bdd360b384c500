"""A scan looked at, alone or with the organs that were found in it."""

from __future__ import annotations

from napari_abdoseg.anatomy.orientation.coarse_scan import CoarseScan
from napari_abdoseg.anatomy.orientation.finding import Orientation
from napari_abdoseg.anatomy.orientation.organ_cues import organ_cues
from napari_abdoseg.anatomy.orientation.scan_cues import ScanCues
from napari_abdoseg.anatomy.orientation.spine import Spine
from napari_abdoseg.image.volume import LabelMap, Volume


def check_orientation(volume: Volume, labels: LabelMap | None = None) -> Orientation:
    """Look whether a scan's content lies as its header says, or is mirrored or turned.

    Parameters
    ----------
    volume : Volume
        A CT in Hounsfield units.
    labels : LabelMap, optional
        Organs that were found in it, on its grid.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from napari_abdoseg import make_phantom
    >>> from napari_abdoseg.anatomy.orientation.check import check_orientation
    >>> volume, _ = make_phantom(7, (6.0, 5.0, 5.0))
    >>> check_orientation(volume).swapped
    ()
    >>> upside_down = replace(volume, data=volume.data[::-1])
    >>> check_orientation(upside_down).swapped  # axes of (z, y, x)
    (0,)
    """
    scan = CoarseScan.of(volume)
    spine = Spine.find(scan)
    cues = tuple(ScanCues(scan, spine).all()) if spine else ()
    if labels is None:
        return Orientation(cues)
    spine_x = scan.place((0, 0, spine.x))[2] if spine else None
    return Orientation((*cues, *organ_cues(labels, spine_x)))
