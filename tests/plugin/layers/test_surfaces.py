"""Surfaces in a viewer that goes to 3D and back."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from napari_abdoseg.anatomy.box import bounding_boxes
from napari_abdoseg.anatomy.surface import organ_surface
from napari_abdoseg.plugin.layers.conversion import image_layer, surface_layer
from napari_abdoseg.plugin.layers.surfaces import SurfaceDisplay, follow_surfaces, surface_display
from napari_abdoseg.plugin.viewing.orientation import keep_head_up, look_from_the_front


@pytest.fixture
def truth(phantom):
    return phantom[1]


@pytest.fixture
def surface(truth):
    organ = truth.organs[0]
    box = bounding_boxes(truth)[organ]
    return organ_surface(truth.data[box.slices] == organ.value, box, truth.grid)


@pytest.fixture
def viewer(phantom):
    viewer = ViewerModel()
    viewer.add_layer(Layer.create(*image_layer(phantom[0])))
    return viewer


@pytest.fixture
def layer(viewer, surface, truth):
    follow_surfaces(viewer)
    return viewer.add_layer(Layer.create(*surface_layer("liver", "#dd6b55", surface, truth.grid)))


def _in_world(layer) -> np.ndarray:
    vertices = layer.data[0]
    return np.array([layer.data_to_world(vertex) for vertex in vertices])


def test_in_3d_the_mesh_lies_where_the_organ_is(viewer, layer, surface):
    viewer.dims.ndisplay = 3
    np.testing.assert_allclose(_in_world(layer), surface.vertices, atol=1e-3)
    np.testing.assert_array_equal(layer.data[1], surface.faces)


def test_in_slices_only_its_extent_is_left(viewer, layer, surface):
    assert len(layer.data[0]) == 2
    ends = _in_world(layer)
    np.testing.assert_allclose(ends.min(axis=0), surface.vertices.min(axis=0), atol=1e-3)
    np.testing.assert_allclose(ends.max(axis=0), surface.vertices.max(axis=0), atol=1e-3)
    viewer.dims.ndisplay = 3
    viewer.dims.ndisplay = 2
    assert len(layer.data[0]) == 2


def test_it_does_not_change_what_a_step_of_the_sliders_is(viewer, layer, truth):
    assert tuple(step for _, _, step in viewer.dims.range) == pytest.approx(truth.grid.spacing)


def test_other_metadata_bring_another_mesh(viewer, layer, surface, truth):
    viewer.dims.ndisplay = 3
    organ = truth.organs[2]
    box = bounding_boxes(truth)[organ]
    spleen = organ_surface(truth.data[box.slices] == organ.value, box, truth.grid)
    layer.metadata = {**layer.metadata, "surface": spleen}
    np.testing.assert_array_equal(layer.data[1], spleen.faces)


def test_there_is_one_display_a_layer(viewer, layer):
    assert surface_display(viewer, layer) is surface_display(viewer, layer)
    follow_surfaces(viewer)
    assert surface_display(viewer, layer).layer is layer


def test_a_layer_that_was_there_before_is_followed_too(viewer, surface, truth):
    layer = viewer.add_layer(Layer.create(*surface_layer("liver", "#dd6b55", surface, truth.grid)))
    follow_surfaces(viewer)
    viewer.dims.ndisplay = 3
    assert len(layer.data[1]) == len(surface.faces)


def test_a_deleted_layer_is_left_alone(viewer, layer):
    before = len(viewer.dims.events.ndisplay.callbacks)
    display: weakref.ReferenceType[SurfaceDisplay] = weakref.ref(surface_display(viewer, layer))
    viewer.layers.remove(layer)
    viewer.dims.ndisplay = 3
    assert len(viewer.dims.events.ndisplay.callbacks) == before - 1
    gc.collect()
    assert display() is None


def test_it_is_lit_from_the_viewers_side(make_napari_viewer, surface, truth, qtbot):
    """Seen from the front, a surface is bright where it faces the camera."""
    viewer = make_napari_viewer(show=True)
    follow_surfaces(viewer)
    viewer.add_layer(Layer.create(*surface_layer("liver", "white", surface, truth.grid)))
    viewer.dims.ndisplay = 3
    keep_head_up(viewer)
    look_from_the_front(viewer)
    viewer.reset_view(reset_camera_angle=False)
    qtbot.wait(100)
    picture = viewer.screenshot(flash=False)[..., 0]
    assert np.median(picture[picture > 0]) > 100
