"""Groups that organs of large label maps are listed in."""

from __future__ import annotations

import numpy as np
import pytest

from napari_abdoseg.image.distinct_colors import oklab
from napari_abdoseg.image.names.organ_groups import group_of, is_of_palette, organ_groups
from napari_abdoseg.image.names.published_schemes import SCHEMES, TOTALSEGMENTATOR
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS, OTHER_COLORS, Organ


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("kidney_left", "abdomen"),
        ("LK", "abdomen"),
        ("portal_vein_and_splenic_vein", "vessels"),
        ("lung_vessels", "vessels"),
        ("atrial_appendage_left", "chest"),
        ("lung_upper_lobe_left", "chest"),
        ("vertebrae_T12", "bones"),
        ("rib_left_3", "bones"),
        ("gluteus_maximus_right", "muscles"),
        ("spinal_cord", "head and spine"),
        ("common bile duct", "abdomen"),
        ("ribbon", "others"),
        ("label 7", "others"),
    ],
)
def test_an_organ_is_in_the_group_where_it_is_looked_for(name, group):
    assert group_of(name) == group


@pytest.mark.parametrize("scheme", [each for each in SCHEMES if "total" in each.key])
def test_all_organs_of_totalsegmentator_have_a_group(scheme):
    groups = organ_groups(scheme.organs)
    assert "others" not in groups
    assert next(iter(groups)) == "abdomen"
    assert sorted(organ for members in groups.values() for organ in members) == [*scheme.organs]


def test_groups_of_a_card_go_before_the_well_known_ones():
    organs = tuple(Organ(value, name) for value, name in enumerate(("liver", "aorta", "x"), 1))
    groups = organ_groups(organs, {"blood": ["aorta", "vena cava"], "nothing": ["y"]})
    assert [(group, [organ.name for organ in each]) for group, each in groups.items()] == [
        ("blood", ["aorta"]),
        ("abdomen", ["liver"]),
        ("others", ["x"]),
    ]


def test_organs_with_colours_of_their_own_have_them_on_both_sides():
    names = ("liver", "kidney_left", "Right Kidney", "left kidney cyst", "aorta")
    assert [is_of_palette(name) for name in names] == [True, True, True, False, False]


def test_colours_of_many_organs_can_be_told_from_each_other():
    organs = (*ABDOMINAL_ORGANS, *TOTALSEGMENTATOR.organs)
    colors = {organ.color for organ in organs}
    assert len(colors) >= len(TOTALSEGMENTATOR.names)
    places = oklab(np.array([list(bytes.fromhex(color[1:])) for color in colors]))
    apart = np.linalg.norm(places[:, None] - places, axis=2)[~np.eye(len(places), dtype=bool)]
    few = oklab(np.array([list(bytes.fromhex(color[1:])) for color in OTHER_COLORS]))
    apart_few = np.linalg.norm(few[:, None] - few, axis=2)[~np.eye(len(few), dtype=bool)]
    assert apart.min() > apart_few.min() / 2
