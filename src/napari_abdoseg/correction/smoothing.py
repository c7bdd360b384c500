"""Organs smoothed together, so that neighbours still fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.blurring import blurring
from napari_abdoseg.correction.editable_labels import BACKGROUND, EditableLabels

REACH = 3.0
"""Standard deviations that a kernel goes."""


def smooth(
    labels: EditableLabels,
    values: Sequence[int],
    kernel_mm: float,
    around: Sequence[int] | None = None,
) -> Edit:
    """Smooth organs, and the borders that they share, all at once.

    Each voxel gets the label whose mask, blurred by a Gaussian kernel, is strongest there. So
    neither gaps nor overlaps open between neighbours. Voxels change only among the organs that
    are smoothed and the background; all other organs count as an outside that stays.

    Parameters
    ----------
    labels : EditableLabels
    values : sequence of int
        Labels of the organs, each once.
    kernel_mm : float
        Standard deviation of the kernel, the same along all axes.
    around : sequence of int, optional
        Smooth near these organs alone; by default near all of them.

    Raises
    ------
    CorrectionError
        An organ isn't there, or is locked.

    Examples
    --------
    >>> from napari_abdoseg import make_phantom
    >>> from napari_abdoseg.correction.editable_labels import EditableLabels
    >>> from napari_abdoseg.correction.smoothing import smooth
    >>> labels = EditableLabels.of(make_phantom(1, (12.0, 10.0, 10.0))[1])
    >>> set(smooth(labels, [1, 2], 6.0).after.tolist()) <= {0, 1, 2}
    True
    """
    labels.require_unlocked(*values)
    box = labels.around(values if around is None else around, REACH * kernel_mm)
    now = labels.data[box.slices]
    masks = [now == value for value in values]
    free = np.logical_or.reduce([now == BACKGROUND, *masks])
    wanted = np.zeros_like(now)
    sigma = [kernel_mm / step for step in labels.spacing]
    for part, strengths in blurring([*masks, ~free], sigma, REACH):
        strongest = 1 - np.sum(strengths, axis=0)  # that of the background
        for value, strength in zip(values, strengths[: len(masks)], strict=True):
            wanted[part][strength > strongest] = value
            np.maximum(strongest, strength, out=strongest)
    return labels.edit(box, np.where(free, wanted, now))
