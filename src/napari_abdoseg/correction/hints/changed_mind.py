"""Places where an ensemble says something else than before, to be looked at one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.hints.boundary import AROUND_MM
from napari_abdoseg.correction.hints.clicks import Addition, Click
from napari_abdoseg.correction.hints.lead import Lead
from napari_abdoseg.correction.hints.sparing import (
    ALL_FREE,
    Found,
    Sparing,
    changes,
    require_known,
    voxels_of,
)
from napari_abdoseg.logits.kept import KeptLogits


def changed_mind(
    labels: EditableLabels,
    kept: KeptLogits,
    learnt: KeptLogits,
    value: int,
    clicks: Sequence[Click] = (),
    sparing: Sparing = ALL_FREE,
) -> tuple[Edit, ...]:
    """What has to change of an organ for it to be as an ensemble says now, place by place.

    Parameters
    ----------
    labels : EditableLabels
    kept : KeptLogits
        What the ensemble said before.
    learnt : KeptLogits
        What it says now, on the same grid.
    value : int
        Label of the organ.
    clicks : sequence of Click, optional
        On the organ, which hold for both.
    sparing : Sparing, optional
        What stays as it is.

    Returns
    -------
    tuple of Edit
        One for all voxels that touch each other, the largest first; none where nothing changes.

    Raises
    ------
    CorrectionError
        The organ is locked, or isn't there, or is unknown to the model.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from napari_abdoseg import make_phantom
    >>> from napari_abdoseg.correction.editable_labels import EditableLabels
    >>> from napari_abdoseg.correction.hints.changed_mind import changed_mind
    >>> from napari_abdoseg.correction.hints.without_ensemble import presumed_logits
    >>> labels = EditableLabels.of(make_phantom(1, (12.0, 10.0, 10.0))[1])
    >>> kept = presumed_logits(labels)
    >>> logits = kept.logits.copy()
    >>> logits[kept.values.index(3)] += 5  # mm that the spleen is larger
    >>> places = changed_mind(labels, kept, replace(kept, logits=logits), 3)
    >>> [place.after.size for place in places] == sorted(
    ...     (place.after.size for place in places), reverse=True
    ... )
    True
    """
    require_known(labels, kept, value)
    box = labels.around([value], AROUND_MM).common(kept.box)
    if box is None:
        return ()
    leads = [Lead.of(each, value, box) for each in (kept, learnt)]
    added = [
        Addition.of(each, value, clicks).on(lead)
        for each, lead in zip((kept, learnt), leads, strict=True)
    ]
    everywhere = np.ones(leads[0].least.shape, bool)
    found: list[Found] = []
    for (slab, was, _, (more,)), (_, will, rival, (now_more,)) in zip(
        *(lead.on_scan([each], everywhere) for lead, each in zip(leads, added, strict=True)),
        strict=True,
    ):
        inside = will + now_more >= 0
        crosses = inside != (was + more >= 0)
        differs = inside != (labels.data[slab.slices] == value)
        where, there = voxels_of(slab, crosses & differs)
        rivals = leads[1].labels[rival.ravel()[there]]
        found.append((where, np.where(inside.ravel()[there], value, rivals)))
    return _by_place(labels, changes(labels, kept, sparing, found))


def _by_place(labels: EditableLabels, edit: Edit) -> tuple[Edit, ...]:
    """An edit in parts whose voxels touch each other, the largest first."""
    if edit.is_nothing:
        return ()
    first = [int(axis.min()) for axis in edit.where]
    mask = np.zeros([int(axis.max()) - a + 1 for axis, a in zip(edit.where, first)], bool)
    inside = tuple(axis - a for axis, a in zip(edit.where, first, strict=True))
    mask[inside] = True
    parts, _ = ndimage.label(mask, np.ones((3, 3, 3)))
    numbers = parts[inside]
    sizes = np.bincount(numbers)
    order = np.argsort(numbers, kind="stable")
    groups = np.split(order, np.cumsum(sizes[1:])[:-1])
    groups.sort(key=lambda group: -group.size)
    z, y, x = edit.where
    return tuple(
        Edit((z[group], y[group], x[group]), edit.before[group], edit.after[group])
        for group in groups
    )
