"""The way from one place to the next, in a viewer without a window."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import platformdirs
import pytest
from napari.components import ViewerModel
from napari.layers import Layer
from napari.utils.notifications import notification_manager

from napari_abdoseg.image.nifti.volumes import read_labels, write_labels
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer
from napari_abdoseg.plugin.review.where_to_look import ALL, NO_LABELS, where_to_look
from napari_abdoseg.plugin.saving.label_maps import saving

STRAY = (slice(2, 6), slice(2, 6), slice(3, 7))


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    folder = tmp_path / "own"
    monkeypatch.setattr(platformdirs, "user_data_path", lambda *_, **__: folder)
    return folder


@pytest.fixture
def damaged():
    """A spleen with a piece in the air, and a liver with a hole."""
    volume, labels = make_phantom(1, (6.0, 5.0, 5.0))
    data = labels.data.copy()
    data[STRAY] = 3
    z, y, x = (int(at.mean()) for at in np.nonzero(labels.data == 1))
    data[z - 1 : z + 2, y - 1 : y + 2, x - 1 : x + 2] = 0
    return volume, replace(labels, data=data)


@pytest.fixture
def open_case(tmp_path, qtbot):
    """A function that shows a scan and a label map file in a new viewer."""
    viewers = []

    def show(volume, path):
        viewer = ViewerModel()
        viewers.append(viewer)
        viewer.add_layer(Layer.create(*image_layer(volume)))
        viewer.add_layer(Layer.create(*labels_layer(read_labels(path))))
        return viewer, where_to_look(viewer)

    return show


@pytest.fixture
def case(damaged, tmp_path):
    path = tmp_path / "case.nii.gz"
    write_labels(path, damaged[1])
    return path


def press_next(look, qtbot):
    before = look.current
    look.next_place()
    qtbot.waitUntil(lambda: look.current is not before)
    return look.current


def is_written(path, count):
    """Whether a file has so many marks."""
    try:
        return len(json.loads(path.read_text())["checked"]) == count
    except (OSError, ValueError):
        return False


def test_each_press_goes_to_the_next_and_checks_the_one_before(damaged, case, open_case, qtbot):
    viewer, look = open_case(damaged[0], case)
    first, second = press_next(look, qtbot), press_next(look, qtbot)
    assert (first.name, second.name) == ("spleen", "liver")
    assert look.is_checked(first)
    assert not look.is_checked(second)
    grid = damaged[1].grid
    middle = np.array(grid.origin) + np.array(grid.spacing) * second.voxel
    assert np.allclose(viewer.dims.point, middle, atol=0.01)
    assert viewer.status.startswith("2 of 3: liver, a hole of")
    look.place_before()
    assert look.current is first
    for _ in range(3):
        look.next_place()
    assert look.unchecked == ()
    assert notification_manager.records[-1].message == ALL.format(3)


def test_what_was_checked_is_so_when_the_case_is_opened_again(damaged, case, open_case, qtbot):
    _, look = open_case(damaged[0], case)
    press_next(look, qtbot)
    press_next(look, qtbot)
    marks = case.with_name("case_checked.json")
    qtbot.waitUntil(lambda: is_written(marks, 1))
    _, again = open_case(damaged[0], case)
    assert press_next(again, qtbot).name == "liver"
    again.check(again.places[0], False)
    qtbot.waitUntil(lambda: '"checked": false' in marks.read_text())
    _, third = open_case(damaged[0], case)
    assert press_next(third, qtbot).name == "spleen"


def test_a_place_that_was_corrected_is_no_longer_one(damaged, case, open_case, qtbot):
    viewer, look = open_case(damaged[0], case)
    assert press_next(look, qtbot).name == "spleen"
    layer = viewer.layers[-1]
    layer.data_setitem(np.nonzero(_whole(STRAY, layer.data.shape)), 0)
    assert press_next(look, qtbot).name == "liver"
    assert [place.name for place in look.places] == ["liver", look.places[-1].name]


def test_marks_of_a_label_map_without_a_file_go_with_it_where_it_is_saved(
    damaged, tmp_path, qtbot, own_folder
):
    volume, labels = damaged
    viewer = ViewerModel()
    viewer.add_layer(Layer.create(*image_layer(volume)))
    layer = viewer.add_layer(Layer.create(*labels_layer(labels, "new")))
    look = where_to_look(viewer)
    place = press_next(look, qtbot)
    look.check(place)
    qtbot.waitUntil(lambda: any(own_folder.rglob("*.json")))
    saving(viewer).save_in(layer, tmp_path / "new.nii.gz")
    qtbot.waitUntil(lambda: is_written(tmp_path / "new_checked.json", 1))


def test_where_marks_can_not_be_kept_is_told(damaged, case, open_case, qtbot, own_folder):
    _, look = open_case(damaged[0], case)
    place = press_next(look, qtbot)
    own_folder.write_text("no folder")
    case.with_name("case_checked.json").mkdir()
    look.check(place)
    qtbot.waitUntil(lambda: "can't be a folder" in notification_manager.records[-1].message)
    assert look.is_checked(place)


def test_another_label_map_has_places_of_its_own(damaged, case, open_case, qtbot):
    viewer, look = open_case(damaged[0], case)
    press_next(look, qtbot)
    good = viewer.add_layer(Layer.create(*labels_layer(make_phantom(1, (6.0, 5.0, 5.0))[1])))
    viewer.layers.selection = {good}
    assert look.layer is good
    assert look.places == ()
    assert press_next(look, qtbot).organ is None
    viewer.layers.clear()
    look.next_place()
    assert notification_manager.records[-1].message == NO_LABELS


def test_places_are_found_again_after_edits_while_they_are_watched(damaged, case, open_case, qtbot):
    viewer, look = open_case(damaged[0], case)
    look.is_watched = True
    qtbot.waitUntil(lambda: len(look.places) == 3)
    layer = viewer.layers[-1]
    layer.data_setitem(np.nonzero(_whole(STRAY, layer.data.shape)), 0)
    qtbot.waitUntil(lambda: len(look.places) == 2)


def test_a_layer_that_is_no_volume_is_told(qtbot):
    viewer = ViewerModel()
    viewer.add_labels(np.zeros((5, 5), np.uint8))
    look = where_to_look(viewer)
    look.next_place()
    assert "has 2 dimensions" in notification_manager.records[-1].message


def _whole(place, shape):
    mask = np.zeros(shape, bool)
    mask[place] = True
    return mask
