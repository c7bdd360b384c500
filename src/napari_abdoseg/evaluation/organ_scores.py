"""Scores of the organs of a label map against a reference."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from math import nan

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.evaluation.centre_lines import (
    centre_line,
    centre_line_distance,
    cldice_of_lines,
    is_named,
)
from napari_abdoseg.evaluation.dice import dice_of_masks
from napari_abdoseg.evaluation.organ_masks import masks_within, organ_boxes
from napari_abdoseg.evaluation.score import Emptiness, Score
from napari_abdoseg.evaluation.surface_distance import SurfaceDistances
from napari_abdoseg.evaluation.surface_within import normalized_dice
from napari_abdoseg.evaluation.surfels import find_surfels
from napari_abdoseg.evaluation.tolerance import FLARE21, Tolerances
from napari_abdoseg.image.grid import Lattice, voxel_volume_mm3
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.side_by_side import side_by_side

PERCENT = 95
"""Percentile of the robust Hausdorff distance."""

CUBIC_MM_IN_ML = 1000


def score_organs(
    prediction: LabelMap,
    reference: LabelMap,
    tolerances: Tolerances = FLARE21,
    thin: Collection[str] = (),
) -> tuple[Score, ...]:
    """Score each organ of the reference's scheme.

    Parameters
    ----------
    prediction, reference : LabelMap
        Of shape (z, y, x), on one grid; a value means the same organ in both.
    tolerances : Tolerances, optional
        Of the NSD.
    thin : collection of str, optional
        Names of thin structures, whose centre lines are compared too.

    Raises
    ------
    ImageError
        The two are not on one grid.

    Examples
    --------
    >>> from dataclasses import replace
    >>> import numpy as np
    >>> from napari_abdoseg import make_phantom, score_organs
    >>> truth = make_phantom(1, (12.0, 10.0, 10.0))[1]
    >>> moved = replace(truth, data=np.roll(truth.data, 1, axis=2))
    >>> for score in score_organs(moved, truth):
    ...     print(f"{score.organ.name}: DSC {score.dsc:.2f}, NSD {score.nsd:.2f}")
    liver: DSC 0.88, NSD 0.79
    kidney: DSC 0.71, NSD 0.70
    spleen: DSC 0.59, NSD 0.68
    pancreas: DSC 0.72, NSD 0.91
    """
    lattice = reference.grid.lattice

    def score(organ: Organ, box: Box) -> Score:
        masks = masks_within(box, organ, prediction, reference)
        plain = score_organ(organ, *masks, lattice, tolerances.of(organ))
        is_thin = is_named(organ.name, thin)
        return with_centre_lines(plain, *masks, lattice) if is_thin else plain

    boxes = dict(organ_boxes(prediction, reference))
    return side_by_side(score, boxes, boxes.values())


def score_organ(
    organ: Organ,
    prediction: NDArray[np.bool_],
    reference: NDArray[np.bool_],
    lattice: Lattice,
    tolerance_mm: float,
    with_distances: bool = True,
) -> Score:
    """Score one organ within a box that holds it whole in both masks.

    Parameters
    ----------
    organ : Organ
    prediction, reference : ndarray of bool, shape (z, y, x)
    lattice : Lattice
        mm from a voxel to the next along (z, y, x).
    tolerance_mm : float
        Of the NSD.
    with_distances : bool, optional
        HD95 and ASSD too, which take longest where the masks are far apart; else NaN.
    """
    sizes = int(np.count_nonzero(prediction)), int(np.count_nonzero(reference))
    predicted_ml, real_ml = (size * voxel_volume_mm3(lattice) / CUBIC_MM_IN_ML for size in sizes)
    emptiness = _emptiness(*sizes)
    nsd = 1.0 if emptiness is Emptiness.BOTH else 0.0
    hd95 = assd = nan
    if emptiness is Emptiness.NEITHER:
        surfaces = find_surfels(prediction, lattice), find_surfels(reference, lattice)
        if with_distances:
            distances = SurfaceDistances.between(*surfaces)
            nsd = distances.normalized_dice(tolerance_mm)
            hd95, assd = distances.hausdorff_percentile(PERCENT), distances.average_symmetric()
        else:
            nsd = normalized_dice(*surfaces, tolerance_mm)
    dsc = dice_of_masks(prediction, reference)
    return Score(organ, dsc, nsd, tolerance_mm, hd95, assd, predicted_ml, real_ml, emptiness)


def with_centre_lines(
    score: Score, prediction: NDArray[np.bool_], reference: NDArray[np.bool_], lattice: Lattice
) -> Score:
    """A score of an organ with clDice and the distance of the centre lines.

    Parameters
    ----------
    score : Score
    prediction, reference : ndarray of bool, shape (z, y, x)
        As `score_organ` had them.
    lattice : Lattice
        mm from a voxel to the next along (z, y, x).
    """
    lines = centre_line(prediction), centre_line(reference)
    return replace(
        score,
        cldice=cldice_of_lines(prediction, reference, *lines),
        centre_line_mm=centre_line_distance(*lines, lattice),
    )


def _emptiness(predicted: int, real: int) -> Emptiness:
    if predicted and real:
        return Emptiness.NEITHER
    if predicted:
        return Emptiness.REFERENCE
    return Emptiness.PREDICTION if real else Emptiness.BOTH
