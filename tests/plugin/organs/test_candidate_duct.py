"""The candidate bile duct of a label map is measured, and follows its corrections."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ducts import DUCT, phantom_with_duct
from napari.components import ViewerModel
from napari.layers import Layer

from napari_abdoseg.anatomy.bile_duct import measure_duct
from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer
from napari_abdoseg.plugin.organs.candidate_duct import MEASURING
from napari_abdoseg.plugin.organs.scene import organ_scene
from napari_abdoseg.plugin.widgets.panel import open_panel


@pytest.fixture(scope="module")
def case():
    return phantom_with_duct()


@pytest.fixture
def scene(case, qtbot):
    viewer = ViewerModel()
    viewer.add_layer(Layer.create(*image_layer(case[0])))
    layer = viewer.add_layer(
        Layer.create(*labels_layer(replace(case[1], data=case[1].data.copy())))
    )
    yield organ_scene(viewer, layer)
    viewer.layers.clear()
    qtbot.wait(1)


def test_it_is_measured_in_a_thread(scene, case, qtbot):
    assert scene.duct.words == MEASURING
    qtbot.waitUntil(lambda: scene.duct.duct is not None)
    wanted = measure_duct(case[1])
    assert scene.duct.duct.widest_mm == wanted.widest_mm
    assert scene.duct.words == (
        f"Candidate bile duct: {wanted.words}. It is a place to look, never a finding."
    )
    assert "wide: more than 7 mm" in scene.duct.words
    assert "breaks off in 1 place, for" in scene.duct.words


def test_it_follows_what_is_painted_of_it(scene, qtbot):
    qtbot.waitUntil(lambda: scene.duct.duct is not None)
    before, layer = scene.duct.duct, scene.layer
    (place,) = (np.rint(each.voxel).astype(int) for each in before.breaks)
    layer.n_edit_dimensions, layer.brush_size = 3, 8
    layer.paint(tuple(place), DUCT.value)
    qtbot.waitUntil(lambda: scene.duct.duct is not before)
    assert scene.duct.duct.breaks == ()
    layer.undo()
    qtbot.waitUntil(lambda: len(scene.duct.duct.breaks) == 1)


def test_why_it_can_not_be_followed_and_that_it_is_gone(scene, qtbot):
    qtbot.waitUntil(lambda: scene.duct.duct is not None)
    layer = scene.layer
    places = np.argwhere(layer.data == DUCT.value)
    layer.data_setitem(tuple(places[1:].T), 0)
    qtbot.waitUntil(lambda: scene.duct.duct is None)
    assert scene.duct.words.endswith("too short to follow.")
    layer.data_setitem(tuple(places[:1].T), 0)
    qtbot.waitUntil(lambda: not scene.duct.problem)
    assert scene.duct.duct is None


@pytest.mark.slow
def test_the_list_of_organs_says_so(viewer, case, qtbot):
    viewer.layers.clear()
    layer = viewer.add_layer(Layer.create(*labels_layer(case[1])))
    panel = open_panel(viewer, "Organs")
    qtbot.waitUntil(lambda: organ_scene(viewer, layer).duct.duct is not None)
    scene = organ_scene(viewer, layer)
    assert panel.duct_words.isVisible()
    assert panel.duct_words.text() == scene.duct.words
    names = [panel.model.index(row, 0) for row in range(panel.model.rowCount())]
    (own,) = (index for index in names if panel.model.name_at(index) == DUCT.name)
    assert own.data() == "common bile duct\n(candidate)"
    assert scene.duct.words in panel.model.itemFromIndex(own).toolTip()
