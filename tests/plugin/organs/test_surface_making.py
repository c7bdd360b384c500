"""Surfaces made in a thread, and again for what was edited alone."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels, Layer

from napari_abdoseg.anatomy.box import bounding_boxes
from napari_abdoseg.anatomy.surface import organ_surface
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.layers.conversion import label_map_of, labels_layer
from napari_abdoseg.plugin.organs.surface_making import SurfaceMaking


@pytest.fixture
def layer(phantom, qapp) -> Labels:
    _, truth = phantom
    return Layer.create(*labels_layer(LabelMap(truth.data.copy(), truth.grid, truth.organs)))


@pytest.fixture
def making(layer):
    making = SurfaceMaking(layer)
    yield making
    making.close()


@pytest.fixture
def made(making) -> list:
    made = []
    making.made.connect(lambda name, surface, grid: made.append((name, surface)))
    return made


def _request(making, layer, smoothing="light") -> None:
    making.request(bounding_boxes(label_map_of(layer)).items(), smoothing)


def _names(made) -> list[str]:
    return [name for name, _ in made]


ALL = ["liver", "kidney", "spleen", "pancreas"]


def test_each_organ_gets_its_surface(making, made, layer, qtbot):
    _request(making, layer)
    qtbot.waitUntil(lambda: _names(made) == ALL)
    labels = label_map_of(layer)
    for (_, surface), (organ, box) in zip(made, bounding_boxes(labels).items()):
        wanted = organ_surface(labels.data[box.slices] == organ.value, box, labels.grid)
        np.testing.assert_array_equal(surface.vertices, wanted.vertices)
        np.testing.assert_array_equal(surface.faces, wanted.faces)


def test_only_the_edited_organ_is_made_again(making, made, layer, qtbot):
    _request(making, layer)
    qtbot.waitUntil(lambda: _names(made) == ALL)
    before = dict(made)["spleen"]
    layer.data[tuple(np.argwhere(layer.data == 3)[0])] = 0
    _request(making, layer)
    qtbot.waitUntil(lambda: _names(made) == [*ALL, "spleen"])
    _request(making, layer)
    qtbot.wait(300)
    assert _names(made) == [*ALL, "spleen"]
    assert made[-1][1].volume_ml < before.volume_ml


def test_another_smoothing_makes_all_again(making, made, layer, qtbot):
    _request(making, layer)
    qtbot.waitUntil(lambda: _names(made) == ALL)
    _request(making, layer, "none")
    qtbot.waitUntil(lambda: _names(made) == [*ALL, *ALL])


def test_an_edit_during_the_work_is_not_lost(making, made, layer, qtbot):
    _request(making, layer)
    qtbot.waitUntil(lambda: "liver" in _names(made))
    layer.data[tuple(np.argwhere(layer.data == 1)[0])] = 0
    _request(making, layer)
    qtbot.waitUntil(lambda: _names(made).count("liver") == 2)


def test_an_organ_that_was_erased_meanwhile_has_no_surface(making, made, layer, qtbot):
    there = bounding_boxes(label_map_of(layer))
    layer.data[layer.data == 1] = 0
    making.request(there.items(), "light")
    qtbot.waitUntil(lambda: _names(made) == ALL[1:])


def test_a_layer_that_is_no_label_map_has_no_surfaces(phantom, qtbot):
    _, truth = phantom
    making = SurfaceMaking(Labels(np.zeros((4, 4), np.uint8)))
    made = []
    making.made.connect(lambda *each: made.append(each))
    making.request(bounding_boxes(truth).items(), "light")
    qtbot.wait(300)
    assert made == []
    making.close()


def test_nothing_comes_after_closing(making, made, layer, qtbot):
    _request(making, layer)
    qtbot.waitUntil(lambda: making._background._worker is not None)
    making.close()
    count = len(made)
    qtbot.wait(200)
    assert len(made) == count
