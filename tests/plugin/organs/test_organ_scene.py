"""The organs of a label map in a viewer: what is shown of them follows edits and wishes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from napari_abdoseg.anatomy import bile_duct
from napari_abdoseg.anatomy.measure import measure_organs
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.layers.conversion import image_layer, label_map_of, labels_layer
from napari_abdoseg.plugin.organs.scene import OrganScene, organ_scene
from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view
from napari_abdoseg.plugin.viewing.panels import set_panels

LIVER, KIDNEY, SPLEEN, PANCREAS = ABDOMINAL_ORGANS
NAMES = [organ.name for organ in ABDOMINAL_ORGANS]


@pytest.fixture
def viewer(phantom, qapp) -> ViewerModel:
    volume, truth = phantom
    viewer = ViewerModel()
    viewer.add_layer(Layer.create(*image_layer(volume)))
    labels = LabelMap(truth.data.copy(), truth.grid, truth.organs)
    viewer.add_layer(Layer.create(*labels_layer(labels, "truth")))
    return viewer


@pytest.fixture
def scene(viewer, qtbot):
    scene = organ_scene(viewer, viewer.layers["truth"])
    qtbot.waitUntil(lambda: is_measured_with_scan(scene))
    yield scene
    viewer.layers.clear()
    qtbot.wait(1)


def is_measured_with_scan(scene: OrganScene) -> bool:
    measures = scene.table.measures.values()
    return bool(measures) and all(organ.mean_hu is not None for organ in measures)


def _layer_names(viewer) -> set[str]:
    return {layer.name for layer in viewer.layers}


def _show_surface(scene, viewer, name, qtbot) -> Layer:
    scene.surfaces.show({name: True})
    qtbot.waitUntil(lambda: f"{name} surface" in _layer_names(viewer))
    return viewer.layers[f"{name} surface"]


def test_measures_come_with_the_mean_hu_of_the_scan(scene, viewer, phantom):
    volume, _ = phantom
    assert scene.table.measures == measure_organs(label_map_of(scene.layer), volume)


def test_a_scan_that_comes_later(viewer, phantom, qtbot):
    ct = viewer.layers.pop("CT")
    scene = organ_scene(viewer, viewer.layers["truth"])
    qtbot.waitUntil(lambda: bool(scene.table.measures))
    assert scene.table.measures[LIVER].mean_hu is None
    viewer.add_layer(ct)
    qtbot.waitUntil(lambda: scene.table.measures[LIVER].mean_hu is not None)
    viewer.layers.clear()


def test_a_case_that_comes_into_view_shows_its_boxes_at_first(viewer, phantom, qtbot):
    cases_in_view(viewer)
    _, truth = phantom
    affine = truth.grid.affine.copy()
    affine[2, 3] += 5
    elsewhere = replace(truth.grid, affine=affine)
    scenes = []

    def list_organs(event) -> None:
        scenes.append(organ_scene(viewer, event.value))

    inserted = viewer.layers.events.inserted
    inserted.connect(list_organs)
    viewer.add_layer(Layer.create(*labels_layer(replace(truth, grid=elsewhere), "other")))
    inserted.disconnect(list_organs)
    (scene,) = scenes
    qtbot.waitUntil(lambda: bool(scene.table.measures))
    scene.show_at_first()
    assert scene.boxes.state() == dict.fromkeys(NAMES, True)
    viewer.layers.clear()
    qtbot.wait(1)


def test_a_surface_is_made_when_it_is_asked_for_and_again_after_an_edit(scene, viewer, qtbot):
    scene.surfaces.show({"liver": True})
    assert scene.surfaces.state()["liver"]
    spleen = _show_surface(scene, viewer, "spleen", qtbot)
    qtbot.waitUntil(lambda: "liver surface" in _layer_names(viewer))
    liver = viewer.layers["liver surface"]
    before = [layer.metadata["surface"] for layer in (liver, spleen)]
    scene.layer.brush_size = 1
    scene.layer.paint(np.argwhere(scene.layer.data == 3)[0], 0)
    qtbot.waitUntil(lambda: spleen.metadata["surface"] is not before[1])
    assert spleen.metadata["surface"].volume_ml < before[1].volume_ml
    assert liver.metadata["surface"] is before[0]


def test_another_smoothing(scene, viewer, qtbot):
    spleen = _show_surface(scene, viewer, "spleen", qtbot)
    before = spleen.metadata["surface"]
    assert scene.smoothing == "light"
    scene.smoothing = "strong"
    qtbot.waitUntil(lambda: spleen.metadata["surface"] is not before)


def test_colour_and_opacity_reach_mask_surface_and_box(scene, viewer, qtbot):
    scene.boxes.show({"spleen": True})
    surface = _show_surface(scene, viewer, "spleen", qtbot)
    box = viewer.layers["spleen box"]
    scene.masks.set_color(SPLEEN, (0, 1, 0))
    scene.set_opacity(SPLEEN, 0.5)
    np.testing.assert_allclose(scene.layer.colormap.map(3), (0, 1, 0, 0.5))
    np.testing.assert_allclose(surface.colormap.colors[0, :3], (0, 1, 0))
    np.testing.assert_allclose(box.edge_color[0, :3], (0, 1, 0))
    assert (surface.opacity, box.opacity) == (0.5, 0.5)


def test_what_is_shown_later_has_the_colour_and_opacity_of_its_organ(scene, viewer):
    scene.masks.set_color(SPLEEN, (0, 1, 0))
    scene.set_opacity(SPLEEN, 0.5)
    scene.boxes.show({"spleen": True})
    box = viewer.layers["spleen box"]
    np.testing.assert_allclose(box.edge_color[0, :3], (0, 1, 0))
    assert box.opacity == 0.5


def test_all_on_and_all_off(scene, viewer, qtbot):
    scene.show_all(True)
    kinds = [f"{name} {kind}" for name in NAMES for kind in ("surface", "box")]
    qtbot.waitUntil(lambda: _layer_names(viewer) >= set(kinds))
    scene.show_all(False)
    assert not any(any(part.state().values()) for part in scene.parts)
    assert not any(viewer.layers[name].visible for name in kinds)


def test_solo_and_back(scene, viewer):
    scene.boxes.show({"liver": True, "spleen": True})
    before = [part.state() for part in scene.parts]
    scene.toggle_solo(SPLEEN)
    assert [name for name, on in scene.masks.state().items() if on] == ["spleen"]
    assert [name for name, on in scene.boxes.state().items() if on] == ["spleen"]
    scene.toggle_solo(SPLEEN)
    assert [part.state() for part in scene.parts] == before


def test_all_on_ends_solo(scene):
    scene.toggle_solo(SPLEEN)
    scene.show_all(True)
    assert scene.solo.name == ""
    assert all(scene.masks.state().values())


def test_an_erased_organ_that_comes_back_has_its_box_again(scene, viewer, qtbot):
    scene.boxes.show({"spleen": True})
    scene.layer.data_setitem(np.nonzero(scene.layer.data == 3), 0)
    qtbot.waitUntil(lambda: "spleen box" not in _layer_names(viewer))
    assert "spleen" not in scene.surfaces.state()
    scene.layer.undo()
    qtbot.waitUntil(lambda: "spleen box" in _layer_names(viewer))


def test_the_bile_duct_search_region_has_a_box(scene, viewer, qtbot):
    qtbot.waitUntil(lambda: bile_duct.NAME in scene.boxes.state())
    assert not scene.boxes.state()[bile_duct.NAME]
    scene.go_to(bile_duct.NAME)
    box = viewer.layers["bile-duct search region box"].metadata["box"]
    assert box == bile_duct.bile_duct_region(label_map_of(scene.layer)).box


def test_the_region_moves_with_the_pancreas_and_goes_with_it(scene, viewer, qtbot):
    qtbot.waitUntil(lambda: bile_duct.NAME in scene.boxes.state())
    scene.boxes.show({bile_duct.NAME: True})
    scene.layer.data_setitem(np.nonzero(scene.layer.data == 4), 0)
    qtbot.waitUntil(lambda: "bile-duct search region box" not in _layer_names(viewer))
    assert "pancreas" in scene.region.words


def test_going_to_an_organ_brings_all_panels_there(scene, viewer):
    coronal = ViewerModel()
    coronal.add_layer(Layer.create(*viewer.layers["CT"].as_layer_data_tuple()))
    coronal.dims.order = (1, 0, 2)
    set_panels(viewer, [coronal])
    scene.go_to("spleen")
    grid = scene.table.grid
    centre = scene.table.measures[SPLEEN].box.centre(grid)
    for panel in (viewer, coronal):
        np.testing.assert_allclose(panel.dims.point, centre, atol=max(grid.spacing))
    scene.go_to("gallbladder")
    np.testing.assert_allclose(viewer.dims.point, centre, atol=max(grid.spacing))


def test_locked_organs_keep_their_measures(scene):
    before = scene.table.measures
    scene.painting.lock(LIVER, True)
    scene.layer.paint(np.argwhere(scene.layer.data == 1)[50], 0)
    assert scene.table.measures == before
    scene.painting.lock(LIVER, False)
    scene.layer.paint(np.argwhere(scene.layer.data == 1)[50], 0)
    assert scene.table.measures[LIVER].voxels < before[LIVER].voxels
    scene.layer.undo()
    assert scene.table.measures == before


def test_a_layer_has_one_scene(scene: OrganScene, viewer):
    assert organ_scene(viewer, scene.layer) is scene
