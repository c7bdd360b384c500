"""Right and left of the kidneys."""

from __future__ import annotations

import numpy as np
import pytest

from napari_abdoseg.anatomy.box import Box, bounding_boxes
from napari_abdoseg.anatomy.measure import measure_organs
from napari_abdoseg.anatomy.sides import OnePieceError, split_sides
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.volumes import read_labels
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS, Organ
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import LabelMap

KIDNEY = Organ(2, "kidney")
GRID = Grid.from_spacing((20, 20, 40), (3, 3, 3))


def _labels(*places: tuple[slice, slice, slice]) -> LabelMap:
    data = np.zeros(GRID.shape, np.uint8)
    for place in places:
        data[place] = KIDNEY.value
    return LabelMap(data, GRID, (KIDNEY,))


RIGHT = np.s_[5:15, 5:10, 5:12]
LEFT = np.s_[3:13, 6:11, 28:34]


def test_right_is_where_x_is_small():
    sides = split_sides(_labels(RIGHT, LEFT), KIDNEY)
    assert list(sides) == ["right kidney", "left kidney"]
    assert sides["right kidney"].box == Box((5, 5, 5), (15, 10, 12))
    assert sides["left kidney"].box == Box((3, 6, 28), (13, 11, 34))
    assert sides["left kidney"].voxels == 10 * 5 * 6
    assert sides["left kidney"].volume_ml == pytest.approx(300 * 0.027)


def test_fragments_go_to_the_nearer_side():
    sides = split_sides(_labels(RIGHT, LEFT, np.s_[1, 2, 3], np.s_[18, 18, 26]), KIDNEY)
    assert sides["right kidney"].voxels == 350 + 1
    assert sides["right kidney"].box == Box((1, 2, 3), (15, 10, 12))
    assert sides["left kidney"].voxels == 300 + 1


@pytest.mark.parametrize(
    "places",
    [
        (RIGHT,),
        (RIGHT, np.s_[18, 18, 30]),
        (RIGHT, LEFT, np.s_[8:10, 6:8, 12:28]),
        (RIGHT, np.s_[16:20, 5:10, 6:13]),
    ],
    ids=["a single one", "a single one and a fragment", "horseshoe", "one above the other"],
)
def test_what_is_in_one_piece(places):
    with pytest.raises(OnePieceError, match="kidney is in one piece"):
        split_sides(_labels(*places), KIDNEY)


def test_an_organ_that_is_not_there():
    with pytest.raises(OnePieceError, match="no kidney"):
        split_sides(_labels(), KIDNEY)


@pytest.mark.parametrize("orientation", ["LPS", "RAS", "SAR"])
def test_a_phantom_in_any_orientation(orientation):
    _, labels = make_phantom(5, (8.0, 6.0, 6.0), orientation)
    _check_sides_of(labels)


def test_a_real_label_map(real_data):
    _check_sides_of(read_labels(real_data / "abdomen_labels.nii.gz", ABDOMINAL_ORGANS))


def _check_sides_of(labels: LabelMap) -> None:
    right, left = split_sides(labels, KIDNEY).values()
    liver, spleen = (bounding_boxes(labels)[labels.organs[i]] for i in (0, 2))
    grid = labels.grid
    assert right.voxels + left.voxels == measure_organs(labels)[KIDNEY].voxels
    to_liver = abs(right.box.centre(grid)[2] - liver.centre(grid)[2])
    to_spleen = abs(left.box.centre(grid)[2] - spleen.centre(grid)[2])
    assert to_liver < abs(left.box.centre(grid)[2] - liver.centre(grid)[2])
    assert to_spleen < abs(right.box.centre(grid)[2] - spleen.centre(grid)[2])
