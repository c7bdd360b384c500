"""Organs smoothed together, so that neighbours still fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.blurring import blurred
from napari_abdoseg.correction.editable_labels import BACKGROUND, EditableLabels

REACH = 3.0
"""Standard deviations that a kernel goes."""


def smooth(labels: EditableLabels, values: Sequence[int], kernel_mm: float) -> Edit:
    """Smooth organs, and the borders that they share, all at once.

    Each voxel gets the label whose mask, blurred by a Gaussian kernel, is strongest there. So
    neither gaps nor overlaps open between neighbours. Voxels change only among the organs that
    are smoothed and the background; all other organs count as an outside that stays.

    Parameters
    ----------
    labels : EditableLabels
    values : sequence of int
        Labels of the organs.
    kernel_mm : float
        Standard deviation of the kernel, the same along all axes.

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
    box = labels.around(values, REACH * kernel_mm)
    now = labels.data[box.slices]
    sigma = [kernel_mm / step for step in labels.spacing]
    background = now == BACKGROUND
    masks = {value: now == value for value in values}
    free = np.logical_or.reduce([background, *masks.values()])
    wanted = np.zeros_like(now)
    strongest = np.zeros(now.shape, np.float32)
    rest = np.ones(now.shape, np.float32)
    for value, mask in masks.items():
        strength = blurred(mask, sigma, REACH)
        wanted[strength > strongest] = value
        np.maximum(strongest, strength, out=strongest)
        rest -= strength
    if not free.all():
        rest = blurred(background, sigma, REACH)
    wanted[strongest <= rest] = BACKGROUND
    return labels.edit(box, np.where(free, wanted, now))
