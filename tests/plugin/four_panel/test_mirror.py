"""A viewer that shows the layers of another one."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels, Layer
from napari.utils.transforms import Affine

from napari_abdoseg.anatomy.box import bounding_boxes
from napari_abdoseg.anatomy.surface import organ_surface
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.four_panel.layer_copy import shared_attributes
from napari_abdoseg.plugin.four_panel.mirror import Mirror, Mirror3D
from napari_abdoseg.plugin.layers.conversion import (
    box_layer,
    image_layer,
    labels_layer,
    surface_layer,
)


@pytest.fixture
def viewer(phantom):
    viewer = ViewerModel()
    volume, truth = phantom
    viewer.add_layer(Layer.create(*image_layer(volume)))
    viewer.add_layer(Layer.create(*labels_layer(truth, "organs")))
    return viewer


@pytest.fixture
def copy(qapp):
    return ViewerModel()


@pytest.fixture
def mirror(viewer, copy):
    mirror = Mirror(viewer, copy)
    yield mirror
    mirror.close()


def _names(viewer):
    return [layer.name for layer in viewer.layers]


def _liver(truth):
    organ = truth.organs[0]
    return organ, bounding_boxes(truth)[organ]


def test_it_shows_all_layers_without_copying_voxels(viewer, copy, mirror):
    assert _names(copy) == ["CT", "organs"]
    for layer, layer_copy in zip(viewer.layers, copy.layers, strict=True):
        assert layer_copy.data is layer.data


def test_layers_come_and_go_with_those_of_the_source(viewer, copy, mirror, qtbot):
    points = viewer.add_points(np.zeros((1, 3)), name="marks")
    assert _names(copy) == ["CT", "organs"]
    qtbot.waitUntil(lambda: _names(copy) == ["CT", "organs", "marks"])
    viewer.layers.remove(points)
    assert _names(copy) == ["CT", "organs"]
    viewer.layers.clear()
    qtbot.waitUntil(lambda: _names(copy) == [])


def test_the_copy_too_hears_that_many_layers_go_at_once(viewer, copy, mirror, qtbot):
    heard = []
    events = copy.layers.events
    for emitter in (events.begin_batch, events.removed, events.end_batch):
        emitter.connect(lambda event: heard.append(event.type))
    viewer.layers.clear()
    qtbot.waitUntil(lambda: heard[-1] == "end_batch")
    assert heard == ["begin_batch", "removed", "removed", "end_batch"]


def next_case(dtype=np.uint8):
    """A scan and a label map of other places, names and looks."""
    volume, truth = make_phantom(6, (10.0, 7.0, 7.0))
    labels = LabelMap(truth.data.astype(dtype), truth.grid, truth.organs[1:])
    scan = Layer.create(*image_layer(volume))
    scan.contrast_limits = (-100, 100)
    masks = Layer.create(*labels_layer(labels, "next organs"))
    masks.brush_size = 7
    masks.selected_label = 2
    return scan, masks


@pytest.fixture
def take_the_place(viewer, copy, qtbot):
    """Lets layers take the place of those that are there, and waits for the copies."""

    def take_the_place(layers):
        exchange(viewer, layers)
        qtbot.waitUntil(lambda: _names(copy) == _names(viewer))

    return take_the_place


def exchange(viewer, layers):
    """Let layers take the place of those that are there."""
    before = list(viewer.layers)
    with viewer.layers.batched_update():
        for layer in layers:
            viewer.add_layer(layer)
        for layer in before:
            viewer.layers.remove(layer)


@pytest.mark.parametrize("kind", [Mirror, Mirror3D])
def test_copies_of_a_case_become_those_of_the_next(viewer, copy, take_the_place, kind):
    mirror = kind(viewer, copy)
    for layer in viewer.layers:
        layer.visible = True
    before, old = list(copy.layers), viewer.layers[1].data.copy()
    changes = []
    for emitter in (copy.layers.events.inserted, copy.layers.events.removed):
        emitter.connect(changes.append)
    old_labels = viewer.layers[1]
    case = next_case()
    take_the_place(case)
    assert list(copy.layers) == before
    assert not changes
    for layer, copied in zip(case, copy.layers, strict=True):
        assert copied.data is layer.data
        for name in sorted({*shared_attributes(layer)} - {"visible"}):
            assert _as_plain(getattr(copied, name)) == _as_plain(getattr(layer, name)), name
        assert copied.metadata == layer.metadata
        assert copied.visible is (kind is Mirror)
    labels, drawn = case[1], copy.layers[1]
    drawn.data_setitem(tuple(np.array([[1], [1], [1]])), 2)
    assert labels.data[1, 1, 1] == 2
    labels.undo()
    assert labels.data[1, 1, 1] == 0
    assert np.array_equal(old_labels.data, old)
    drawn.selected_label = 1
    assert labels.selected_label == 1
    old_labels.selected_label = 3
    assert drawn.selected_label == 1
    mirror.close()


def _as_plain(value):
    """What can be compared."""
    if isinstance(value, Affine):
        return value.affine_matrix.tolist()
    if hasattr(value, "to_dict") or isinstance(value, np.ndarray):
        return str(value)
    return str(getattr(value, "color_dict", value))


def test_hidden_copies_of_the_next_case_are_not_drawn_and_let_go_of_the_case_before(
    viewer, copy, take_the_place
):
    mirror, before = Mirror3D(viewer, copy), next_case()
    mirror.volumes_shown = True
    take_the_place(before)
    mirror.volumes_shown = False
    drawn = []
    for layer in copy.layers:
        layer.events.set_data.connect(drawn.append)
    take_the_place(next_case())
    assert not drawn
    voxels = [weakref.ref(layer.data) for layer in before]
    for layer in before:
        layer.data = np.zeros((1, 1, 1), layer.data.dtype)
    gc.collect()
    assert [data() is None for data in voxels] == [True, True]
    mirror.close()


def test_nobody_paints_on_a_case_that_has_gone_before_its_copy_is_another_ones(
    viewer, copy, mirror, qtbot
):
    old, drawn = viewer.layers["organs"], copy.layers["organs"]
    old.mode = "paint"
    case = next_case()
    case[1].mode = "paint"
    exchange(viewer, case)
    assert drawn.data is old.data
    assert (drawn.mode, drawn.editable) == ("pan_zoom", False)
    qtbot.waitUntil(lambda: drawn.data is case[1].data)
    assert (drawn.mode, drawn.editable) == ("paint", True)


def test_what_comes_and_goes_before_copies_are_those_of_the_next_case(viewer, copy, mirror, qtbot):
    before = list(copy.layers)
    exchange(viewer, next_case())
    viewer.add_points(np.zeros((1, 3)), name="marks")
    assert list(copy.layers) == before
    exchange(viewer, [*next_case(), Labels(np.zeros((4, 5, 6), np.uint8), name="more")])
    qtbot.waitUntil(lambda: _names(copy) == _names(viewer))
    assert list(copy.layers)[:2] == before
    assert [layer.data is each.data for layer, each in zip(copy.layers, viewer.layers)] == [
        True
    ] * 3


def test_closed_before_the_next_case_is_there_it_has_nothing(viewer, copy, qtbot):
    mirror = Mirror(viewer, copy)
    exchange(viewer, next_case())
    mirror.close()
    qtbot.wait(50)
    assert not copy.layers


def test_a_copy_of_other_voxels_is_a_new_one(viewer, copy, mirror, take_the_place):
    scan, masks = copy.layers
    case = next_case(np.uint16)
    take_the_place(case)
    assert copy.layers[0] is scan
    assert copy.layers[1] is not masks
    assert [layer.data is each.data for layer, each in zip(copy.layers, case)] == [True, True]
    assert _names(copy) == _names(viewer)


def test_slices_stay_where_they_are_when_a_case_takes_another_ones_place(
    viewer, copy, mirror, take_the_place
):
    copy.dims.set_point(0, 40.0)
    before = copy.dims.point
    take_the_place(next_case())
    assert np.allclose(copy.dims.point, before, atol=6)


def test_layers_are_in_the_same_order(viewer, copy, mirror, qtbot):
    viewer.add_points(np.zeros((1, 3)), name="marks")
    viewer.layers.move(2, 0)
    qtbot.waitUntil(lambda: _names(copy) == _names(viewer) == ["marks", "CT", "organs"])
    viewer.layers.reverse()
    assert _names(copy) == _names(viewer)


def test_a_layer_that_is_inserted_below_lies_below(viewer, copy, mirror, qtbot):
    viewer.layers.insert(0, Labels(np.zeros((4, 5, 6), np.uint8), name="first"))
    qtbot.waitUntil(lambda: _names(copy) == ["first", "CT", "organs"])


@pytest.mark.parametrize("in_the_copy", [False, True])
def test_the_same_layers_are_selected(viewer, copy, mirror, in_the_copy):
    one, other = (copy, viewer) if in_the_copy else (viewer, copy)
    one.layers.selection = {one.layers["CT"]}
    assert other.layers.selection == {other.layers["CT"]}
    assert other.layers.selection.active is other.layers["CT"]


@pytest.mark.parametrize("in_the_copy", [False, True])
def test_a_layer_is_renamed_in_both(viewer, copy, mirror, in_the_copy):
    one = copy if in_the_copy else viewer
    one.layers["organs"].name = "mine"
    assert _names(copy) == _names(viewer) == ["CT", "mine"]


def test_a_layer_that_is_added_to_the_copy_moves_to_the_source(viewer, copy, mirror, qtbot):
    layer = copy.add_points(np.zeros((1, 3)), name="marks")
    qtbot.waitUntil(lambda: "marks" in viewer.layers)
    assert viewer.layers["marks"] is layer
    qtbot.waitUntil(lambda: _names(copy) == ["CT", "organs", "marks"])


def test_a_layer_that_is_deleted_in_the_copy_is_gone(viewer, copy, mirror, qtbot):
    copy.layers.remove("organs")
    qtbot.waitUntil(lambda: "organs" not in viewer.layers)
    assert _names(copy) == ["CT"]


def test_a_box_has_no_copy_because_panels_draw_it(viewer, copy, mirror, phantom):
    organ, box = _liver(phantom[1])
    viewer.add_layer(Layer.create(*box_layer("liver", organ.color, box, phantom[1].grid)))
    in_3d = ViewerModel(ndisplay=3)
    mirror_3d = Mirror3D(viewer, in_3d)
    assert _names(copy) == _names(in_3d) == ["CT", "organs"]
    mirror_3d.close()


def test_a_surface_is_a_mesh_in_3d_and_no_burden_in_slices(viewer, copy, mirror, phantom):
    _, truth = phantom
    organ, box = _liver(truth)
    surface = organ_surface(truth.data[box.slices] == organ.value, box, truth.grid)
    layer = Layer.create(*surface_layer("liver", organ.color, surface, truth.grid))
    viewer.layers.insert(0, layer)
    assert _names(copy) == ["CT", "organs"]
    assert len(layer.data[0]) == 2
    in_3d = ViewerModel(ndisplay=3)
    mirror_3d = Mirror3D(viewer, in_3d)
    assert _names(in_3d) == ["liver surface", "CT", "organs"]
    assert len(in_3d.layers["liver surface"].data[1]) == len(surface.faces)
    other = organ_surface(truth.data[box.slices] == organ.value, box, truth.grid, "none")
    layer.metadata = {**layer.metadata, "surface": other}
    np.testing.assert_array_equal(in_3d.layers["liver surface"].data[1], other.faces)
    mirror_3d.close()


def test_the_theme_is_the_same(viewer, copy, mirror):
    viewer.theme = "light"
    assert copy.theme == "light"


def test_nothing_is_left_when_it_is_closed(viewer, qapp):
    copy = ViewerModel()

    def callbacks():
        emitters = [*viewer.layers.events.emitters.values(), *viewer.events.emitters.values()]
        for layer in viewer.layers:
            emitters += layer.events.emitters.values()
        return sum(len(emitter.callbacks) for emitter in emitters)

    before = callbacks()
    mirror = Mirror(viewer, copy)
    copies = [weakref.ref(layer) for layer in copy.layers]
    mirror.close()
    assert callbacks() == before
    assert not copy.layers
    del mirror, copy
    gc.collect()
    assert [layer_copy() for layer_copy in copies] == [None, None]


def test_in_3d_scans_and_masks_stay_out_of_the_way_until_they_are_wanted(viewer, copy, qtbot):
    mirror = Mirror3D(viewer, copy)
    assert [layer.visible for layer in copy.layers] == [False, False]
    assert [layer.visible for layer in viewer.layers] == [True, True]
    mirror.volumes_shown = True
    viewer.layers["organs"].visible = False
    assert [layer.visible for layer in copy.layers] == [True, False]
    mirror.volumes_shown = False
    viewer.layers["organs"].visible = True
    assert [layer.visible for layer in copy.layers] == [False, False]
    points = viewer.add_points(np.zeros((1, 3)))
    qtbot.waitUntil(lambda: points.name in copy.layers)
    assert copy.layers[points.name].visible
    assert copy.layers.selection == {copy.layers[points.name]}


@pytest.mark.parametrize("kind", [Mirror, Mirror3D])
def test_it_adds_nothing_that_was_waiting_and_has_gone_or_once_it_is_closed(
    viewer, copy, qtbot, kind
):
    mirror = kind(viewer, copy)
    viewer.layers.remove(viewer.add_points(np.zeros((1, 3))))
    qtbot.wait(50)
    assert _names(copy) == ["CT", "organs"]
    viewer.add_points(np.zeros((1, 3)))
    mirror.close()
    qtbot.wait(50)
    assert not copy.layers


def test_what_comes_before_a_batch_ends_is_added_after_it(viewer, copy, mirror, qtbot):
    viewer.add_points(np.zeros((1, 3)), name="marks")
    with viewer.layers.batched_update():
        qtbot.wait(50)
        assert _names(copy) == ["CT", "organs"]
    qtbot.waitUntil(lambda: _names(copy) == _names(viewer))


def test_who_paints_goes_on_in_copies_that_come_and_whether_volumes_are_shown_in_3d(
    viewer, copy, qtbot
):
    layer, in_3d = viewer.layers["organs"], ViewerModel()
    layer.mode = "paint"
    mirrors = Mirror(viewer, copy), Mirror3D(viewer, in_3d)
    assert (copy.layers["organs"].mode, in_3d.layers["organs"].mode) == ("paint", "pan_zoom")
    for shown in (True, False):
        mirrors[1].volumes_shown = shown
        assert in_3d.layers["organs"].mode == ("paint" if shown else "pan_zoom")
        assert layer.mode == copy.layers["organs"].mode == "paint"
    for mirror in mirrors:
        mirror.close()
