"""Where the patient's middle is along x, from the spine or from organs that tell of it."""

from __future__ import annotations

import numpy as np

from napari_abdoseg.anatomy.orientation.coarse_scan import CoarseScan
from napari_abdoseg.anatomy.orientation.spine import Spine
from napari_abdoseg.image.names.organ_spelling import organ_key
from napari_abdoseg.image.volume import LabelMap

IN_THE_MIDDLE = ("vertebra", "spinal cord", "sacrum")
LEFT, RIGHT = "left ", "right "
COARSE_MM = 4.0


def midline_of_scan(scan: CoarseScan | None) -> float | None:
    """Voxel along x that the spine lies at; None where no spine is seen."""
    spine = Spine.find(scan) if scan is not None else None
    return scan.place((0.0, 0.0, float(spine.x)))[2] if scan is not None and spine else None


def midline_of_organs(labels: LabelMap) -> float | None:
    """Voxel along x halfway between right and left, from organs; None where they don't tell.

    The bones of the spine tell it best, then organs of both sides, then aorta and inferior
    vena cava, then liver and spleen: all the same if a label map is mirrored, or if the two
    of a pair are swapped.
    """
    at = _middles(labels)
    spine = [x for name, x in at.items() if name.startswith(IN_THE_MIDDLE)]
    if spine:
        return float(np.median(spine))
    pairs = [
        (x + at[other]) / 2
        for name, x in at.items()
        if name.startswith(LEFT) and (other := RIGHT + name.removeprefix(LEFT)) in at
    ]
    if pairs:
        return float(np.median(pairs))
    for first, second in (("aorta", "inferior vena cava"), ("liver", "spleen")):
        if first in at and second in at:
            return (at[first] + at[second]) / 2
    return None


def _middles(labels: LabelMap) -> dict[str, float]:
    """Middle of each organ along x, in voxels, by its usual name."""
    steps = [max(1, int(COARSE_MM / step)) for step in labels.grid.spacing]
    coarse = labels.data[tuple(slice(None, None, step) for step in steps)]
    columns = np.arange(coarse.shape[2]) * steps[2]
    voxels = np.bincount(coarse.ravel())
    sums = np.bincount(coarse.ravel(), np.broadcast_to(columns, coarse.shape).ravel())
    return {
        organ_key(organ.name): float(sums[organ.value] / voxels[organ.value])
        for organ in labels.organs
        if organ.value < len(voxels) and voxels[organ.value]
    }
