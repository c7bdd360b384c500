"""Filling between slices against signed distances of whole slices by SciPy."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from correction.damaged import made
from scipy import ndimage

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.correction.between_slices import fill_between
from napari_abdoseg.correction.editable_labels import EditableLabels

OTHER = 9


def _signed(mask, spacing):
    wide = np.pad(mask, 1)
    inside, outside = (
        ndimage.distance_transform_edt(each, sampling=spacing) for each in (wide, ~wide)
    )
    return np.float32(inside - outside)[1:-1, 1:-1]


def _plain(data, values, axis, seeds, spacing):
    """Each voxel of each slice by its distances to all organs and to their union."""
    data = np.moveaxis(data.copy(), axis, 0)
    spacing = [step for each, step in enumerate(spacing) if each != axis]
    for first, last in pairwise(seeds):
        shared = [each for each in values if (data[first] == each).any() and each in data[last]]
        if not shared:
            continue
        before, after = (
            [_signed(np.isin(data[seed], group), spacing) for group in (shared, *shared)]
            for seed in (first, last)
        )
        for number in range(first + 1, last):
            share = (number - first) / (last - first)
            together, *each = ((1 - share) * a + share * b for a, b in zip(before, after))
            deepest = np.array(shared, data.dtype)[np.argmax(each, axis=0)]
            wanted = np.where(together > 0, deepest, 0)
            free = np.isin(data[number], [0, *shared])
            data[number][free] = wanted[free]
    return np.moveaxis(data, 0, axis)


def _shapes(rng, size, organs):
    """Organs side by side, which change from slice to slice, and another that stays."""
    labels = np.zeros(size, np.uint8)
    depth = ndimage.gaussian_filter(rng.normal(size=(organs + 1, *size)), (0, 2, 3, 3))
    labels[:] = np.argmax(depth, axis=0)
    labels[rng.random(size) < 0.02] = 0
    labels[rng.random(size) < 0.02] = 1
    labels[:, :2] = 0
    labels[rng.random(size) < 0.01] = OTHER
    return labels


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("organs", [1, 3])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (5.0, 0.7, 0.8), (0.8, 3.0, 0.7)])
def test_each_voxel_is_what_distances_in_whole_slices_say(axis, organs, spacing):
    rng = np.random.default_rng(organs)
    data = _shapes(rng, (19, 23, 27), organs)
    values = list(range(1, organs + 1))
    boxes = {value: Box((0, 0, 0), data.shape) for value in (*values, OTHER)}
    labels = EditableLabels(data, spacing, boxes)
    for seeds in ([2, 7, 8, 13, 18], [3, 17]):
        found = made(data, fill_between(labels, values, axis, seeds))
        assert (found == _plain(data, values, axis, seeds, spacing)).all()
        assert (found != data).any()


def test_organs_that_lie_far_apart_or_in_a_corner_are_filled_alike():
    data = np.zeros((9, 30, 40), np.uint8)
    data[0, :6, :5] = data[8, 20:, 30:] = 1
    data[0, 10:12, 10:12] = data[8, 9:14, 9:14] = 2
    boxes = {value: Box((0, 0, 0), data.shape) for value in (1, 2)}
    labels = EditableLabels(data, (2.0, 0.9, 0.7), boxes)
    found = made(data, fill_between(labels, [1, 2], 0, [0, 8]))
    assert (found == _plain(data, [1, 2], 0, [0, 8], labels.spacing)).all()


def test_what_is_alike_in_two_seeds_is_alike_in_between():
    data = np.zeros((5, 9, 9), np.int16)
    data[[0, 4], 2:5, 2:7], data[[0, 4], 5:7, 2:7] = 300, 500
    data[2] = 300
    boxes = {value: Box((0, 0, 0), data.shape) for value in (300, 500)}
    labels = EditableLabels(data, (1.0, 1.0, 1.0), boxes)
    found = made(data, fill_between(labels, [300, 500], 0, [4, 0]))
    assert (found == data[0]).all()
