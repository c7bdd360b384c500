"""A scan looked at, alone or with the organs that were found in it."""

from __future__ import annotations

from dataclasses import dataclass

from napari_abdoseg.anatomy.orientation.coarse_scan import CoarseScan
from napari_abdoseg.anatomy.orientation.finding import Orientation
from napari_abdoseg.anatomy.orientation.organ_cues import organ_cues
from napari_abdoseg.anatomy.orientation.scan_cues import ScanCues
from napari_abdoseg.anatomy.orientation.spine import Spine
from napari_abdoseg.image.volume import LabelMap, Volume


@dataclass(frozen=True)
class ScanAlone:
    """What a scan tells of how it lies, before organs are found in it.

    Parameters
    ----------
    orientation : Orientation
    spine_x : float or None
        Where its spine is along x; None if there is none to be seen.
    """

    orientation: Orientation
    spine_x: float | None

    def with_organs(self, labels: LabelMap) -> Orientation:
        """What the scan and organs on its grid tell together."""
        cues = self.orientation.cues
        return Orientation((*cues, *organ_cues(labels, self.spine_x)))


def look_at(volume: Volume) -> ScanAlone:
    """Look how a CT in Hounsfield units lies, for `check_orientation` with organs later."""
    scan = CoarseScan.of(volume)
    spine = Spine.find(scan)
    if spine is None:
        return ScanAlone(Orientation(()), None)
    cues = tuple(ScanCues(scan, spine).all())
    return ScanAlone(Orientation(cues), scan.place((0, 0, spine.x))[2])


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
    alone = look_at(volume)
    return alone.orientation if labels is None else alone.with_organs(labels)
