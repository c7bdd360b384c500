"""Boxes and surfaces beside a Labels layer."""

from __future__ import annotations

import gc
from dataclasses import replace
from weakref import ref

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from napari_abdoseg.anatomy.box import Box, bounding_boxes
from napari_abdoseg.anatomy.surface import organ_surface
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.plugin.layers.boxes import follow_boxes
from napari_abdoseg.plugin.layers.conversion import box_layer, labels_layer, surface_layer
from napari_abdoseg.plugin.layers.linked_layers import LinkedLayers
from napari_abdoseg.plugin.layers.spare_layers import spare_layers
from napari_abdoseg.plugin.layers.surfaces import follow_surfaces, mesh_scale
from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view


@pytest.fixture
def viewer(phantom, qapp) -> ViewerModel:
    viewer = ViewerModel()
    follow_boxes(viewer)
    follow_surfaces(viewer)
    viewer.add_layer(Layer.create(*labels_layer(phantom[1], "truth")))
    return viewer


@pytest.fixture
def looks() -> dict:
    return {name: (np.array((1.0, 0, 0)), 1.0) for name in ("liver", "spleen")}


@pytest.fixture
def boxes(viewer, looks) -> LinkedLayers:
    return LinkedLayers(viewer, viewer.layers[0], "box", box_layer, looks.get)


@pytest.fixture
def found(phantom) -> dict[str, Box]:
    return {organ.name: box for organ, box in bounding_boxes(phantom[1]).items()}


@pytest.fixture
def liver_box(boxes, found, phantom, viewer) -> Layer:
    """The liver's box, which is shown."""
    boxes.offer(["liver"])
    boxes.put("liver", found["liver"], phantom[1].grid)
    boxes.show({"liver": True})
    return viewer.layers["liver box"]


@pytest.fixture
def others(viewer, looks, found, phantom) -> LinkedLayers:
    """The liver's box of another label map, which is not shown yet."""
    labels = replace(phantom[1], path=None)
    viewer.add_layer(Layer.create(*labels_layer(labels, "cut")))
    others = LinkedLayers(viewer, viewer.layers["cut"], "box", box_layer, looks.get)
    others.offer(["liver"])
    others.put("liver", found["liver"], phantom[1].grid)
    return others


def _names(viewer) -> list[str]:
    return [layer.name for layer in viewer.layers]


def test_what_is_offered_has_a_layer_when_it_is_known_and_to_be_shown(
    boxes, viewer, found, phantom, qtbot
):
    grid = phantom[1].grid
    boxes.show({"liver": True})
    boxes.put("liver", found["liver"], grid)
    boxes.put("spleen", found["spleen"], grid)
    assert _names(viewer) == ["truth"]
    boxes.offer(["liver", "spleen"])
    assert boxes.state() == {"liver": True, "spleen": False}
    qtbot.waitUntil(lambda: _names(viewer) == ["truth", "liver box"])


def test_the_labels_stay_selected(viewer, liver_box):
    assert viewer.layers.selection == {viewer.layers["truth"]}
    assert viewer.layers.selection.active is viewer.layers["truth"]


def test_what_changes_is_shown(boxes, liver_box, found, phantom):
    boxes.put("liver", found["spleen"], phantom[1].grid)
    assert liver_box.metadata["box"] == found["spleen"]


def test_what_is_offered_no_longer_comes_back_as_it_was(boxes, viewer, liver_box, qtbot):
    boxes.offer([])
    assert _names(viewer) == ["truth"]
    boxes.offer(["liver"])
    qtbot.waitUntil(lambda: _names(viewer) == ["truth", "liver box"])


def test_the_eye_in_the_layer_list(boxes, liver_box):
    told = []
    boxes.changed.connect(lambda: told.append(boxes.state()))
    liver_box.visible = False
    boxes.show({"liver": True})
    assert told == [{"liver": False}, {"liver": True}]
    assert liver_box.visible


def test_a_layer_that_the_user_deletes_is_off(boxes, viewer, liver_box):
    viewer.layers.remove(liver_box)
    boxes.forget(liver_box)
    assert boxes.state() == {"liver": False}
    boxes.show({"liver": True})
    assert _names(viewer) == ["truth", "liver box"]


@pytest.mark.parametrize("ndisplay", [2, 3])
def test_a_box_of_another_colour_keeps_it_in_slices_and_in_3d(
    boxes, viewer, liver_box, looks, ndisplay
):
    viewer.dims.ndisplay = 5 - ndisplay
    looks["liver"] = np.array((0, 1.0, 0)), 0.5
    boxes.follow_looks()
    viewer.dims.ndisplay = ndisplay
    assert liver_box.nshapes == (1 if ndisplay == 2 else 12)
    np.testing.assert_allclose(liver_box.edge_color, [(0, 1, 0, 1)] * liver_box.nshapes)
    assert liver_box.opacity == 0.5


def test_a_surface_of_another_colour_and_shape(viewer, looks, found, phantom, qtbot):
    _, truth = phantom
    box = found["liver"]
    mask = truth.data[box.slices] == 1
    surfaces = LinkedLayers(viewer, viewer.layers[0], "surface", surface_layer, looks.get)
    surfaces.offer(["liver"])
    surfaces.show({"liver": True})
    surfaces.put("liver", organ_surface(mask, box, truth.grid), truth.grid)
    qtbot.waitUntil(lambda: "liver surface" in viewer.layers)
    viewer.dims.ndisplay = 3
    layer = viewer.layers["liver surface"]
    np.testing.assert_allclose(layer.colormap.colors[:, :3], [(1, 0, 0)] * 2)
    looks["liver"] = np.array((0, 1.0, 0)), 0.5
    surfaces.follow_looks()
    np.testing.assert_allclose(layer.colormap.colors[:, :3], [(0, 1, 0)] * 2)
    assert layer.opacity == 0.5
    other = organ_surface(mask, box, truth.grid, "none")
    surfaces.put("liver", other, truth.grid)
    assert len(layer.data[0]) == len(other.vertices)


def test_closing_deletes_the_layers_a_moment_later(boxes, viewer, liver_box, qtbot):
    boxes.close()
    qtbot.waitUntil(lambda: _names(viewer) == ["truth"])


def test_a_layer_that_is_about_to_leave_may_be_hidden(viewer, boxes, liver_box, qtbot):
    boxes.close()
    liver_box.visible = False
    qtbot.waitUntil(lambda: liver_box not in viewer.layers)


def test_names_tell_of_which_label_map_where_there_are_several(viewer, liver_box, others, qtbot):
    assert liver_box.name == "liver box"
    others.show({"liver": True})
    (other,) = others.layers
    assert (liver_box.name, other.name) == ("liver box (truth)", "liver box (cut)")
    viewer.layers["cut"].name = "cut (corrected)"
    assert other.name == "liver box (cut (corrected))"
    others.close()
    qtbot.waitUntil(lambda: other not in viewer.layers)
    assert liver_box.name == "liver box"


def test_what_the_user_calls_a_layer_stays(viewer, liver_box, others):
    liver_box.name = "where it hurts"
    others.show({"liver": True})
    viewer.layers["truth"].name = "mine"
    assert liver_box.name == "where it hurts"


@pytest.fixture
def next_boxes(viewer, boxes, liver_box, looks) -> LinkedLayers:
    """Those of a case that has taken the place of the first."""
    _, truth = make_phantom(6, (10.0, 7.0, 7.0))
    with spare_layers(viewer).kept():
        boxes.close()
        viewer.layers.remove("truth")
    viewer.add_layer(Layer.create(*labels_layer(truth, "next")))
    others = LinkedLayers(viewer, viewer.layers["next"], "box", box_layer, looks.get)
    found = {organ.name: box for organ, box in bounding_boxes(truth).items()}
    for name in ("liver", "spleen"):
        others.put(name, found[name], truth.grid)
    return others


def test_layers_of_a_case_that_goes_become_those_of_the_next(
    viewer, liver_box, looks, next_boxes, qtbot
):
    assert not liver_box.visible
    liver_box.name = "where it hurts"
    looks["liver"] = np.array((0, 1.0, 0)), 0.5
    next_boxes.show({"liver": True, "spleen": True})
    next_boxes.offer(["liver", "spleen"])
    qtbot.waitUntil(lambda: _names(viewer) == ["liver box", "next", "spleen box"])
    assert viewer.layers["liver box"] is liver_box
    assert liver_box.visible
    grid = viewer.layers["next"].metadata["grid"]
    assert liver_box.metadata["grid"] is grid
    np.testing.assert_allclose(liver_box.translate, liver_box.metadata["box"].centre(grid))
    np.testing.assert_allclose(liver_box.edge_color, [(0, 1, 0, 1)])
    assert liver_box.opacity == 0.5
    cases = cases_in_view(viewer)
    assert cases.are_together(liver_box, viewer.layers["next"])
    liver_box.visible = False
    assert next_boxes.state() == {"liver": False, "spleen": True}
    next_boxes.close()
    qtbot.waitUntil(lambda: _names(viewer) == ["next"])


def test_surfaces_too_come_to_the_next_scans_place(viewer, looks, found, phantom, qtbot):
    _, truth = phantom
    surface = organ_surface(truth.data[found["liver"].slices] == 1, found["liver"], truth.grid)
    coarse = replace(truth.grid, affine=truth.grid.affine * [[2], [2], [2], [1]])
    made = []
    for grid in (truth.grid, coarse):
        surfaces = LinkedLayers(viewer, viewer.layers["truth"], "surface", surface_layer, looks.get)
        surfaces.offer(["liver"])
        surfaces.put("liver", surface, grid)
        surfaces.show({"liver": True})
        made.append(viewer.layers["liver surface"])
        with spare_layers(viewer).kept():
            surfaces.close()
    assert made[0] is made[1]
    np.testing.assert_allclose(made[1].scale, mesh_scale(coarse))
    gone = ref(surfaces)
    del surfaces
    gc.collect()
    assert gone() is None


@pytest.mark.slow
def test_layers_that_nobody_takes_are_deleted(viewer, liver_box, next_boxes, qtbot):
    assert spare_layers(viewer).layers == (liver_box,)
    qtbot.waitUntil(lambda: _names(viewer) == ["next"])
    assert not spare_layers(viewer).layers


def test_one_that_the_user_deletes_while_it_waits_is_made_anew(viewer, liver_box, next_boxes):
    viewer.layers.remove(liver_box)
    next_boxes.show({"liver": True})
    next_boxes.offer(["liver"])
    next_boxes.show({"liver": True})
    assert viewer.layers["liver box"] is not liver_box


def test_of_two_label_maps_boxes_of_one_wait(viewer, boxes, liver_box, others, qtbot):
    others.show({"liver": True})
    with spare_layers(viewer).kept():
        boxes.close()
        others.close()
    qtbot.waitUntil(lambda: _names(viewer) == ["truth", liver_box.name, "cut"])
    assert spare_layers(viewer).layers == (liver_box,)
