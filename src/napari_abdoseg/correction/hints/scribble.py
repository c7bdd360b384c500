"""Strokes for and against an organ move its boundary around them, as far as the CT's edges allow.

For what no click is enough: a leak into a neighbour, or a mass that the ensemble takes for another
tissue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

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
)
from napari_abdoseg.correction.hints.lead import Lead
from napari_abdoseg.correction.hints.least_that_suffices import least_that_suffices
from napari_abdoseg.correction.hints.sparing import (
    ALL_FREE,
    Sparing,
    changes,
    require_known,
    voxels_of,
)
from napari_abdoseg.correction.hints.stroke_walk import (
    AROUND_MM,
    StrokeWalk,
    WalkGrid,
    felt_together,
)
from napari_abdoseg.correction.region_growing import scan_of
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.logits.interpolation import Values
from napari_abdoseg.logits.kept import KeptLogits
from napari_abdoseg.side_by_side import side_by_side

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
    _walks: list[StrokeWalk] = field(default_factory=list, init=False, repr=False)

    @property
    def way(self) -> int:
        """1 where its voxels are the organ's, else -1."""
        return 1 if self.inside else -1

    @property
    def box(self) -> Box:
        """Smallest box that holds it; of one voxel at least."""
        (a, d), (b, e), (c, f) = ((int(axis.min()), int(axis.max())) for axis in self.where)
        return Box((a, b, c), (d + 1, e + 1, f + 1))

    def within(self, box: Box) -> Indices:
        """Its voxels in a box's own array."""
        z, y, x = (axis - first for axis, first in zip(self.where, box.start, strict=True))
        return z, y, x

    def lacks(self, ahead: Values) -> float:
        """What has to be added, in its way, for all its voxels to cross; below zero: is spare.

        Parameters
        ----------
        ahead : ndarray of float32, shape (voxels,)
            How far the organ is ahead there.
        """
        least = float((self.way * ahead).min())
        return LEAST - least * (1 + self.more if least < 0 else 1)

    def walk(self, grid: WalkGrid, hu: NDArray[Any], around: Box) -> StrokeWalk:
        """How far it goes; known from then on, as each new stroke asks for all before it."""
        if not (self._walks and self._walks[0].is_in(hu)):
            self._walks[:] = [StrokeWalk.of(grid, hu, around, self.where)]
        return self._walks[0]


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
    ahead, rival = _margin(labels, kept, value, box, before)
    places = [stroke.within(box) for stroke in strokes]
    needs = [stroke.lacks(ahead[at]) for stroke, at in zip(strokes, places, strict=True)]
    if max(needs) <= 0:
        raise CorrectionError(
            f"What was drawn over is on its side of {labels.the(value)}'s boundary already: draw "
            "over what is wrong."
        )
    will = ahead + _addition(labels, scan, strokes, needs, box)
    for stroke, at in zip(strokes, places, strict=True):
        will[at] = stroke.way
    crosses = (will >= 0) != (ahead >= 0)
    parts, count = ndimage.label(crosses, np.ones((3, 3, 3)))
    linked = np.zeros(count + 1, bool)
    for at in places:
        linked[parts[at]] = True
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
    drawn = reduce(Box.union, (stroke.box for stroke in strokes))
    z, y, x = labels.data.shape
    if drawn.common(Box((0, 0, 0), (z, y, x))) != drawn:
        raise CorrectionError("A stroke leaves the scan: draw within it.")
    d, e, f = drawn.stop
    first, last = drawn.start, (d - 1, e - 1, f - 1)
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
    box = labels.grown(drawn, AROUND_MM)
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
    labels: EditableLabels,
    hu: NDArray[Any],
    strokes: Sequence[Stroke],
    needs: Sequence[float],
    box: Box,
) -> Values:
    """The likeliest that suffices, on the box's voxels."""
    grid = WalkGrid.of(hu.shape, labels.spacing)
    around = [labels.grown(stroke.box, AROUND_MM) for stroke in strokes]
    walks = side_by_side(lambda stroke, near: stroke.walk(grid, hu, near), strokes, around)
    alike = np.array([[walk.alike(other) for other in walks] for walk in walks])
    ways = np.array([stroke.way for stroke in strokes])
    unit = alike.max()
    needed = least_that_suffices(ways[:, None] * alike * ways / unit, np.array(needs))
    return felt_together(grid, walks, ways * needed / unit, box)
