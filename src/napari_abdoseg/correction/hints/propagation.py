"""A slice that was corrected moves an organ's boundary in the slices around it.

Where the slice differs from what the ensemble says it is read as clicks, and where it agrees as
places that are right. So the boundary moves by as much in the neighbours, less with the distance,
and stays where the ensemble is surer than it was of what the slice has shown to be wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.hints.clicks import Addition, Click
from napari_abdoseg.correction.hints.lead import Lead
from napari_abdoseg.correction.hints.sparing import require_known
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.logits.kept import KeptLogits

CELL_MM = 8.0
"""One voxel that was wrong is read in each square of a slice of this size, and two right ones."""
MOST = 60
"""Of each of these in a slice; squares are larger where it takes more."""
AROUND_MM = 15.0


def clicks_of_slice(
    labels: EditableLabels,
    kept: KeptLogits,
    value: int,
    axis: int,
    number: int,
    before: Sequence[Click] = (),
) -> tuple[Click, ...]:
    """What a corrected slice says of an organ.

    Parameters
    ----------
    labels : EditableLabels
        With the slice as it should be.
    kept : KeptLogits
    value : int
        Label of the organ.
    axis : int
        Of (z, y, x), across the slice.
    number : int
        Of the slice.
    before : sequence of Click, optional
        On the organ.

    Raises
    ------
    CorrectionError
        The slice holds nothing of the organ's that the ensemble has otherwise, or nothing is known
        of it; or the organ is locked, or unknown to the model.
    """
    require_known(labels, kept, value)
    box = _box(labels, kept, value, axis, number)
    lead = Lead.of(kept, value, box)
    ahead = np.empty([last - first for first, last in zip(box.start, box.stop)], np.float32)
    added = Addition.of(kept, value, before).on(lead)
    for slab, least, _, (more,) in lead.on_scan([added], np.ones(added.shape, bool)):
        ahead[slab.start[0] - box.start[0] : slab.stop[0] - box.start[0]] = least + more
    organ = labels.data[box.slices] == value
    wrong = (ahead >= 0) != organ
    if not wrong.any():
        raise CorrectionError(
            f"That slice shows {labels.the(value)} as it was found: correct it first."
        )
    away = np.abs(ahead)
    places = np.concatenate(
        [
            _best_of_cells(wrong, away, labels),
            _best_of_cells(organ & ~wrong, -away, labels),
            _best_of_cells(~organ & ~wrong, -away, labels),
        ]
    )
    return tuple(
        Click((int(z), int(y), int(x)), bool(labels.data[z, y, x] == value), more=0.0)
        for z, y, x in places + box.start
    )


def _box(labels: EditableLabels, kept: KeptLogits, value: int, axis: int, number: int) -> Box:
    """The slice around the organ as it is, as far as something is known of it."""
    around = labels.grown(labels.around([value]), AROUND_MM)
    start, stop = list(around.start), list(around.stop)
    start[axis], stop[axis] = number, number + 1
    box = Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2])).common(kept.box)
    if box is None:
        raise CorrectionError(
            "Nothing is known of that slice, which is too far from all organs that were found."
        )
    return box


def _best_of_cells(
    mask: NDArray[np.bool_], rating: NDArray[np.floating[Any]], labels: EditableLabels
) -> NDArray[np.intp]:
    """One voxel of a mask in each cell of it, that with the highest rating; shape (cells, 3)."""
    rated, cell, count = np.where(mask, rating, -np.inf), CELL_MM, np.count_nonzero(mask)
    while count:
        firsts = [
            np.unique(np.arange(size) * step // cell, return_index=True)[1]
            for size, step in zip(mask.shape, labels.spacing, strict=True)
        ]
        sizes = [np.diff(f, append=n) for f, n in zip(firsts, mask.shape, strict=True)]
        cell *= 1.25
        if count > MOST * np.prod([each.max() for each in sizes]):
            continue  # as many voxels never are in so few cells
        best = rated
        for axis in (each for each in range(3) if mask.shape[each] > 1):  # the quick ones first
            best = np.maximum.reduceat(best, firsts[axis], axis)
        there = best > -np.inf
        if np.count_nonzero(there) <= MOST:
            cells = [np.repeat(np.arange(each.size), each) for each in sizes]
            places = np.flatnonzero(mask & (rated == best[np.ix_(*cells)]))
            z, y, x = np.unravel_index(places, mask.shape)
            found = np.empty((*best.shape, 3), np.intp)
            found[cells[0][z], cells[1][y], cells[2][x]] = np.stack([z, y, x], axis=1)
            return found[there]  # of equal ones the last
    return np.zeros((0, 3), np.intp)
