"""The panel `Compare with labels` in a real window: layers, errors, surfaces, corrections."""

from __future__ import annotations

import gc
import weakref

import comparing
import numpy as np
import pytest
from comparing import LIVER, PANCREAS, SPLEEN, dsc, row_of
from napari.layers import Labels, Layer

from napari_abdoseg.evaluation.agreement import agreement_map
from napari_abdoseg.evaluation.comparison import Comparison
from napari_abdoseg.evaluation.organ_scores import score_organs
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.four_panel.view import four_panel_view, toggle_four_panel_view
from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer


@pytest.fixture
def viewer(make_napari_viewer, phantom, truth, found):
    """A CT with its labels, and a prediction of them."""
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1400, 880)
    viewer.add_layer(Layer.create(*image_layer(phantom[0])))
    viewer.add_layer(Layer.create(*labels_layer(truth, "truth")))
    viewer.add_layer(Layer.create(*labels_layer(found, "found")))
    return viewer


@pytest.fixture
def dock(viewer):
    return viewer.window.add_plugin_dock_widget("napari-abdoseg", "Compare with labels")


@pytest.fixture
def widget(dock):
    return dock[1]


def names(viewer) -> list[str]:
    return [layer.name for layer in viewer.layers]


def paint(layer: Labels, place, value: int) -> None:
    layer.brush_size, layer.n_edit_dimensions = 3, 3
    layer.paint(tuple(place), value)


def fresh_dsc(found: LabelMap, truth: LabelMap, row: int) -> str:
    return f"{score_organs(found, truth)[row].dsc:.4f}"


def test_a_click_on_an_error_brings_all_panels_there(compared, viewer, qtbot, found, truth):
    toggle_four_panel_view(viewer)
    view = four_panel_view(viewer)
    comparing.click_row(qtbot, compared.findings.score_table, SPLEEN)
    comparing.click_row(qtbot, compared.findings.error_table, 0)
    (blob,) = Comparison(found, truth).errors(truth.organs[SPLEEN])
    assert found.data[blob.deepest] == 3
    place = np.array(truth.grid.origin) + np.array(truth.grid.spacing) * blob.deepest
    for panel in view.panels:
        np.testing.assert_allclose(panel.dims.point, place, atol=1e-3)
        shown = [place[axis] for axis in panel.dims.displayed]
        np.testing.assert_allclose(panel.scene.camera.center[-len(shown) :], shown, atol=1e-3)
    view.close()


def test_a_double_click_goes_to_an_organ(compared, viewer, qtbot, truth):
    viewer.dims.set_point(range(3), (0, 0, 0))
    comparing.click_row(qtbot, compared.findings.score_table, PANCREAS, double=True)
    z = np.argwhere(truth.data == 4)[:, 0] * truth.grid.spacing[0] + truth.grid.origin[0]
    assert z.min() <= viewer.dims.point[0] <= z.max()


def test_a_surface_is_coloured_by_its_distance_with_one_bar(compared, viewer, qtbot):
    for row in (LIVER, PANCREAS):
        comparing.show_surface(compared, row)
    qtbot.waitUntil(lambda: {"liver distance", "pancreas distance"} <= set(names(viewer)))
    layers = [viewer.layers[f"{name} distance"] for name in ("liver", "pancreas")]
    assert not any(layer.colorbar.visible for layer in layers)
    viewer.dims.ndisplay = 3
    assert sorted(layer.colorbar.visible for layer in layers) == [False, True]
    values = viewer.layers["liver distance"].data[2]
    assert values.min() < -3 < values.max()
    first = next(layer for layer in layers if layer.colorbar.visible)
    first.visible = False
    assert next(layer for layer in layers if layer.visible).colorbar.visible


@pytest.mark.slow
def test_the_four_panel_view_has_the_surface_in_3d_with_its_bar(compared, viewer, qtbot):
    toggle_four_panel_view(viewer)
    view = four_panel_view(viewer)
    comparing.show_surface(compared, LIVER)
    qtbot.waitUntil(lambda: "liver distance" in view.three_d.layers)
    copy = view.three_d.layers["liver distance"]
    qtbot.waitUntil(lambda: copy.colorbar.visible)
    assert len(copy.data[2]) > 100
    assert view.axial.layers["found"].contour == 1
    view.close()


@pytest.mark.parametrize(
    "panel",
    [
        None,
        *(pytest.param(each, marks=pytest.mark.slow) for each in ("axial", "coronal", "sagittal")),
    ],
)
def test_scores_follow_a_stroke_and_its_undo(compared, viewer, qtbot, found, truth, panel):
    if panel:
        toggle_four_panel_view(viewer)
    painted = getattr(four_panel_view(viewer), panel) if panel else viewer
    before = dsc(compared, LIVER)
    hd95 = row_of(compared, LIVER)[4]
    hole = np.argwhere((truth.data == 1) & (found.data == 0)).mean(axis=0).astype(int)
    paint(painted.layers["found"], hole, 1)
    better = fresh_dsc(found, truth, LIVER)
    assert better != before
    qtbot.waitUntil(lambda: dsc(compared, LIVER).startswith(better))
    assert dsc(compared, LIVER).split("\n")[1] == f"+{float(better) - float(before):.4f}"
    np.testing.assert_array_equal(
        viewer.layers["found agreement"].data, agreement_map(found, truth)
    )
    viewer.layers["found"].undo()
    qtbot.waitUntil(lambda: dsc(compared, LIVER) == before)
    qtbot.waitUntil(lambda: row_of(compared, LIVER)[4] == hd95)
    if panel:
        toggle_four_panel_view(viewer)


@pytest.mark.slow
def test_a_surface_follows_corrections(compared, viewer, qtbot, found, truth):
    comparing.show_surface(compared, SPLEEN)
    qtbot.waitUntil(lambda: "spleen distance" in names(viewer))
    viewer.dims.ndisplay = 3
    surface = viewer.layers["spleen distance"]
    assert surface.data[2].max() > 20
    viewer.layers["found"].data_setitem(np.nonzero((found.data == 3) & (truth.data != 3)), 0)
    qtbot.waitUntil(lambda: surface.data[2].max() < 1, timeout=20_000)


def test_closing_the_dock_leaves_the_viewer_as_it_was(compared, dock, viewer, qtbot):
    comparing.show_surface(compared, LIVER)
    qtbot.waitUntil(lambda: "liver distance" in names(viewer))
    viewer.window.remove_dock_widget(dock[0])
    qtbot.waitUntil(lambda: names(viewer)[1:] == ["truth", "found"])
    assert viewer.layers["found"].contour == 0
    assert viewer.layers["truth"].visible
    paint(viewer.layers["found"], (3, 3, 3), 1)


def test_closing_the_dock_in_the_middle_of_work_stops_it(widget, dock, viewer, qtbot):
    widget.button.native.click()
    job = widget.job
    viewer.window.remove_dock_widget(dock[0])
    assert job.cancelled
    qtbot.waitUntil(lambda: widget.job is None)
    assert "found agreement" not in names(viewer)


def test_the_window_can_be_closed_while_scores_follow(compared, viewer):
    paint(viewer.layers["found"], (3, 3, 3), 1)
    viewer.close()


def test_nothing_is_left_of_a_comparison(compared, viewer, qtbot):
    scene = weakref.ref(compared.scene)
    live = weakref.ref(compared.scene.live)
    comparing.show_surface(compared, LIVER)
    qtbot.waitUntil(lambda: "liver distance" in names(viewer))
    paint(viewer.layers["found"], (3, 3, 3), 1)
    viewer.layers.remove("found agreement")
    qtbot.waitUntil(lambda: compared.scene is None)
    qtbot.waitUntil(lambda: gc.collect() >= 0 and scene() is None and live() is None)


@pytest.mark.slow
def test_the_panel_leaves_room_for_four_pictures(compared, viewer, qtbot):
    toggle_four_panel_view(viewer)
    qtbot.wait(300)
    assert viewer.window._qt_window.width() <= 1400
    toggle_four_panel_view(viewer)
