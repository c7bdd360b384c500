"""Boxes in a viewer that slices, turns and goes to 3D."""

from __future__ import annotations

import gc
import weakref
from itertools import permutations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from napari_abdoseg.anatomy.box import Box, bounding_boxes
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.plugin.layers.boxes import BoxDisplay, box_display
from napari_abdoseg.plugin.layers.conversion import box_layer, image_layer

BOX = Box((2, 3, 5), (4, 8, 6))
GRID = Grid.from_spacing((7, 9, 11), (5.0, 0.8, 0.7), (100.0, -20.0, 3.0))


@pytest.fixture
def viewer():
    model = ViewerModel()
    model.add_image(
        np.zeros(GRID.shape, np.int16), scale=GRID.spacing, translate=GRID.origin, units="mm"
    )
    return model


def _display(viewer, box=BOX, grid=GRID) -> BoxDisplay:
    layer = viewer.add_layer(Layer.create(*box_layer("liver", "#dd6b55", box, grid)))
    return box_display(viewer, layer)


def _slices_with_box(viewer, layer, axis: int) -> list[int]:
    shown = []
    for index in range(int(viewer.dims.nsteps[axis])):
        viewer.dims.set_current_step(axis, index)
        if layer._view_indices.size:
            shown.append(index)
    return shown


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_rectangle_is_on_the_slices_that_cut_the_box(viewer, order):
    display = _display(viewer)
    viewer.dims.order = order
    axis = order[0]
    cut = list(range(BOX.start[axis], BOX.stop[axis]))
    assert _slices_with_box(viewer, display.layer, axis) == cut
    (corners,) = display.layer.data
    world = np.array([display.layer.data_to_world(corner) for corner in corners])
    edges = np.array(GRID.origin) + np.array(GRID.spacing) * (np.array([BOX.start, BOX.stop]) - 0.5)
    for shown in order[1:]:
        assert sorted(set(world[:, shown].round(4))) == pytest.approx(edges[:, shown], abs=1e-4)


def test_rolling_and_transposing(viewer):
    display = _display(viewer)
    for turn in (viewer.dims.roll, viewer.dims.transpose, viewer.dims.roll):
        turn()
        axis = viewer.dims.order[0]
        assert (
            len(_slices_with_box(viewer, display.layer, axis)) == BOX.stop[axis] - BOX.start[axis]
        )


@pytest.mark.slow
def test_boxes_of_a_phantom_on_every_slice():
    volume, labels = make_phantom(5, (18.0, 14.0, 16.0))
    viewer = ViewerModel()
    viewer.add_layer(Layer.create(*image_layer(volume)))
    for box in bounding_boxes(labels).values():
        display = _display(viewer, box, labels.grid)
        for axis in range(3):
            viewer.dims.order = (axis, *(other for other in range(3) if other != axis))
            assert _slices_with_box(viewer, display.layer, axis) == list(
                range(box.start[axis], box.stop[axis])
            )


def test_twelve_edges_in_3d(viewer):
    display = _display(viewer)
    viewer.dims.ndisplay = 3
    layer = display.layer
    assert layer.shape_type == ["line"] * 12
    ends = {tuple(np.round(layer.data_to_world(end), 3)) for edge in layer.data for end in edge}
    low, high = (
        np.array(GRID.origin) + np.array(GRID.spacing) * (np.array(corner) - 0.5)
        for corner in (BOX.start, BOX.stop)
    )
    assert len(ends) == 8
    np.testing.assert_allclose(np.min(list(ends), axis=0), low, atol=1e-3)
    np.testing.assert_allclose(np.max(list(ends), axis=0), high, atol=1e-3)
    assert len(set(layer.scale)) == 1, "edges are round on anisotropic grids too"
    assert {tuple(color) for color in layer.edge_color.round(2)} == {(0.87, 0.42, 0.33, 1.0)}
    viewer.dims.ndisplay = 2
    assert layer.shape_type == ["rectangle"]
    assert _slices_with_box(viewer, layer, 0) == [2, 3]


def test_a_new_box_shows_at_once(viewer):
    display = _display(viewer)
    display.box = Box((5, 0, 0), (7, 2, 2))
    assert _slices_with_box(viewer, display.layer, 0) == [5, 6]
    assert display.layer.metadata["box"] == display.box


@pytest.mark.parametrize("visible", [True, False])
def test_the_sliders_stay_those_of_the_scan(viewer, visible):
    """Also for a box that touches the scan's edge, and after a look at it in 3D."""
    before = viewer.dims.range
    display = _display(viewer, Box((0, 0, 0), GRID.shape))
    display.layer.visible = visible
    viewer.dims.ndisplay = 3
    viewer.dims.ndisplay = 2
    for axis in range(3):
        viewer.dims.order = (axis, *(other for other in range(3) if other != axis))
        assert tuple(viewer.dims.range[axis]) == pytest.approx(tuple(before[axis]))
        assert viewer.dims.nsteps[axis] == GRID.shape[axis]


def test_other_layers_come_and_go(viewer):
    display = _display(viewer)
    points = viewer.add_points(np.zeros((1, 3)), scale=GRID.spacing, units="mm")
    viewer.layers.remove(points)
    viewer.layers.move(0, 1)
    assert _slices_with_box(viewer, display.layer, 0) == [2, 3]


def test_two_viewers_show_two_axes(viewer):
    axial = _display(viewer)
    other = ViewerModel()
    other.add_layer(Layer.create(*viewer.layers[0].as_layer_data_tuple()))
    sagittal = _display(other)
    other.dims.order = (2, 0, 1)
    assert _slices_with_box(other, sagittal.layer, 2) == [5]
    assert _slices_with_box(viewer, axial.layer, 0) == [2, 3]


def test_a_deleted_box_is_forgotten(viewer):
    display = _display(viewer)
    ghost = weakref.ref(display)
    events = viewer.dims.events.order, viewer.dims.events.ndisplay, viewer.dims.events.point
    before = [len(event.callbacks) for event in events]
    viewer.layers.remove(display.layer)
    assert [len(event.callbacks) for event in events] == [count - 1 for count in before]
    viewer.dims.ndisplay = 3
    del display
    gc.collect()
    assert ghost() is None


def _reddish(viewer) -> int:
    picture = viewer.screenshot(canvas_only=True, flash=False).astype(int)
    return int(np.sum((picture[..., 0] > 180) & (picture[..., 1] < 140)))


def test_it_is_on_the_screen(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    viewer.add_image(
        np.zeros(GRID.shape, np.int16), scale=GRID.spacing, translate=GRID.origin, units="mm"
    )
    display = _display(viewer)
    seen = {}
    for index in (1, 2, 3, 4):
        viewer.dims.set_current_step(0, index)
        seen[index] = _reddish(viewer) > 50
    assert seen == {1: False, 2: True, 3: True, 4: False}
    viewer.dims.ndisplay = 3
    viewer.camera.angles = (20, 30, 100)
    assert _reddish(viewer) > 50
    display.layer.visible = False
    assert _reddish(viewer) == 0
