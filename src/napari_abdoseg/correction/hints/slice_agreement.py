"""How far an ensemble was right in slices that were corrected."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.hints.lead import Lead
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.logits.kept import KeptLogits


def dice_in_slices(
    labels: EditableLabels, kept: KeptLogits, value: int, slices: Iterable[tuple[int, int]]
) -> float:
    """DSC of an organ as an ensemble found it, and as slices are now.

    Parameters
    ----------
    labels : EditableLabels
    kept : KeptLogits
        Of an ensemble that knows the organ.
    value : int
        Label of the organ.
    slices : iterable of (int, int)
        Axis of (z, y, x), and number, of each.

    Returns
    -------
    float
        1 where both have nothing of it.

    Examples
    --------
    >>> from napari_abdoseg import make_phantom
    >>> from napari_abdoseg.correction.editable_labels import EditableLabels
    >>> from napari_abdoseg.correction.hints.slice_agreement import dice_in_slices
    >>> from napari_abdoseg.correction.hints.without_ensemble import presumed_logits
    >>> labels = EditableLabels.of(make_phantom(1, (12.0, 10.0, 10.0))[1])
    >>> dice_in_slices(labels, presumed_logits(labels), 1, [(0, 16), (2, 15)])
    1.0
    """
    counts = np.zeros(2)
    for axis, number in slices:
        box = _slice(labels.data.shape, axis, number)
        counts[1] += np.count_nonzero(labels.data[box.slices] == value)
        inside = box.common(kept.box)
        if inside is None:
            continue
        lead = Lead.of(kept, value, inside)
        for slab, ahead, _, _ in lead.on_scan([], np.ones(lead.least.shape, bool)):
            found = ahead >= 0
            is_organ = labels.data[slab.slices] == value
            counts += np.count_nonzero(found & is_organ), np.count_nonzero(found)
    common, together = counts.tolist()
    return 2 * common / together if together else 1.0


def _slice(shape: tuple[int, ...], axis: int, number: int) -> Box:
    start, stop = [0, 0, 0], list(shape)
    start[axis], stop[axis] = number, number + 1
    return Box(_shape(start), _shape(stop))


def _shape(values: Iterable[int]) -> Shape:
    z, y, x = values
    return z, y, x
