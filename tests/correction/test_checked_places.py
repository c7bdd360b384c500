"""Marks of places that were looked at, in files beside a case and apart from it."""

from __future__ import annotations

import json
import os

import platformdirs
import pytest

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.correction.checked_places import Mark, add_marks, read_marks
from napari_abdoseg.correction.journal.places import CaseFiles
from napari_abdoseg.errors import SaveError
from napari_abdoseg.image.grid import Grid

SHAPE = (20, 30, 40)
PLACE = ("hole", "liver", (5, 6, 7), Box((4, 5, 6), (8, 9, 10)))
OTHER = ("hole", "liver", (15, 6, 7), Box((14, 5, 6), (18, 9, 10)))


@pytest.fixture
def apart(tmp_path, monkeypatch):
    folder = tmp_path / "own" / "napari-abdoseg"
    monkeypatch.setattr(platformdirs, "user_data_path", lambda *_, **__: folder)
    return folder


@pytest.fixture
def case(tmp_path, apart):
    grid = Grid.from_spacing(SHAPE, (3.0, 2.0, 1.0), orientation="RIP")
    return CaseFiles(tmp_path / "case.nii.gz", tmp_path / "ct.nii.gz", grid)


def mark(case, place, checked=True):
    return Mark.of(*place, case.grid, checked)


def is_checked(case, place):
    found = [each for each in read_marks(case) if each.is_of(*place, case.grid)]
    return bool(found) and found[-1].checked


def test_a_mark_is_of_its_place_alone_whatever_the_axis_order(case):
    path = add_marks(case, [mark(case, PLACE)])
    assert path == case.labels.with_name("case_checked.json")
    assert is_checked(case, PLACE)
    assert not is_checked(case, OTHER)
    assert not is_checked(case, ("cut by a plane", *PLACE[1:]))
    near = ("hole", "liver", (6, 7, 8), Box((4, 5, 6), (9, 9, 10)))
    assert is_checked(case, near)
    (entry,) = json.loads(path.read_text())["checked"]
    assert entry["voxel"] == [round(at) for at in case.grid.stored_index(PLACE[2])]
    assert entry["user"]


def test_marks_of_others_stay_and_one_is_taken_off_again(case):
    add_marks(case, [mark(case, PLACE)])
    add_marks(case, [mark(case, OTHER)])
    assert is_checked(case, PLACE)
    add_marks(case, [mark(case, PLACE, checked=False)])
    assert not is_checked(case, PLACE)
    assert is_checked(case, OTHER)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_folder_has_its_marks_in_the_users_own(case, apart, tmp_path):
    tmp_path.chmod(0o555)
    try:
        path = add_marks(case, [mark(case, PLACE)])
    finally:
        tmp_path.chmod(0o755)
    assert path.parent == apart / "checked"


def test_what_can_not_be_beside_is_in_the_users_own_folder_and_read_with_the_rest(case, apart):
    add_marks(case, [mark(case, OTHER)])
    beside = case.labels.with_name("case_checked.json")
    written = beside.read_bytes()
    beside.unlink()
    beside.mkdir()
    path = add_marks(case, [mark(case, PLACE)])
    assert path.parent == apart / "checked"
    beside.rmdir()
    beside.write_bytes(written)
    assert is_checked(case, PLACE)
    assert is_checked(case, OTHER)


def test_a_label_map_without_a_file_is_known_by_its_scan_or_its_grid(case):
    for unsaved in (CaseFiles(None, case.scan, case.grid), CaseFiles(None, None, case.grid)):
        assert not is_checked(unsaved, PLACE)
        add_marks(unsaved, [mark(case, PLACE)])
        assert is_checked(unsaved, PLACE)


@pytest.mark.parametrize("content", ["{", "[]", '{"case": "x"}', "\x00"])
def test_another_file_of_that_name_stays_as_it_is(case, content):
    beside = case.labels.with_name("case_checked.json")
    beside.write_text(content)
    assert read_marks(case) == ()
    path = add_marks(case, [mark(case, PLACE)])
    assert path != beside
    assert beside.read_text() == content
    assert is_checked(case, PLACE)


def test_nowhere_to_write_is_told(case, apart):
    apart.parent.mkdir()
    apart.write_text("no folder")
    case.labels.with_name("case_checked.json").mkdir()
    with pytest.raises(SaveError, match="can't be a folder for results"):
        add_marks(case, [mark(case, PLACE)])


@pytest.mark.parametrize(
    "damage",
    [
        {"voxel": [1, 2]},
        {"voxel": ["a", 1, 2]},
        {"start": None},
        {"kind": 3},
        {"checked": "yes"},
        {"stop": [True, 1, 1]},
    ],
)
def test_of_a_damaged_file_what_is_whole_is_read(case, damage):
    path = add_marks(case, [mark(case, PLACE), mark(case, OTHER)])
    told = json.loads(path.read_text())
    told["checked"][0] |= damage
    told["checked"].append("x")
    path.write_text(json.dumps(told))
    assert not is_checked(case, PLACE)
    assert is_checked(case, OTHER)
