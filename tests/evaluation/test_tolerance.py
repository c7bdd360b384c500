"""Named tolerances and those in mm."""

from __future__ import annotations

import pytest

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.tolerance import FLARE21, FLARE22, find_tolerances
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS, Organ


def test_flare22_has_one_for_each_organ():
    assert [FLARE22.of(organ) for organ in ABDOMINAL_ORGANS] == [5, 3, 3, 5]
    assert [FLARE21.of(organ) for organ in ABDOMINAL_ORGANS] == [1, 1, 1, 1]


@pytest.mark.parametrize("text", ["FLARE22", "flare22", " Flare22 "])
def test_found_by_name(text):
    assert find_tolerances(text) is FLARE22


def test_millimetres_hold_for_all_organs():
    tolerances = find_tolerances("2.5")
    assert (tolerances.name, tolerances.of(Organ(9, "duodenum"))) == ("2.5 mm", 2.5)
    assert find_tolerances("0").default_mm == 0
    assert find_tolerances("3 mm") == find_tolerances("3")


@pytest.mark.parametrize("text", ["", "-1", "nan", "inf", "FLARE", "1 cm"])
def test_anything_else_is_a_clear_error(text):
    with pytest.raises(AbdosegError, match="give millimetres, such as 1 or"):
        find_tolerances(text)
