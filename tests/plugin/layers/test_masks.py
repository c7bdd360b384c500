"""Masks of single organs in a Labels layer."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels

from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.layers.conversion import labels_layer
from napari_abdoseg.plugin.layers.masks import Masks

LIVER, KIDNEY, SPLEEN, PANCREAS = ABDOMINAL_ORGANS


@pytest.fixture
def layer(phantom) -> Labels:
    _, truth = phantom
    data, options, _ = labels_layer(LabelMap(truth.data, truth.grid, truth.organs))
    return Labels(data, **options)


@pytest.fixture
def masks(layer) -> Masks:
    masks = Masks(layer)
    masks.organs = ABDOMINAL_ORGANS
    return masks


def test_all_masks_are_on_at_first(masks):
    assert masks.state() == {"liver": True, "kidney": True, "spleen": True, "pancreas": True}


def test_masks_off_and_on_keep_their_colours_and_opacities(layer, masks):
    masks.set_opacity(LIVER, 0.4)
    color = masks.color(LIVER)
    masks.show({"liver": False, "spleen": False})
    assert masks.state() == {"liver": False, "kidney": True, "spleen": False, "pancreas": True}
    assert [layer.colormap.map(value)[3] for value in (1, 2, 3)] == [0, 1, 0]
    assert masks.opacity(LIVER) == pytest.approx(0.4)
    masks.show({"liver": True})
    np.testing.assert_allclose(layer.colormap.map(1), (*color, 0.4), atol=1e-6)


def test_opacity_of_a_mask_that_is_off_is_for_later(layer, masks):
    masks.show({"liver": False})
    masks.set_opacity(LIVER, 0.3)
    assert layer.colormap.map(1)[3] == 0
    masks.show({"liver": True})
    assert layer.colormap.map(1)[3] == pytest.approx(0.3)


@pytest.mark.parametrize("shown", [True, False])
def test_another_colour(layer, masks, shown):
    masks.show({"liver": shown})
    masks.set_color(LIVER, (0, 1, 0))
    np.testing.assert_allclose(layer.colormap.map(1), (0, 1, 0, shown))
    np.testing.assert_allclose(masks.color(LIVER), (0, 1, 0))


def test_several_masks_are_switched_in_one_go(layer, masks):
    changes = []
    layer.events.colormap.connect(lambda event: changes.append(event))
    masks.show(dict.fromkeys(masks.state(), False))
    assert len(changes) == 1
    masks.show(dict.fromkeys(masks.state(), False))
    assert len(changes) == 1


def test_labels_of_another_program_keep_their_colours(phantom):
    _, truth = phantom
    layer = Labels(truth.data.astype(int))
    masks = Masks(layer)
    masks.organs = ABDOMINAL_ORGANS
    before = {organ: masks.color(organ) for organ in ABDOMINAL_ORGANS}
    masks.show({"spleen": False})
    masks.show({"spleen": True})
    for organ, color in before.items():
        np.testing.assert_allclose(masks.color(organ), color)
