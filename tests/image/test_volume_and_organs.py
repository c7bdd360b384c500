"""Volumes fit their grids; organs keep their names and colours."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS, Organ, organs_from_names
from napari_abdoseg.image.volume import LabelMap, Volume

GRID = Grid.from_spacing((6, 5, 4), (1, 1, 1))


def test_a_volume_must_have_the_shape_of_its_grid() -> None:
    Volume(np.zeros((6, 5, 4)), GRID)
    with pytest.raises(ImageError, match=r"volume of ct\.nii has shape \(4, 5, 6\)"):
        Volume(np.zeros((4, 5, 6)), GRID, Path("ct.nii"))


def test_a_label_map_must_have_the_shape_of_its_grid() -> None:
    LabelMap(np.zeros((6, 5, 4), np.uint8), GRID, ())
    with pytest.raises(ImageError, match=r"label map has shape \(4, 5, 6\)"):
        LabelMap(np.zeros((4, 5, 6), np.uint8), GRID, ())


def test_the_four_organs() -> None:
    assert [organ.name for organ in ABDOMINAL_ORGANS] == ["liver", "kidney", "spleen", "pancreas"]
    assert [organ.value for organ in ABDOMINAL_ORGANS] == [1, 2, 3, 4]


def test_a_name_keeps_its_colour_at_another_value() -> None:
    assert Organ(9, "liver").color == Organ(1, "liver").color


def test_neighbouring_unknown_organs_differ_in_colour() -> None:
    colors = [Organ(value, f"label {value}").color for value in range(5, 13)]
    assert len(set(colors)) == len(colors)
    assert all(re.fullmatch("#[0-9a-f]{6}", color) for color in colors)


def test_organs_come_in_the_order_of_their_values() -> None:
    assert organs_from_names({3: "colon", 1: "aorta"}) == (Organ(1, "aorta"), Organ(3, "colon"))
