"""Labels of ``dataset.json``, counted as nnU-Net counts them."""

from __future__ import annotations

import pytest
from nnunetv2.utilities.label_handling.label_handling import LabelManager

from napari_abdoseg.inference.model.dataset_schema import DatasetContent


@pytest.mark.parametrize(
    ("labels", "order"),
    [
        ({"background": 0, "liver": 1}, None),
        ({"background": 0, "spleen": 2, "liver": 1}, None),
        ({"background": 0, "liver": [1], "spleen": 2, "ignore": 3}, None),
        ({"background": 0, "abdomen": [1, 2, 3], "liver": [2, 3], "mass": 3}, [1, 2, 3]),
        ({"background": 0, "abdomen": [1, 2], "mass": 2, "ignore": 3}, [2, 5]),
        ({"background": 0, "body": [0, 1, 2], "liver": [1, 2], "nothing": [0]}, [1, 2]),
    ],
)
def test_classes_are_those_of_nnunet(labels, order):
    ours = DatasetContent(labels=labels, regions_class_order=order, channel_names={"0": "CT"})
    theirs = LabelManager(labels, order)
    assert ours.has_regions == theirs.has_regions
    assert ours.heads == theirs.num_segmentation_heads
    assert list(ours.foreground_labels) == theirs.foreground_labels
