"""Organs in the air outside of the body."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.orientation.coarse_scan import CoarseScan
from napari_abdoseg.anatomy.plausibility.doubt import Certainty, Doubt, Kind
from napari_abdoseg.anatomy.plausibility.organ_blocks import nearest_to_middle
from napari_abdoseg.image.volume import LabelMap

MARGIN_MM = 8.0
"""Skin may be so far from the body as it is found."""
AIR_HU = -300.0
LEAST_ML = 0.3
LEAST_BODY = 0.03
"""Share of a scan; with less of it, no body was found."""


def outside_body(labels: LabelMap, scan: CoarseScan) -> Iterator[Doubt]:
    """What of each organ lies in the air outside of the body.

    Parameters
    ----------
    labels : LabelMap
    scan : CoarseScan
        On its grid.
    """
    if scan.body.mean() < LEAST_BODY:
        return
    away = ndimage.distance_transform_edt(~scan.body, sampling=scan.spacing)
    there = _sampled(labels, scan)
    there = np.where((away > MARGIN_MM) & (scan.hu < AIR_HU), there, 0)
    voxels = np.bincount(there.ravel())
    places = dict(enumerate(ndimage.find_objects(there), start=1))
    for organ in labels.organs:
        place = places.get(organ.value)
        if place is None or voxels[organ.value] * scan.voxel_ml < LEAST_ML:
            continue
        volume = float(voxels[organ.value] * scan.voxel_ml)
        at = nearest_to_middle(there[place] == organ.value, tuple(scan.spacing))
        first = [index + part.start for index, part in zip(at, place, strict=True)]
        z, y, x = (int(index * by + by // 2) for index, by in zip(first, scan.steps, strict=True))
        start, stop = (
            [int(end * by) for end, by in zip(ends, scan.steps, strict=True)]
            for ends in ([part.start for part in place], [part.stop for part in place])
        )
        (z0, y0, x0), (z1, y1, x1) = start, stop
        yield Doubt(
            Kind.OUTSIDE,
            Certainty.CERTAIN,
            organ,
            (z, y, x),
            Box((z0, y0, x0), (z1, y1, x1)),
            volume,
            f"{volume:.1f} ml of it lie outside the body",
        )


def _sampled(labels: LabelMap, scan: CoarseScan) -> np.ndarray:
    """The label at the middle of each of the scan's coarse voxels."""
    middles = tuple(
        slice(int(by) // 2, int(by) * size, int(by))
        for by, size in zip(scan.steps, scan.hu.shape, strict=True)
    )
    return labels.data[middles]
