"""Right and wrong voxels."""

from __future__ import annotations

import numpy as np

from napari_abdoseg.evaluation.agreement import Agreement, agreement_map
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.volume import LabelMap


def label_map(data) -> LabelMap:
    data = np.array([[data]], np.uint8)
    return LabelMap(data, Grid.from_spacing(data.shape, (1.0, 1.0, 1.0)), ABDOMINAL_ORGANS)


def test_each_voxel_is_right_wrong_or_missed():
    truth = label_map([0, 1, 1, 2, 2, 3, 4, 0])
    found = label_map([1, 1, 0, 1, 2, 4, 3, 0])
    right, wrong, missed = Agreement
    expected = [wrong, right, missed, wrong, right, wrong, wrong, 0]
    assert agreement_map(found, truth).ravel().tolist() == expected
