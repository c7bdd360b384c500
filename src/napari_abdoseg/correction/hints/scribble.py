"""Strokes for and against an organ move its boundary around them, as far as the CT's edges allow.

For what no click is enough: a leak into a neighbour, or a mass that the ensemble takes for another
tissue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.tally import Edit, Indices
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.hints.clicks import (
    LEAST,
    MORE,
    Addition,
    Click,
    least_that_suffices,
)
from napari_abdoseg.correction.hints.lead import Lead
from napari_abdoseg.correction.hints.random_walk import REACH_MM, Walk
from napari_abdoseg.correction.hints.sparing import (
    ALL_FREE,
    Sparing,
    changes,
    require_known,
    voxels_of,
)
from napari_abdoseg.correction.hints.without_ensemble import LEAST_HU
from napari_abdoseg.correction.region_growing import scan_of
from napari_abdoseg.correction.tissue_edge import NOISE_MM
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.logits.along import Along
from napari_abdoseg.logits.interpolation import Values, gathered, interpolated
from napari_abdoseg.logits.kept import Axes, KeptLogits
from napari_abdoseg.side_by_side import side_by_side

AROUND_MM = 2 * REACH_MM
STEP_MM = 1.5
"""Between the voxels that are walked on, unless the scan's are farther apart."""
SURE = 0.5
"""How far ahead an organ is at least where others have made a voxel its own, and behind."""


@dataclass(frozen=True, eq=False)
class Stroke:
    """Voxels that were drawn over.

    Parameters
    ----------
    where : tuple of ndarray of int, each of shape (voxels,)
        Their z, y and x.
    inside : bool
        Whether they are the organ's.
    more : float, optional
        See `Click`.
    """

    where: Indices
    inside: bool
    more: float = MORE


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A stroke in a box: its voxels there, and 1 where they are the organ's, else -1."""

    where: tuple[NDArray[np.integer[Any]], ...]
    way: int
    more: float

    @classmethod
    def of(cls, stroke: Stroke, box: Box) -> Self:
        where = tuple(
            np.asarray(axis) - first for axis, first in zip(stroke.where, box.start, strict=True)
        )
        return cls(where, 1 if stroke.inside else -1, stroke.more)

    def lacks(self, ahead: Values) -> float:
        """What has to be added, in its way, for all its voxels to cross; below zero: is spare."""
        least = float((self.way * ahead[self.where]).min())
        return LEAST - least * (1 + self.more if least < 0 else 1)


def scribble(
    labels: EditableLabels,
    kept: KeptLogits,
    hu: NDArray[Any] | None,
    value: int,
    strokes: Sequence[Stroke],
    before: Sequence[Click] = (),
    sparing: Sparing = ALL_FREE,
) -> Edit:
    """Let an organ grow over strokes for it, and leave those against it, and what is like them.

    What is added to the organ's logit is the likeliest whose mean over each stroke is what the
    stroke lacks most, by a covariance that falls off with the distance, and at the CT's edges.
    Only what hangs together with a stroke changes.

    Parameters
    ----------
    labels : EditableLabels
    kept : KeptLogits
    hu : ndarray, shape (z, y, x)
        Of the scan on the same grid.
    value : int
        Label of the organ.
    strokes : sequence of Stroke
    before : sequence of Click, optional
        Those on the organ whose edits were taken, in their order.
    sparing : Sparing, optional
        What stays as it is.

    Raises
    ------
    CorrectionError
        Nothing was drawn, or only over what is right already, or a voxel for the organ and against
        it; or strokes leave the scan, or where something is known, or may change; the scan is on
        another grid; or the organ is locked, or unknown to the model.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg import make_phantom
    >>> from napari_abdoseg.correction.editable_labels import EditableLabels
    >>> from napari_abdoseg.correction.hints.scribble import Stroke, scribble
    >>> from napari_abdoseg.correction.hints.without_ensemble import presumed_logits
    >>> scan, truth = make_phantom(1, (12.0, 10.0, 10.0))
    >>> labels = EditableLabels.of(truth)
    >>> spleen = np.nonzero(truth.data == 3)
    >>> stroke = Stroke(tuple(axis[:3] for axis in spleen), inside=False)
    >>> edit = scribble(labels, presumed_logits(labels, scan.data), scan.data, 3, [stroke])
    >>> set(edit.before.tolist()), edit.after.size >= 3
    ({3}, True)
    """
    scan = scan_of(labels, hu)
    strokes = [stroke for stroke in strokes if stroke.where[0].size]
    box = _box(labels, kept, value, strokes, sparing)
    drawn = [_Drawn.of(stroke, box) for stroke in strokes]
    ahead, rival = _margin(labels, kept, value, box, before)
    if all(each.lacks(ahead) <= 0 for each in drawn):
        raise CorrectionError(
            f"What was drawn over is on its side of {labels.the(value)}'s boundary already: draw "
            "over what is wrong."
        )
    tissue = np.nan_to_num(scan[box.slices].astype(np.float32), nan=LEAST_HU)
    will = ahead + _addition(tissue, labels.spacing, drawn, ahead)
    for each in drawn:
        will[each.where] = each.way
    crosses = (will >= 0) != (ahead >= 0)
    parts, count = ndimage.label(crosses, np.ones((3, 3, 3)))
    linked = np.zeros(count + 1, bool)
    for each in drawn:
        linked[parts[each.where]] = True
    linked[0] = False
    where, there = voxels_of(box, linked[parts])
    wanted = np.where(will.ravel()[there] >= 0, value, rival.ravel()[there])
    return changes(labels, kept, sparing, [(where, wanted)])


def _box(
    labels: EditableLabels,
    kept: KeptLogits,
    value: int,
    strokes: Sequence[Stroke],
    sparing: Sparing,
) -> Box:
    """Around strokes that can be."""
    if not strokes:
        raise CorrectionError(
            f"Nothing was drawn: draw over what should be {labels.the(value)}, or over what "
            "shouldn't."
        )
    drawn = np.concatenate([np.stack(stroke.where, axis=1) for stroke in strokes])
    (a, b, c), (d, e, f) = drawn.min(axis=0).tolist(), drawn.max(axis=0).tolist()
    first, last = (a, b, c), (d, e, f)
    if min(first) < 0 or any(at >= size for at, size in zip(last, labels.data.shape, strict=True)):
        raise CorrectionError("A stroke leaves the scan: draw within it.")
    require_known(labels, kept, value, first)
    require_known(labels, kept, value, last)
    for_it, against = (
        {
            place
            for stroke in strokes
            if stroke.inside == side
            for place in zip(*(axis.tolist() for axis in stroke.where))
        }
        for side in (True, False)
    )
    if for_it & against:
        raise CorrectionError(
            f"Some voxels were drawn over for {labels.the(value)} and against it: take back one of "
            "both strokes."
        )
    box = labels.grown(Box(first, (d + 1, e + 1, f + 1)), AROUND_MM)
    return sparing.box(kept, sparing.box(kept, box, first), last)


def _margin(
    labels: EditableLabels, kept: KeptLogits, value: int, box: Box, before: Sequence[Click]
) -> tuple[Values, NDArray[Any]]:
    """How far an organ is ahead in a box, and of which label, where it is or isn't as told.

    Where voxels are on another side of the boundary than the logits have them, others have said
    so, who count as much as the ensemble does.
    """
    lead = Lead.of(kept, value, box)
    added = Addition.of(kept, value, before).on(lead)
    now = labels.data[box.slices] == value
    ahead, rival = np.empty(now.shape, np.float32), np.empty(now.shape, np.int64)
    for slab, over, number, (more,) in lead.on_scan([added], np.ones(added.shape, bool)):
        at = slice(slab.start[0] - box.start[0], slab.stop[0] - box.start[0])
        ahead[at], rival[at] = over + more, lead.labels[number]
    told = (ahead >= 0) != now
    ahead[told] = np.where(now, 1, -1)[told] * np.maximum(np.abs(ahead[told]), SURE)
    return ahead, rival


def _addition(
    hu: Values, spacing: Sequence[float], drawn: Sequence[_Drawn], ahead: Values
) -> Values:
    """The likeliest that suffices, on the box's voxels."""
    counts = [
        max(1, round(size * own / max(STEP_MM, own)))
        for size, own in zip(hu.shape, spacing, strict=True)
    ]
    z, y, x = (Along.between(old, new) for old, new in zip(counts, hu.shape, strict=True))
    axes: Axes = (z, y, x)
    coarse_mm = [
        size * own / count for size, own, count in zip(hu.shape, spacing, counts, strict=True)
    ]
    masks = [np.zeros(counts, bool) for _ in drawn]
    for mask, each in zip(masks, drawn, strict=True):
        mask[tuple(axis.nearest[at] for axis, at in zip(axes, each.where, strict=True))] = True
    quiet = ndimage.gaussian_filter(hu, [NOISE_MM / own for own in spacing], mode="nearest")
    walk = Walk.of(gathered(quiet, axes), coarse_mm)
    ended = np.stack(side_by_side(walk.from_, (mask / np.count_nonzero(mask) for mask in masks)))
    means = np.tensordot(ended, ended, ([1, 2, 3], [1, 2, 3])).astype(np.float64)
    ways = np.array([each.way for each in drawn])
    unit = means.max()
    needs = np.array([each.lacks(ahead) for each in drawn])
    weights = ways * least_that_suffices(ways[:, None] * means * ways / unit, needs) / unit
    felt = walk.from_(np.tensordot(weights, ended, 1))
    return interpolated(felt, axes)
