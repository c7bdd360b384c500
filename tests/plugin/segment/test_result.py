"""A new result takes the place of earlier ones of the same scan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_hex
from napari.layers import Labels
from segmenting import PATIENCE

from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import PREVIEW, LabelMap
from napari_abdoseg.plugin.layers.conversion import image_layer
from napari_abdoseg.plugin.organs.scene import organ_scene
from napari_abdoseg.plugin.segment.result import show_result


@pytest.fixture
def truth(phantom) -> LabelMap:
    """A copy, since it is painted on."""
    truth = phantom[1]
    return replace(truth, data=truth.data.copy())


def maps(viewer) -> dict[str, bool]:
    """Names of label maps, and whether they are seen."""
    return {layer.name: layer.visible for layer in viewer.layers if isinstance(layer, Labels)}


def wait_for_boxes(viewer, layer, qtbot) -> None:
    scene, count = organ_scene(viewer, layer), len(layer.metadata["organs"])
    for part in (scene.boxes, scene.surfaces):
        qtbot.waitUntil(lambda part=part: len(part.layers) == count, timeout=PATIENCE)


@pytest.mark.slow
def test_layers_do_not_pile_up(viewer, truth, qtbot):
    for opacity in (0.3, 0.6):
        layer = show_result(viewer, viewer.layers["CT"], truth).layer
        wait_for_boxes(viewer, layer, qtbot)
        assert layer.opacity == pytest.approx(0.3 if opacity == 0.6 else 0.6)
        layer.opacity = 0.3
    assert len(viewer.layers) == 1 + 1 + 4 + 4
    assert not any("[" in each.name for each in viewer.layers)
    assert viewer.layers.selection == {layer}


def test_organs_are_listed_once_the_window_has_answered_and_not_those_that_have_gone(
    viewer, truth, qtbot
):
    window = viewer.window
    gone = show_result(viewer, viewer.layers["CT"], truth).layer
    assert not window.dock_widgets
    viewer.layers.remove(gone)
    qtbot.wait(50)
    assert not window.dock_widgets
    layer = show_result(viewer, viewer.layers["CT"], truth).layer
    qtbot.waitUntil(lambda: len(window.dock_widgets) == 1)
    (organs,) = window.dock_widgets.values()
    assert organs.layers.value is layer


def test_another_models_result_has_its_own_colours(viewer, truth):
    show_result(viewer, viewer.layers["CT"], truth)
    vein = Organ(1, "portal vein")
    other = LabelMap(truth.data, truth.grid, (vein,))
    layer = show_result(viewer, viewer.layers["CT"], other).layer
    assert maps(viewer) == {"CT organs": True}
    assert to_hex(layer.colormap.map(1)) == to_hex(vein.color)


def test_what_was_painted_is_kept_hidden_under_a_name_of_its_own(viewer, truth, qtbot):
    first = show_result(viewer, viewer.layers["CT"], truth).layer
    wait_for_boxes(viewer, first, qtbot)
    first.paint((5, 5, 5), 3)
    painted = first.data.copy()
    shown = show_result(viewer, viewer.layers["CT"], truth)
    assert shown.kept == ("CT organs (corrected)",)
    assert maps(viewer) == {"CT organs (corrected)": False, "CT organs": True}
    assert np.array_equal(first.data, painted)
    scene = organ_scene(viewer, first)
    assert not any(layer.visible for layer in (*scene.boxes.layers, *scene.surfaces.layers))
    wait_for_boxes(viewer, shown.layer, qtbot)


def test_a_preview_hides_an_earlier_result_and_does_not_end_it(viewer, truth):
    show_result(viewer, viewer.layers["CT"], truth)
    preview = LabelMap(truth.data, truth.grid, truth.organs, stamp=f"{PREVIEW}1 of 2 folds")
    layer = show_result(viewer, viewer.layers["CT"], preview).layer
    assert maps(viewer) == {"CT organs": False, "CT organs (preview, 1 of 2 folds)": True}
    assert show_result(viewer, viewer.layers["CT"], truth).layer is layer
    assert maps(viewer) == {"CT organs": True}


def test_a_result_of_a_case_out_of_view_waits_for_it(viewer, phantom, truth):
    scan = viewer.layers["CT"]
    show_result(viewer, scan, truth)
    volume, _ = phantom
    data, options, _ = image_layer(volume)
    grid = options["metadata"]["grid"]
    other = type(grid)(grid.stored_shape, grid.affine.copy())
    options |= {"name": "next", "metadata": {"grid": other}}
    viewer.add_image(data, **options)
    assert not scan.visible
    show_result(viewer, scan, truth)
    assert maps(viewer) == {"CT organs": False}
    assert viewer.layers.selection.active.name == "next"
    viewer.layers.selection.active = scan
    assert maps(viewer) == {"CT organs": True}
