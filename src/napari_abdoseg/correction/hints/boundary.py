"""An organ's boundary goes where clicks say, and everywhere else where that makes it likely.

What is wrong after a fair ensemble is mostly a thin shell all round an organ, which no local stroke
mends: the ensemble was too careful, or not enough, in much the same way on all sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.tally import Edit, Indices
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.hints.clicks import Addition, Click, planes
from napari_abdoseg.correction.hints.lead import Lead, Part, bounds_of
from napari_abdoseg.correction.hints.sparing import (
    ALL_FREE,
    Found,
    Sparing,
    changes,
    require_known,
    voxels_of,
)
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.logits.interpolation import Values
from napari_abdoseg.logits.kept import KeptLogits
from napari_abdoseg.side_by_side import side_by_side

Mask = NDArray[np.bool_]

AROUND_MM = 30.0
"""From an organ's box, for it to grow."""
NEAR_MM = 15.0
"""From a click: so far an organ gets what hangs together with it and was its already by logits."""
REACHES = 3.0
"""Beyond so many a click of the place alone isn't felt."""


def move_boundary(
    labels: EditableLabels,
    kept: KeptLogits,
    value: int,
    click: Click,
    before: Sequence[Click] = (),
    sparing: Sparing = ALL_FREE,
) -> Edit:
    """Let an organ grow or shrink to a clicked voxel, and elsewhere as far as that makes it likely.

    It begins nothing apart from the organ's boundary and the voxel: neither islands nor holes. What
    a click of the place alone changes hangs together with its voxel.

    Parameters
    ----------
    labels : EditableLabels
    kept : KeptLogits
    value : int
        Label of the organ.
    click : Click
    before : sequence of Click, optional
        Those on the organ whose edits were taken, in their order.
    sparing : Sparing, optional
        What stays as it is.

    Raises
    ------
    CorrectionError
        The voxel is on the right side already, or nothing is known there, or nothing may change; or
        the organ is locked, or unknown to the model.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from napari_abdoseg import make_phantom
    >>> from napari_abdoseg.correction.editable_labels import EditableLabels
    >>> from napari_abdoseg.correction.hints.boundary import move_boundary
    >>> from napari_abdoseg.correction.hints.clicks import Click
    >>> from napari_abdoseg.correction.hints.without_ensemble import presumed_logits
    >>> scan, truth = make_phantom(1, (12.0, 10.0, 10.0))
    >>> labels = EditableLabels.of(truth)
    >>> z, y, x = labels.boxes[3].start
    >>> edit = move_boundary(labels, presumed_logits(labels), 3, Click((z - 1, y, x), inside=True))
    >>> bool((edit.after == 3).all())
    True
    """
    require_known(labels, kept, value, click.place)
    if (labels.data[click.place] == value) == click.inside:
        organ = labels.the(value)
        raise CorrectionError(
            f"That voxel is {organ} already: click one that isn't, but should be."
            if click.inside
            else f"That voxel is not {organ}: click one that is, but shouldn't be."
        )
    added = [Addition.of(kept, value, each) for each in (before, (*before, click))]
    if click.reach_mm is not None:
        box = labels.grown(_one(click.place), REACHES * click.reach_mm)
        box = sparing.box(kept, box, click.place)
        turning = _Turning.of(labels, value, Lead.of(kept, value, box), added)
        return changes(labels, kept, sparing, [turning.around(click.place)])
    near = sparing.box(kept, labels.grown(_one(click.place), NEAR_MM), click.place)
    here = _Turning.of(labels, value, Lead.of(kept, value, near), added).around(click.place)
    box = sparing.box(kept, _all_around(labels, value, click), click.place)
    turning = _Turning.of(labels, value, Lead.of(kept, value, box), added)
    turning.hold_apart([click])
    return changes(labels, kept, sparing, turning.all_with(here))


def follow(
    labels: EditableLabels,
    kept: KeptLogits,
    value: int,
    clicks: Sequence[Click],
    before: Sequence[Click] = (),
    sparing: Sparing = ALL_FREE,
) -> Edit:
    """Let an organ's boundary follow what was corrected by hand, read as clicks.

    Parameters
    ----------
    labels, kept, value, before, sparing
        See `move_boundary`.
    clicks : sequence of Click
        One at least; their voxels are right already.

    Raises
    ------
    CorrectionError
        See `move_boundary`.
    """
    require_known(labels, kept, value, clicks[0].place)
    around = _all_around(labels, value, clicks[0])
    together = ([clicks[number] for number in plane] for plane in planes(clicks))
    reached = reduce(Box.union, (_reached(labels, around, plane) for plane in together))
    box = sparing.box(kept, reached, clicks[0].place)
    with ThreadPoolExecutor(1) as beside:
        lead = beside.submit(Lead.of, kept, value, box)
        added = [Addition.of(kept, value, each) for each in (before, (*before, *clicks))]
    turning = _Turning.of(labels, value, lead.result(), added)
    turning.hold_apart(clicks)
    return changes(labels, kept, sparing, turning.all())


def _all_around(labels: EditableLabels, value: int, click: Click) -> Box:
    here = _one(click.place)
    return labels.grown(labels.boxes.get(value, here).union(here), AROUND_MM)


def _reached(labels: EditableLabels, around: Box, clicks: Sequence[Click]) -> Box:
    """What of a box feels clicks in a plane, and their own places."""
    places = np.array([click.place for click in clicks])
    (a, b, c), (d, e, f) = places.min(axis=0).tolist(), (places.max(axis=0) + 1).tolist()
    own, across = Box((a, b, c), (d, e, f)), clicks[0].across
    if across is None:
        return around.union(own)
    start, stop = list(around.start), list(around.stop)
    far = int(np.ceil(across.mm / labels.spacing[across.axis]))
    start[across.axis] = max(start[across.axis], own.start[across.axis] - far)
    stop[across.axis] = min(stop[across.axis], own.stop[across.axis] + far)
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2])).union(own)


def _one(place: Shape) -> Box:
    z, y, x = place
    return Box(place, (z + 1, y + 1, x + 1))


@dataclass(frozen=True, eq=False)
class _Turning:
    """What an organ wins and loses in a box when more is added to its logit than before.

    Parameters
    ----------
    labels : EditableLabels
    value : int
        Label of the organ.
    lead : Lead
    before, after : ndarray of float32, of the shape of the lead's part
        What was added before, and is now.
    """

    labels: EditableLabels
    value: int
    lead: Lead
    before: Values
    after: Values

    @classmethod
    def of(cls, labels: EditableLabels, value: int, lead: Lead, added: Sequence[Addition]) -> Self:
        """By what clicks had added before, and add now."""
        old, new = (each.on(lead) for each in added)
        return cls(labels, value, lead, old, new)

    def hold_apart(self, clicks: Sequence[Click]) -> None:
        """Take back what is added where it would begin an island or a hole that no click is in."""
        organ = self.labels.data[self.lead.nearest] == self.value
        will = self.lead.least + self.after >= 0
        clicked = self.lead.around([click.place for click in clicks])
        sides, wins = (organ, ~organ), (will, ~will)
        for apart in side_by_side(_apart, sides, wins, (clicked, clicked)):
            self.after[apart] = self.before[apart]

    def all(self) -> Iterator[Found]:
        """All that crosses the boundary."""
        slabs = self.lead.slabs(self._near)
        return iter(side_by_side(lambda slab: self._crossing(slab)[0], slabs))

    def all_with(self, here: Found) -> Iterator[Found]:
        """All that crosses the boundary, and what else is found around a voxel."""
        where, wanted = here

        def look(slab: Part) -> tuple[Found, Mask]:
            found, box, crosses = self._crossing(slab)
            return found, _are_in(where, box, crosses)

        left = np.ones(wanted.size, bool)
        for found, known in side_by_side(look, self.lead.slabs(self._near)):
            yield found
            left &= ~known
        z, y, x = (axis[left] for axis in where)
        yield (z, y, x), wanted[left]

    @property
    def _near(self) -> Mask:
        """Where the organ was ahead, or will be."""
        least = self.lead.least
        return np.asarray((least + self.before >= 0) | (least + self.after >= 0))

    def around(self, place: Shape) -> Found:
        """What hangs together with a voxel."""
        box = self.lead.box
        differs = self.labels.data[box.slices] == self.value
        inside, rival = np.empty(differs.shape, bool), np.empty(differs.shape, np.intp)
        everywhere = np.ones(self.before.shape, bool)
        for slab, ahead, rivals, (will,) in self.lead.on_scan([self.after], everywhere):
            inside[_inside(box, slab)], rival[_inside(box, slab)] = ahead + will >= 0, rivals
        differs ^= inside
        parts, _ = ndimage.label(differs, np.ones((3, 3, 3)))
        part = parts[tuple(at - first for at, first in zip(place, box.start, strict=True))]
        return self._found(box, differs & (parts == part), inside, rival)

    def _crossing(self, slab: Part) -> tuple[Found, Box, Mask]:
        """What crosses the boundary in a slab, and the mask of it."""
        box, ahead, rival, (was, will) = self.lead.in_slab(slab, (self.before, self.after))
        inside = ahead + will >= 0
        crosses = inside != (ahead + was >= 0)
        return self._found(box, crosses, inside, rival), box, crosses

    def _found(self, box: Box, chosen: Mask, inside: Mask, rival: NDArray[Any]) -> Found:
        """What of a mask of a box has another label than it should."""
        where, there = voxels_of(box, chosen)
        is_inside = inside.ravel()[there]
        wanted = np.where(is_inside, self.value, self.lead.labels[rival.ravel()[there]])
        differs = (self.labels.data[where] == self.value) != is_inside
        z, y, x = (axis[differs] for axis in where)
        return (z, y, x), wanted[differs]


def _apart(side: Mask, wins: Mask, clicked: Mask) -> Mask:
    """What one side wins that hangs together with none of it, nor with what was clicked."""
    won, touching = wins & ~side, _grown(side)
    apart = np.zeros_like(won)
    found = bounds_of(won & ~touching)
    if found is not None:  # a voxel more, and what hangs together with the side is seen to do so
        box = tuple(slice(max(0, part.start - 1), part.stop + 1) for part in found)
        parts, count = ndimage.label(won[box])
        linked = np.zeros(count + 1, bool)
        linked[0] = True
        linked[parts[(touching | clicked)[box]]] = True
        apart[box] = ~linked[parts]
    return apart


def _grown(mask: Mask) -> Mask:
    """A mask, and what is next to it along an axis."""
    grown = mask.copy()
    for axis in range(mask.ndim):
        along, old = np.moveaxis(grown, axis, 0), np.moveaxis(mask, axis, 0)
        along[1:] |= old[:-1]
        along[:-1] |= old[1:]
    return grown


def _are_in(where: Indices, box: Box, mask: Mask) -> Mask:
    """Which voxels of the scan are in a mask of a box."""
    inside = [axis - first for axis, first in zip(where, box.start, strict=True)]
    found = np.logical_and.reduce(
        [(axis >= 0) & (axis < size) for axis, size in zip(inside, mask.shape, strict=True)]
    )
    found[found] = mask[tuple(axis[found] for axis in inside)]
    return np.asarray(found)


def _inside(outer: Box, inner: Box) -> tuple[slice, ...]:
    """Index of a box in an array of one around it."""
    return tuple(
        slice(first - origin, stop - origin)
        for first, stop, origin in zip(inner.start, inner.stop, outer.start, strict=True)
    )
