"""The way from the hilum to the papilla, in a viewer without a window."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from ducts import DUCT
from napari.components import ViewerModel
from napari.layers import Layer
from napari.utils.notifications import notification_manager

from napari_abdoseg.anatomy.bile_duct import bile_duct_region, measure_duct, way_to_duct
from napari_abdoseg.plugin.bile_duct.going_along import NO_LABELS, STEP_ROWS, going_along
from napari_abdoseg.plugin.layers.conversion import labels_layer
from napari_abdoseg.plugin.saving.label_maps import saving
from napari_abdoseg.plugin.viewing.focus import shown_place, voxel_at

PANCREAS = 4


def started(viewer, qtbot):
    """Going along after the first press."""
    along = going_along(viewer)
    along.down()
    qtbot.waitUntil(lambda: along.row is not None)
    return along


def place_of(viewer, labels) -> np.ndarray:
    """The voxel that a viewer is cut through."""
    return np.array(voxel_at(labels.grid, viewer.dims.point))


def is_written(path, count) -> bool:
    """Whether a file has so many marks."""
    try:
        return len(json.loads(path.read_text())["checked"]) == count
    except (OSError, ValueError):
        return False


def test_each_press_goes_on_towards_the_papilla(with_duct, open_case, qtbot):
    volume, labels = with_duct
    viewer = open_case(labels, volume)
    along = started(viewer, qtbot)
    duct = measure_duct(labels)
    np.testing.assert_allclose(place_of(viewer, labels), duct.course.voxels[0], atol=0.51)
    zoom = viewer.scene.camera.zoom
    for row in (3, 6):
        along.down()
        assert along.row == row
        np.testing.assert_allclose(place_of(viewer, labels), duct.course.voxels[row], atol=1e-6)
    assert viewer.scene.camera.zoom == zoom
    shown = shown_place(labels.grid, duct.course.voxels[6])
    np.testing.assert_allclose(viewer.scene.camera.center[-2:], shown[1:])
    assert f"{duct.diameters[6]:.1f} mm wide here" in viewer.status
    along.up()
    assert along.row == 3
    assert along.seen[:6].all()
    assert not along.seen[12:].any()


def test_both_ends_are_told(with_duct, open_case, qtbot):
    along = started(open_case(with_duct[1]), qtbot)
    along.up()
    assert "upper end" in notification_manager.records[-1].message
    last = len(along.seen) - 1
    while along.row < last:
        along.down()
    along.down()
    length = measure_duct(with_duct[1]).course.length_mm
    said = notification_manager.records[-1].message
    assert said.endswith(f"{length:.0f} of {length:.0f} mm of the way were seen.")


def test_without_a_duct_it_goes_along_the_middle_of_the_region(with_duct, open_case, qtbot):
    data = with_duct[1].data.copy()
    data[data == DUCT.value] = 0
    labels = replace(with_duct[1], data=data)
    viewer = open_case(labels)
    along = started(viewer, qtbot)
    points = way_to_duct(labels).course.voxels
    np.testing.assert_allclose(place_of(viewer, labels), points[0], atol=0.51)
    assert along.way.duct is None
    assert bile_duct_region(labels).words in along.way.way.words
    assert "mm wide" not in viewer.status


def test_what_was_seen_is_so_when_the_case_is_opened_again(case, open_case, qtbot):
    along = started(open_case(case), qtbot)
    for _ in range(3):
        along.down()
    seen, voxels = along.seen.copy(), along.way.way.course.voxels[:12:STEP_ROWS]
    marks = len(np.unique(np.rint(voxels), axis=0))
    qtbot.waitUntil(lambda: is_written(case.with_name("case_checked.json"), marks))
    again = started(open_case(case), qtbot)
    first_unseen = np.flatnonzero(~seen)[0]
    assert again.row == first_unseen
    assert again.seen[first_unseen]
    assert (again.seen >= seen).all()


def test_marks_go_with_the_label_map_where_it_is_saved(with_duct, open_case, tmp_path, qtbot):
    viewer = open_case(*reversed(with_duct))
    started(viewer, qtbot)
    saving(viewer).save_in(viewer.layers["case"], tmp_path / "new.nii.gz")
    qtbot.waitUntil(lambda: is_written(tmp_path / "new_checked.json", 1))


def test_it_stays_where_it_is_when_the_duct_is_corrected(with_duct, open_case, qtbot):
    viewer = open_case(with_duct[1])
    along = started(viewer, qtbot)
    for _ in range(10):
        along.down()
    before, place = along.way.way, along.way.way.course.points[along.row]
    layer = viewer.layers["case"]
    upper = np.argwhere(layer.data == DUCT.value)
    upper = upper[upper[:, 0] >= upper[:, 0].max() - 1]
    layer.data_setitem(tuple(upper.T), 0)
    qtbot.waitUntil(lambda: along.way.way is not before)
    now = along.way.way.course.points
    assert len(now) < len(before.course.points) - 3
    assert np.linalg.norm(now[along.row] - place) < 3
    assert along.seen.sum() < len(now)


def _no_pancreas(data):
    return np.where(data == PANCREAS, 0, data)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_no_pancreas, "no pancreas"),
        (lambda data: data[:, :, ::-1], "mirrored"),
        (lambda data: data[::-1], "upside down"),
        (lambda data: np.where(data == 1, 0, data), "no liver"),
    ],
)
def test_why_there_is_no_way_is_said_in_a_sentence(with_duct, open_case, qtbot, spoil, why):
    data = np.where(with_duct[1].data == DUCT.value, 0, with_duct[1].data)
    viewer = open_case(replace(with_duct[1], data=np.ascontiguousarray(spoil(data))))
    along = going_along(viewer)
    along.down()
    qtbot.waitUntil(lambda: bool(along.way.problem))
    assert why in along.way.problem
    assert notification_manager.records[-1].message == along.way.problem
    assert along.row is None


def test_a_duct_that_is_too_short_is_said_too(with_duct, open_case, qtbot):
    data = _no_pancreas(with_duct[1].data)
    places = np.argwhere(data == DUCT.value)
    data[tuple(places[1:].T)] = 0
    viewer = open_case(replace(with_duct[1], data=data))
    along = going_along(viewer)
    along.way.is_wanted = True
    qtbot.waitUntil(lambda: bool(along.way.problem))
    assert "too short to follow" in along.way.problem
    assert "no pancreas" in along.way.problem


def test_without_labels_it_says_so(qtbot):
    going_along(ViewerModel()).down()
    assert notification_manager.records[-1].message == NO_LABELS


def test_another_label_map_has_a_way_of_its_own(with_duct, open_case, qtbot):
    viewer = open_case(with_duct[1])
    along = started(viewer, qtbot)
    first, labels = along.way.way, with_duct[1]
    data = np.where(labels.data == DUCT.value, 0, labels.data)
    other = labels_layer(replace(labels, data=data), "other")
    viewer.layers.selection = {viewer.add_layer(Layer.create(*other))}
    assert along.row is None
    assert started(viewer, qtbot).way.way.course is not first.course
    assert along.way.duct is None
    viewer.layers.clear()
    assert along.row is None
    assert along.way.way is None
    assert len(along.seen) == 0
