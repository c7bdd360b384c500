"""Brush, eraser, outline, scissors and growing by real mouse events, in every panel."""

from __future__ import annotations

import numpy as np
import pytest
from correction.damaged import made
from mouse import LEFT, NONE, RIGHT, Mouse
from napari.layers import Layer
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_abdoseg.correction.brush import swept
from napari_abdoseg.correction.tissue_edge import within_edges
from napari_abdoseg.plugin.correct.drawing import DrawnLine
from napari_abdoseg.plugin.correct.range_shown import range_shown
from napari_abdoseg.plugin.four_panel.view import canvases_of, toggle_four_panel_view
from napari_abdoseg.plugin.layers.conversion import image_layer
from napari_abdoseg.plugin.paint_events.label_edits import LabelEdits
from napari_abdoseg.plugin.paint_events.paint_history import PaintHistory
from napari_abdoseg.plugin.paint_events.shared_labels import shared_labels
from napari_abdoseg.plugin.saving.unsaved import unsaved_labels
from napari_abdoseg.plugin.widgets.panel import open_panel

LIVER, KIDNEY, SPLEEN = 1, 2, 3


@pytest.fixture(scope="module")
def viewer(viewer_of_module, phantom):
    """Four panels with a scan."""
    viewer_of_module.add_layer(Layer.create(*image_layer(phantom[0])))
    toggle_four_panel_view(viewer_of_module)
    return viewer_of_module


@pytest.fixture(scope="module")
def layer(viewer, add_damaged):
    return add_damaged(viewer)


@pytest.fixture(scope="module")
def panel(viewer, layer):
    return open_panel(viewer, "Correct")


@pytest.fixture
def opened(viewer, layer, panel, qtbot):
    """The panel `Correct` beside pictures at the middle of the liver, as no test has left them."""
    before = layer.data.copy()
    bench, pictures = panel.bench, canvases_of(viewer)
    callbacks = [picture.mouse_drag_callbacks[:] for picture, _ in pictures]
    qtbot.waitUntil(lambda: bench.target().scene.is_current)
    qtbot.waitUntil(lambda: all(len(picture.layers) == 2 for picture, _ in pictures))
    qtbot.waitUntil(lambda: len({picture.scene.camera.zoom for picture, _ in pictures[:3]}) == 1)
    middle = np.argwhere(layer.data == LIVER).mean(axis=0).round()
    for shown in (viewer, *(picture for picture, _ in pictures)):
        shown.dims.set_point(range(3), layer.data_to_world(middle))
    layer.selected_label = LIVER
    panel.buttons["Brush"].click()
    bench.set(shape="disc", over="anything unlocked", hu=None, edge=False)
    bench.leave()
    yield panel
    bench.leave()
    layer.mode = "pan_zoom"
    painting = bench.target().scene.painting
    for organ in painting.organs:
        painting.lock(organ, False)
    while steps(layer):
        layer.undo()
    layer.data[...] = before
    layer.refresh()
    unsaved_labels(viewer).give_up(layer)
    for (picture, _), those in zip(pictures, callbacks):
        picture.mouse_drag_callbacks[:] = those


def steps(layer) -> int:
    """Steps that can be undone."""
    return len(PaintHistory.of(layer).done)


@pytest.mark.parametrize(
    ("name", "button", "number"),
    [
        pytest.param(*tool, number, marks=[pytest.mark.slow] * (number != own))
        for own, tool in enumerate([("brush", LEFT), ("brush", RIGHT), ("eraser", LEFT)])
        for number in range(3)
    ],
)
def test_a_stroke_is_round_in_mm_and_one_step_in_each_slice(
    viewer, layer, opened, number, name, button
):
    mouse = Mouse(viewer, layer, number)
    erases = name == "eraser" or button == RIGHT
    organ = layer.selected_label = LIVER if erases else KIDNEY
    opened.buttons[name.capitalize()].click()
    bench = opened.bench
    bench.set(size=24.0)
    assert mouse.panel.cursor.style == "circle"
    assert mouse.panel.cursor.size == 24.0
    before, camera = layer.data.copy(), tuple(mouse.panel.scene.camera.center)
    told = []
    edits = LabelEdits(viewer, layer)
    edits.edited.connect(lambda edits: told.append((shared_labels(layer).tool, edits)))
    start = mouse.canvas.rect().center() - QPoint(9, 4)
    way = [start, start + QPoint(8, 3), start + QPoint(19, 11)]
    mouse.drag(way, button)
    expected = before.copy()
    spacing = tuple(float(each) for each in layer.scale)
    places = mouse.places
    covered = np.zeros(before.shape, bool)
    for a, b in zip([places[0], *places], places):
        area = swept(a, b, 12.0, spacing, before.shape, axis=number)
        covered[area.box.slices] |= area.mask
    expected[covered & ((before == LIVER) | (not erases))] = 0 if erases else organ
    assert (layer.data != before).any()
    assert (layer.data == expected).all()
    assert steps(layer) == 1
    assert [tool for tool, _ in told] == ["eraser" if erases else "brush"]
    assert tuple(mouse.panel.scene.camera.center) == camera
    replayed = before
    for edit in told[0][1]:
        replayed = made(replayed, edit)
    assert (replayed == layer.data).all()
    layer.undo()
    assert (layer.data == before).all()
    edits.close()


def test_a_ball_in_3d_locks_and_what_it_begins_on(viewer, layer, opened):
    bench = opened.bench
    painting = bench.target().scene.painting
    organs = {organ.value: organ for organ in painting.organs}
    before = layer.data.copy()
    layer.selected_label = KIDNEY
    opened.buttons["Brush"].click()
    bench.set(size=30.0, shape="ball")
    in_3d = Mouse(viewer, layer, 3)
    angles = in_3d.panel.scene.camera.angles
    middle = in_3d.canvas.rect().center()
    in_3d.drag([middle, middle + QPoint(3, 2)])
    assert in_3d.panel.scene.camera.angles == angles
    changed = np.argwhere(layer.data != before)
    assert len(changed)
    assert (np.ptp(changed, axis=0) > 0).all()
    layer.undo()

    mouse = Mouse(viewer, layer, 0)
    middle = mouse.canvas.rect().center()
    way = [middle - QPoint(40, 0), middle + QPoint(40, 0)]
    bench.set(over="what it begins on")
    mouse.drag(way)
    begun_on = before[tuple(np.rint(mouse.places[0]).astype(int))]
    assert set(np.unique(before[layer.data != before])) == {begun_on}
    layer.undo()

    bench.set(over="anything unlocked")
    painting.lock(organs[LIVER], True)
    mouse.drag(way)
    assert (layer.data != before).any()
    assert ((layer.data == LIVER) == (before == LIVER)).all()
    layer.undo()
    painting.lock(organs[KIDNEY], True)
    mouse.drag(way)
    assert (layer.data == before).all()
    assert bench.is_problem
    assert "locked" in bench.words


def test_a_range_of_hu_is_shown_and_held_and_edges_stop_a_stroke(viewer, layer, opened, qtbot):
    bench = opened.bench
    hu = viewer.layers["CT"].data
    before = layer.data.copy()
    opened.buttons["Brush"].click()
    opened.form.rows["hu"].names.setCurrentText("fat")
    opened.form.rows["hu"].names.textActivated.emit("fat")
    assert bench.values["hu"] == (-190.0, -30.0)
    assert [each.parentWidget() for each in range_shown(viewer).overlays] == [
        canvas for _, canvas in canvases_of(viewer)[:3]
    ]
    mouse = Mouse(viewer, layer, 0)
    middle = mouse.canvas.rect().center()
    way = [middle - QPoint(60, 30), middle, middle + QPoint(60, 30)]
    bench.set(size=60.0)
    mouse.drag(way)
    changed = layer.data != before
    assert changed.any()
    assert ((hu[changed] >= -190) & (hu[changed] <= -30)).all()
    layer.undo()
    scan = viewer.layers.pop(0)
    assert range_shown(viewer).overlays == []
    viewer.layers.insert(0, scan)
    qtbot.waitUntil(lambda: all(len(each.layers) == 2 for each, _ in canvases_of(viewer)))
    viewer.layers.selection.active = layer
    bench.set(hu=None)
    assert range_shown(viewer).overlays == []
    bench.set(edge=True, size=40.0)
    mouse.drag([middle])
    spacing = tuple(float(each) for each in layer.scale)
    area = swept(mouse.places[0], mouse.places[0], 20.0, spacing, before.shape, axis=0)
    area = within_edges(area, mouse.places[0], hu, spacing)
    expected = before.copy()
    expected[area.box.slices][area.mask] = LIVER
    assert (layer.data == expected).all()


def test_two_quick_dabs_are_two_steps_and_the_size_stays(viewer, layer, opened):
    bench = opened.bench
    opened.buttons["Brush"].click()
    layer.selected_label = KIDNEY
    bench.set(size=25.0)
    before = layer.data.copy()
    mouse = Mouse(viewer, layer, 0)
    middle = mouse.canvas.rect().center()
    QTest.mouseClick(mouse.canvas, LEFT, NONE, middle - QPoint(30, 0))
    first = layer.data.copy()
    QTest.mouseDClick(mouse.canvas, LEFT, NONE, middle + QPoint(30, 0))
    assert (first != before).any()
    assert (layer.data != first).any()
    opened.buttons["Eraser"].click()
    opened.buttons["Brush"].click()
    assert bench.values["size"] == 25.0
    while steps(layer):
        layer.undo()
    assert (layer.data == before).all()


def test_keys_of_napari_choose_brush_and_eraser_and_let_them_rest(viewer, layer, opened):
    bench = opened.bench
    layer.mode = "paint"
    assert bench.tool.name == "brush"
    layer.mode = "erase"
    assert bench.tool.name == "eraser"
    before = layer.data.copy()
    mouse = Mouse(viewer, layer, 0)
    middle = mouse.canvas.rect().center()
    layer.mode = "pan_zoom"  # as while the space bar is held
    mouse.drag([middle, middle + QPoint(10, 10)])
    assert (layer.data == before).all()
    layer.mode = "erase"
    layer.brush_size = 9  # as by napari's slider
    assert bench.values["size"] == 9 * min(layer.scale)
    mouse.drag([middle, middle + QPoint(10, 10)], keys=Qt.KeyboardModifier.ControlModifier)
    assert (layer.data == before).all()
    layer.mode = "pick"
    assert bench.tool is None
    bench.leave()
    assert layer.mode == "pick"


@pytest.mark.parametrize("name", ["Brush", "Outline", "Scribble"])
def test_esc_ends_what_is_being_drawn(viewer, layer, opened, name):
    opened.buttons[name].click()
    layer.selected_label = KIDNEY
    mouse = Mouse(viewer, layer, 0)
    middle = mouse.canvas.rect().center()
    mouse.drag([middle, middle + QPoint(9, 0), middle + QPoint(9, 9)], release=False)
    opened.bench.leave()
    drawn = layer.data.copy()
    assert steps(layer) == (name == "Brush")
    assert not any(line.isVisible() for line in mouse.canvas.findChildren(DrawnLine))
    for by in (20, 30, 40):
        mouse.move(middle + QPoint(-by, by), LEFT)
    QTest.mouseRelease(mouse.canvas, LEFT, NONE, middle)
    assert (layer.data == drawn).all()
    assert mouse.panel.scene.camera.mouse_pan


def test_a_corner_in_a_panel_that_is_closed_is_forgotten(viewer, layer, opened, qtbot):
    opened.buttons["Outline"].click()
    mouse = Mouse(viewer, layer, 0)
    QTest.mouseClick(mouse.canvas, LEFT, NONE, mouse.canvas.rect().center())
    toggle_four_panel_view(viewer)
    QTest.qWait(50)
    mouse = Mouse(viewer, layer, 0)
    middle = mouse.canvas.rect().center()
    corners = [middle + QPoint(*by) for by in ((-30, -20), (30, -20), (30, 20), (-30, 20))]
    mouse.drag(corners)
    assert steps(layer) == 1
    layer.undo()
    toggle_four_panel_view(viewer)


@pytest.mark.parametrize("number", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (0, 2))])
def test_an_outline_is_filled_as_it_is_let_go_or_clicked(viewer, layer, opened, number):
    opened.buttons["Outline"].click()
    layer.selected_label = KIDNEY
    before = layer.data.copy()
    mouse = Mouse(viewer, layer, number)
    middle = mouse.canvas.rect().center()
    corners = [middle + QPoint(*by) for by in ((-30, -20), (30, -20), (30, 20), (-30, 20))]
    mouse.drag(corners, release=False)
    assert (layer.data == before).all()
    QTest.mouseRelease(mouse.canvas, LEFT, NONE, corners[-1])
    inside = np.rint(np.mean(mouse.places, axis=0)).astype(int)
    assert layer.data[tuple(inside)] == KIDNEY
    assert set(np.nonzero(layer.data != before)[number]) == {int(inside[number])}
    assert steps(layer) == 1
    drawn = layer.data.copy()
    layer.undo()
    for corner in corners:
        QTest.mouseClick(mouse.canvas, LEFT, NONE, corner)
    mouse.move(middle)
    assert (layer.data == before).all()
    QTest.mouseDClick(mouse.canvas, LEFT, NONE, corners[-1])
    assert (layer.data == drawn).all()
    mouse.drag([*corners, corners[0]], RIGHT)
    assert not (layer.data[drawn != before] == KIDNEY).any()
    layer.undo()
    layer.undo()
    assert (layer.data == before).all()


def test_scissors_cut_after_a_look_in_slices_and_in_3d(viewer, layer, opened, qtbot):
    opened.buttons["Scissors"].click()
    bench, before = opened.bench, layer.data.copy()
    for number in (0, 3):
        mouse = Mouse(viewer, layer, number)
        middle = mouse.canvas.rect().center()
        turn = np.linspace(0, 2 * np.pi, 12)
        mouse.drag([middle + QPoint(round(30 * np.cos(a)), round(25 * np.sin(a))) for a in turn])
        qtbot.waitUntil(lambda: bench.proposal is not None or bench.is_problem)
        assert not bench.is_problem, bench.words
        inside = bench.proposal.edit.before.size
        assert (layer.data == before).all()
        bench.set(erase="outside", depth=1000.0)
        qtbot.waitUntil(lambda: bench.proposal is not None)
        bench.take()
        gone = before != layer.data
        assert set(before[gone]) == {LIVER}
        assert not layer.data[gone].any()
        assert inside > 0
        assert 0 < np.count_nonzero(gone) < np.count_nonzero(before == LIVER)
        assert steps(layer) == 1
        layer.undo()
        assert (layer.data == before).all()
        bench.set(erase="inside", depth=20.0)


def test_it_grows_from_a_click_as_far_as_the_wheel_says(viewer, layer, opened, qtbot):
    layer.data[layer.data == LIVER] = 0
    layer.refresh()
    qtbot.waitUntil(lambda: opened.bench.target().scene.is_current)
    opened.buttons["Grow from a click"].click()
    bench, before = opened.bench, layer.data.copy()
    mouse = Mouse(viewer, layer, 1)
    middle, zoom = mouse.canvas.rect().center(), mouse.panel.scene.camera.zoom
    QTest.mouseClick(mouse.canvas, LEFT, NONE, middle)
    qtbot.waitUntil(lambda: bench.proposal is not None or bench.is_problem)
    assert not bench.is_problem, bench.words
    grown = bench.proposal.edit.after.size
    mouse.wheel(middle, -12)
    assert bench.values["tolerance"] == 6.0
    qtbot.waitUntil(lambda: bench.proposal is not None or bench.is_problem)
    assert bench.is_problem or 0 < bench.proposal.edit.after.size < grown
    mouse.wheel(middle, 12)
    assert mouse.panel.scene.camera.zoom == zoom
    assert (layer.data == before).all()
    qtbot.waitUntil(lambda: bench.proposal is not None)
    bench.take()
    assert np.count_nonzero(layer.data != before) == grown
    assert set(layer.data[layer.data != before]) == {LIVER}
    layer.undo()
    assert (layer.data == before).all()
