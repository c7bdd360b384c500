"""One case at a time: a scan with its masks, boxes and surfaces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.plugin.layers.conversion import add_beside, image_layer, labels_layer
from napari_abdoseg.plugin.organs.matching_scan import ScanFinding
from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view

HERE, THERE = ((4, 5, 6), (3.0, 2.0, 1.0)), ((4, 5, 6), (3.0, 2.5, 1.0))
BATCH = object()


def scan(path: str, place=HERE, together: object = None) -> Layer:
    grid = Grid.from_spacing(*place)
    data, options, kind = image_layer(Volume(np.zeros(grid.shape, np.int16), grid, Path(path)))
    options["metadata"]["opened"] = together
    return Layer.create(data, options, kind)


def mask(path: str, place=HERE, together: object = None, visible: bool = True) -> Layer:
    grid = Grid.from_spacing(*place)
    labels = LabelMap(np.ones(grid.shape, np.uint8), grid, ABDOMINAL_ORGANS, Path(path))
    data, options, kind = labels_layer(labels)
    options["metadata"]["opened"] = together
    return Layer.create(data, {**options, "visible": visible}, kind)


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    viewer = ViewerModel()
    cases_in_view(viewer)
    return viewer


def seen(viewer) -> list[str]:
    return [layer.name for layer in viewer.layers if layer.visible]


def add(viewer, *layers: Layer) -> tuple[Layer, ...]:
    return tuple(viewer.add_layer(layer) for layer in layers)


@pytest.mark.parametrize("places", [(HERE, HERE), (HERE, THERE)], ids=["one grid", "two grids"])
def test_the_first_case_of_a_folder_is_shown_with_its_own_masks(viewer, places, qtbot):
    first, second = places
    add(
        viewer,
        *(scan("/s/a_0000.nii.gz", first, BATCH), scan("/s/b_0000.nii.gz", second, BATCH)),
        *(mask("/s/a.nii.gz", first, BATCH), mask("/s/b.nii.gz", second, BATCH)),
    )
    assert seen(viewer) == ["a_0000", "a"]
    qtbot.waitUntil(lambda: viewer.layers.selection.active is viewer.layers["a"])
    viewer.layers.selection.active = viewer.layers["b_0000"]
    assert seen(viewer) == ["b_0000", "b"]
    viewer.layers.selection.active = viewer.layers["a"]
    assert seen(viewer) == ["a_0000", "a"]


def test_a_file_that_is_opened_later_is_seen_alone(viewer):
    add(viewer, scan("/s/a.nii", together=BATCH), mask("/s/a_organs.nii", together=BATCH))
    add(viewer, scan("/s/b.nii", THERE))
    assert seen(viewer) == ["b"]


def test_a_mask_brings_its_case_along(viewer):
    add(viewer, scan("/s/a.nii"), scan("/s/b.nii", THERE))
    add(viewer, mask("/s/a_mask.nii"))
    assert seen(viewer) == ["a", "a_mask"]


def test_a_scan_comes_to_the_masks_that_were_there(viewer):
    add(viewer, mask("/s/organs.nii"), scan("/s/ct.nii"))
    assert seen(viewer) == ["organs", "ct"]


@pytest.mark.parametrize(
    "names",
    [
        ("case1", "case10", "case1_organs", "case10_organs"),
        ("ct.1", "ct.12", "ct.1-seg", "ct.12-seg"),
        ("sub-01_ct", "sub-02_ct", "sub-01_dseg", "sub-02_dseg"),
        ("volume-1", "volume-2", "segmentation-1", "segmentation-2"),
        ("img0001", "img0002", "label0001", "label0002"),
        ("amos_0001_0000", "amos_0002_0000", "amos_0001", "amos_0002"),
    ],
)
def test_masks_on_one_grid_go_to_the_scan_of_their_name(viewer, qtbot, names):
    a, b, mask_of_a, mask_of_b = (f"/s/{name}.nii.gz" for name in names)
    for path in (a, b):
        viewer.add_layer(scan(path, together=BATCH))
    for path in (mask_of_b, mask_of_a):
        viewer.add_layer(mask(path, together=BATCH))
    assert seen(viewer) == [names[0], names[2]]
    qtbot.waitUntil(lambda: viewer.layers.selection.active is viewer.layers[names[2]])
    viewer.layers.selection.active = viewer.layers[names[3]]
    assert seen(viewer) == [names[1], names[3]]


def test_masks_of_a_case_that_lie_in_another_folder(viewer):
    """Where all scans have one grid, the name of the case decides, then the folder."""
    add(viewer, scan("/a/ct.nii"), scan("/b/ct.nii"), mask("/a/parts/liver.nii"))
    assert seen(viewer) == ["ct", "liver"]
    assert viewer.layers[0].visible
    add(viewer, scan("/imagesTr/x_0000.nii"), scan("/imagesTr/y_0000.nii"))
    add(viewer, mask("/labelsTr/x.nii"))
    assert seen(viewer) == ["x_0000", "x"]


def test_what_was_hidden_stays_so(viewer):
    add(viewer, scan("/s/a.nii"), mask("/s/truth.nii", visible=False), scan("/s/b.nii", THERE))
    viewer.layers.selection.active = viewer.layers["a"]
    assert seen(viewer) == ["a"]


def test_what_belongs_to_a_case_out_of_view_waits_for_it(viewer):
    labels = add(viewer, scan("/s/a.nii"), mask("/s/a_mask.nii"), scan("/s/b.nii", THERE))[1]
    grid = labels.metadata["grid"]
    more = labels_layer(LabelMap(labels.data, grid, ABDOMINAL_ORGANS), "more")
    add_beside(viewer, labels, more)
    assert seen(viewer) == ["b"]
    viewer.layers.selection.active = labels
    assert seen(viewer) == ["a", "a_mask", "more"]


def test_layers_of_others_are_left_alone(viewer):
    points = viewer.add_points(np.zeros((1, 3)), name="points")
    add(viewer, scan("/s/a.nii"), scan("/s/b.nii", THERE))
    assert points.visible
    viewer.layers.selection.active = points
    assert seen(viewer) == ["points", "b"]


def test_another_case_is_shown_when_all_of_one_is_deleted(viewer, qtbot):
    *_, last = add(viewer, scan("/s/a.nii"), scan("/s/b.nii", THERE))
    viewer.layers.remove(last)
    qtbot.waitUntil(lambda: seen(viewer) == ["a"])
    viewer.layers.clear()
    qtbot.wait(1)
    add(viewer, scan("/s/c.nii"))
    assert seen(viewer) == ["c"]


def test_the_view_goes_to_where_the_case_is_and_stays_where_cases_lie_alike(viewer):
    far = Grid.from_spacing((4, 5, 6), (3, 2, 1))
    affine = far.affine.copy()
    affine[:3, 3] += 500
    far = Grid(far.stored_shape, affine)
    add(viewer, scan("/s/a.nii"), scan("/s/b.nii"))
    viewer.scene.camera.zoom = 17
    viewer.layers.selection.active = viewer.layers["a"]
    assert viewer.scene.camera.zoom == 17
    data, options, kind = image_layer(Volume(np.zeros(far.shape, np.int16), far, Path("far.nii")))
    layer = viewer.add_layer(Layer.create(data, options, kind))
    low, high = layer.extent.world
    assert (low <= viewer.dims.point).all()
    assert (viewer.dims.point <= high).all()
    assert (low[1:] <= viewer.scene.camera.center[-2:]).all()
    assert (viewer.scene.camera.center[-2:] <= high[1:]).all()


def test_measures_take_the_scan_of_the_same_case(viewer):
    first, second, labels = add(
        viewer, *(scan(f"/s/{name}_0000.nii.gz") for name in "ab"), mask("/s/b.nii.gz")
    )
    found: list[Volume] = []
    finding = ScanFinding(viewer, labels)
    finding.found.connect(found.append)
    finding.follow(labels.metadata["grid"])
    finding.close()
    assert found[0].data is second.data is not first.data
