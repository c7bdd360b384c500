"""Volumes, label maps and boxes as napari layers, and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer

from napari_abdoseg.anatomy.box import bounding_boxes
from napari_abdoseg.anatomy.surface import organ_surface
from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.plugin.layers.conversion import (
    add_beside,
    box_layer,
    image_layer,
    label_map_of,
    labels_layer,
    surface_layer,
    volume_of,
)


def _layer(layer_data):
    return Layer.create(*layer_data)


def test_a_ct_lies_where_it_belongs_and_is_not_copied(phantom):
    volume, _ = phantom
    layer = _layer(image_layer(volume))
    assert isinstance(layer, Image)
    assert np.shares_memory(layer.data, volume.data)
    assert layer.contrast_limits == [-160, 240]
    assert layer.colormap.name == "gray"
    assert layer.name == "CT"
    assert layer.axis_labels == ("z", "y", "x")
    assert [str(unit) for unit in layer.units] == ["millimeter"] * 3
    np.testing.assert_allclose(layer.scale, volume.grid.spacing)
    np.testing.assert_allclose(layer.data_to_world((0, 0, 0)), volume.grid.origin)


@pytest.mark.parametrize("name", ["case_7.nii.gz", "case_7.NII"])
def test_a_layer_is_named_after_its_file(phantom, name):
    volume, _ = phantom
    named = Volume(volume.data, volume.grid, Path("folder") / name)
    assert image_layer(named)[1]["name"] == "case_7"


def test_masks_have_their_organs_colours_and_names(phantom):
    _, labels = phantom
    layer = _layer(labels_layer(labels, "truth"))
    assert (layer.name, layer.editable) == ("truth", True)
    np.testing.assert_allclose(layer.colormap.map(1)[:3] * 255, (0xDD, 0x6B, 0x55), atol=0.01)
    assert layer.colormap.map(0)[3] == 0
    assert layer.colormap.map(77)[3] == 1
    inside = layer.data_to_world(np.argwhere(labels.data == 3)[0])
    viewer = ViewerModel()
    viewer.add_layer(layer)
    viewer.dims.point = inside
    assert layer.get_status(inside, world=True)["value"] == "3; organ: spleen"


def test_painting_and_undo(phantom):
    _, labels = phantom
    layer = _layer(labels_layer(LabelMap(labels.data.copy(), labels.grid, labels.organs)))
    layer.paint((0, 5, 5), 4)
    assert layer.data[0, 5, 5] == 4
    layer.undo()
    np.testing.assert_array_equal(layer.data, labels.data)


def test_read_only_labels_can_be_painted_on(phantom):
    _, labels = phantom
    data = labels.data.copy()
    data.flags.writeable = False
    layer = _layer(labels_layer(LabelMap(data, labels.grid, labels.organs)))
    layer.paint((0, 5, 5), 4)
    assert layer.data[0, 5, 5] == 4


def test_there_and_back_again(phantom):
    volume, labels = phantom
    back = volume_of(_layer(image_layer(volume)))
    assert back.grid is volume.grid
    assert back.data is volume.data
    layer = _layer(labels_layer(labels))
    layer.data[0, 0, 0] = 4
    edited = label_map_of(layer)
    assert (edited.grid, edited.organs) == (labels.grid, labels.organs)
    assert edited.data[0, 0, 0] == 4
    layer.data[0, 0, 0] = 0


def test_labels_of_another_program_lie_where_napari_shows_them(phantom):
    _, labels = phantom
    grid = labels.grid
    layer = Labels(labels.data.astype(np.int64), scale=grid.spacing, translate=grid.origin)
    found = label_map_of(layer)
    assert found.grid.matches(grid)
    assert found.data.dtype == np.uint8
    np.testing.assert_array_equal(found.data, labels.data)
    assert found.organs == tuple(Organ(value, f"label {value}") for value in (1, 2, 3, 4))


def test_units_and_mirrored_axes_of_another_program():
    data = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    layer = Labels(data, scale=(-0.5, 0.1, 0.1), translate=(3, 0, 0), units="cm")
    found = label_map_of(layer)
    np.testing.assert_allclose(found.grid.spacing, (5, 1, 1), rtol=1e-6)
    np.testing.assert_allclose(found.grid.origin, (25, 0, 0), rtol=1e-6)
    np.testing.assert_array_equal(found.data, data[::-1])


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (Labels(np.zeros((4, 4), np.uint8), name="flat"), "flat has 2 dimensions"),
        (Labels(np.full((2, 2, 2), -1)), "not from 0 to 65535"),
        (Labels(np.full((2, 2, 2), 70_000)), "not from 0 to 65535"),
    ],
)
def test_labels_that_are_no_label_map(layer, message):
    with pytest.raises(ImageError, match=message):
        label_map_of(layer)


def test_a_colour_image_is_no_ct():
    with pytest.raises(ImageError, match="colour image"):
        volume_of(Image(np.zeros((4, 5, 6, 3), np.uint8), rgb=True))


def test_labels_whose_shape_differs_from_the_ct(phantom):
    _, labels = phantom
    layer = _layer(labels_layer(labels, "mine"))
    layer.data = np.zeros((3, 4, 5), np.uint8)
    with pytest.raises(ImageError, match=r"mine has shape \(3, 4, 5\), its CT"):
        label_map_of(layer)


def test_layers_go_beside_a_ct_in_pixels(phantom):
    _, labels = phantom
    viewer = ViewerModel()
    ct = viewer.add_image(np.zeros(labels.grid.shape, np.int16))
    added = add_beside(viewer, ct, labels_layer(labels))
    assert added.units == ct.units
    assert viewer.layers.selection == {ct}


def test_layers_beside_a_ct_are_seen_at_once_wherever_the_cursor_is():
    viewer = ViewerModel()
    ct = viewer.add_image(np.zeros((5, 6, 7), np.int16))
    viewer.dims.point = (0, 0, 0)  # also where napari's layers are sliced before they come
    added = add_beside(viewer, ct, (np.ones((5, 6, 7), np.uint8), {"name": "masks"}, "labels"))
    assert added.thumbnail[..., :3].any()
    assert added.get_value((0, 2, 3), view_direction=None, dims_displayed=[1, 2]) == 1
    viewer.dims.point = (2, 2, 3)
    assert added.thumbnail[..., :3].any()


@pytest.mark.parametrize("spacing", [(8.0, 6.0, 6.0), (15.0, 3.0, 3.0)])
def test_a_box_is_named_coloured_and_in_place(spacing):
    _, labels = make_phantom(5, spacing)
    organ, box = next(iter(bounding_boxes(labels).items()))
    layer = _layer(box_layer(organ.name, organ.color, box, labels.grid, hidden=1))
    assert (layer.name, layer.shape_type) == ("liver box", ["rectangle"])
    np.testing.assert_allclose(layer.face_color[0][3], 0)
    low, high = layer.extent.world
    first = np.array(labels.grid.origin) + np.array(spacing) * np.subtract(box.start, 0.5)
    last = first + box.size(labels.grid)
    np.testing.assert_allclose(low[[0, 2]], first[[0, 2]], rtol=1e-5)
    np.testing.assert_allclose(high[[0, 2]], last[[0, 2]], rtol=1e-5)
    assert np.all(layer.scale >= spacing), "a smaller scale would change the sliders' step"


@pytest.fixture
def liver_surface(phantom):
    """Layer data of the liver's surface."""
    _, labels = phantom
    organ, box = next(iter(bounding_boxes(labels).items()))
    surface = organ_surface(labels.data[box.slices] == organ.value, box, labels.grid)
    return surface_layer(organ.name, organ.color, surface, labels.grid)


def test_a_surface_is_named_coloured_and_shaded(liver_surface):
    layer = _layer(liver_surface)
    assert (layer.name, layer.shading) == ("liver surface", "smooth")
    np.testing.assert_allclose(layer.colormap.colors[:, :3] * 255, [(0xDD, 0x6B, 0x55)] * 2)
    assert [str(unit) for unit in layer.units] == ["millimeter"] * 3


def test_what_comes_later_is_seen_through_a_surface(phantom, liver_surface):
    _, labels = phantom
    viewer = ViewerModel()
    base = viewer.add_layer(_layer(labels_layer(labels, "truth")))
    add_beside(viewer, base, liver_surface)
    add_beside(
        viewer,
        base,
        box_layer("liver", "red", bounding_boxes(labels)[labels.organs[0]], labels.grid),
    )
    assert [layer.name for layer in viewer.layers] == ["truth", "liver box", "liver surface"]


def test_what_comes_later_lies_above_its_own_labels(phantom, liver_surface):
    _, labels = phantom
    viewer = ViewerModel()
    viewer.add_layer(_layer(liver_surface))
    base = viewer.add_layer(_layer(labels_layer(labels, "other")))
    add_beside(viewer, base, labels_layer(labels, "more"))
    assert [layer.name for layer in viewer.layers] == ["liver surface", "other", "more"]


def test_labels_that_are_active_in_3d_stay_so(phantom, liver_surface):
    _, labels = phantom
    viewer = ViewerModel(ndisplay=3)
    base = viewer.add_layer(_layer(labels_layer(labels, "truth")))
    add_beside(viewer, base, liver_surface)
    assert viewer.layers.selection.active is base


def test_pixels_are_taken_for_millimetres():
    grid = label_map_of(Labels(np.ones((2, 3, 4), np.uint8))).grid
    assert grid.matches(Grid.from_spacing((2, 3, 4), (1, 1, 1)))
