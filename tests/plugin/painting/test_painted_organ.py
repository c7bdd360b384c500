"""The organ that is painted, its keys, and what locks say."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels, Layer
from napari.utils.key_bindings import KeymapHandler
from napari.utils.notifications import notification_manager
from qtpy.QtWidgets import QAbstractButton

from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.four_panel.mirror import Mirror
from napari_abdoseg.plugin.layers.conversion import labels_layer
from napari_abdoseg.plugin.painting.painted_organ import Painting, hint

LIVER, KIDNEY, SPLEEN, PANCREAS = ABDOMINAL_ORGANS


@pytest.fixture
def viewer(phantom, qapp) -> ViewerModel:
    _, truth = phantom
    viewer = ViewerModel()
    labels = LabelMap(truth.data.copy(), truth.grid, truth.organs)
    viewer.add_layer(Layer.create(*labels_layer(labels, "truth")))
    return viewer


@pytest.fixture
def layer(viewer) -> Labels:
    return viewer.layers["truth"]


@pytest.fixture
def painting(viewer, layer) -> Iterator[Painting]:
    painting = Painting(viewer, layer)
    painting.organs = ABDOMINAL_ORGANS
    yield painting
    painting.close()


def _press(layer, key) -> None:
    handler = KeymapHandler()
    handler.keymap_providers = [layer]
    handler.press_key(key)


def _inside(layer, organ) -> np.ndarray:
    """A voxel amid an organ."""
    voxels = np.argwhere(layer.data == organ.value)
    return voxels[np.linalg.norm(voxels - voxels.mean(axis=0), axis=1).argmin()]


@pytest.fixture
def said():
    said = []

    def hear(note) -> None:
        said.append(note.message)

    notification_manager.notification_ready.connect(hear)
    yield said
    notification_manager.notification_ready.disconnect(hear)


def test_number_keys_choose_the_organ_to_paint(viewer, layer, painting):
    for key, organ in zip("4132", (PANCREAS, LIVER, SPLEEN, KIDNEY)):
        _press(layer, key)
        assert layer.selected_label == organ.value
        assert painting.organ == organ
        assert viewer.status == f"Painting {organ.name}"


def test_keys_choose_by_place_in_the_list(layer, painting):
    painting.organs = (KIDNEY, PANCREAS)
    _press(layer, "2")
    assert painting.organ == PANCREAS


def test_numbers_beyond_the_list_change_nothing(layer, painting):
    mode = layer.mode
    _press(layer, "9")
    assert (painting.organ, layer.mode) == (LIVER, mode)


def test_keys_work_in_other_panels(viewer, layer, painting):
    panel = ViewerModel()
    mirror = Mirror(viewer, panel)
    _press(panel.layers[0], "3")
    assert layer.selected_label == panel.layers[0].selected_label == SPLEEN.value
    mirror.close()


def test_the_keys_are_napari_s_again(layer, painting):
    painting.close()
    _press(layer, "3")
    assert painting.organ == LIVER


def test_background_and_unknown_labels_are_no_organ(layer, painting):
    for value in (0, 77):
        layer.selected_label = value
        assert painting.organ is None


def test_painting_along_a_locked_organ_is_no_reason_for_a_notice(viewer, layer, painting, said):
    painting.lock(LIVER, True)
    assert painting.is_locked(LIVER)
    edge = np.argwhere((layer.data[:, :, :-1] == 1) & (layer.data[:, :, 1:] == 0))[0]
    layer.brush_size = 3
    layer.paint(edge, SPLEEN.value)
    assert said == []
    assert viewer.status == "liver is locked: left as before"


def test_a_stroke_without_effect_is_explained(layer, painting, said):
    painting.lock(LIVER, True)
    layer.brush_size = 1
    layer.paint(_inside(layer, LIVER), SPLEEN.value)
    assert said == ["Liver is locked: unlock in the list of organs to change it."]
    painting.lock(SPLEEN, True)
    layer.paint(_inside(layer, LIVER), SPLEEN.value)
    assert said[1:] == ["Liver and spleen are locked: unlock in the list of organs to change it."]
    painting.lock(LIVER, False)
    painting.lock(SPLEEN, False)
    layer.paint(_inside(layer, LIVER), SPLEEN.value)
    assert len(said) == 2


def _tips(viewer) -> str:
    """What napari says of a Labels layer's tools."""
    buttons = viewer.window._qt_window.findChildren(QAbstractButton)
    return " ".join(button.toolTip() for button in buttons if "napari" not in button.toolTip())


def test_what_napari_says_of_keys_is_true(make_napari_viewer, phantom):
    gc.collect()  # layers of other tests, which have the keys
    viewer = make_napari_viewer()
    viewer.add_layer(Layer.create(*labels_layer(phantom[1], "truth")))
    layer = viewer.layers["truth"]
    assert "(2 or P)" in _tips(viewer)
    painting = Painting(viewer, layer)
    other = make_napari_viewer()
    labels = other.add_labels(phantom[1].data.copy())
    assert "(2 or P)" in _tips(other)
    second = Painting(other, labels)
    tips = _tips(viewer) + _tips(other)
    assert "paint brush (P)" in tips
    assert not re.search(r"\(\d", tips)
    for mode in ("paint", "fill", "pan_zoom"):
        layer.mode = mode
        assert viewer.help == layer.help == hint()
    for key, mode in {
        "P": "paint",
        "E": "erase",
        "F": "fill",
        "L": "pick",
        "Z": "pan_zoom",
    }.items():
        _press(layer, key)
        assert layer.mode == mode
    second.close()
    assert "(2 or P)" not in _tips(viewer)
    painting.close()
    assert "(2 or P)" in _tips(viewer)
    layer.mode = "paint"
    assert "<1>" in viewer.help
    _press(layer, "1")
    assert layer.mode == "erase"
