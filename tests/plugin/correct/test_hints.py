"""Hints by real mouse events, in every panel: an organ's boundary follows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from mouse import LEFT, NONE, RIGHT, Mouse
from napari.layers import Layer
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from scipy import ndimage

from napari_abdoseg import make_phantom
from napari_abdoseg.correction.hints import answers
from napari_abdoseg.correction.hints.answers import NO_LOGITS
from napari_abdoseg.correction.hints.without_ensemble import presumed_logits
from napari_abdoseg.plugin.correct.change_overlay import AGAINST, FOR, StrokeOverlay
from napari_abdoseg.plugin.correct.drawing import DrawnLine
from napari_abdoseg.plugin.four_panel.overlay import canvas_position
from napari_abdoseg.plugin.four_panel.view import canvases_of, toggle_four_panel_view
from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer
from napari_abdoseg.plugin.paint_events.paint_history import PaintHistory
from napari_abdoseg.plugin.saving.unsaved import unsaved_labels
from napari_abdoseg.plugin.widgets.panel import open_panel

LIVER, KIDNEY, SPLEEN, PANCREAS = 1, 2, 3, 4
SPACING = (4.0, 3.0, 3.0)
LESS_MM = 5.0


@pytest.fixture(scope="module")
def phantom():
    """A scan and its truth."""
    return make_phantom(5, SPACING)


@pytest.fixture(scope="module")
def small(phantom):
    """The truth, of which all organs lack some millimetres all round."""
    truth = phantom[1]
    data = truth.data.copy()
    for organ in truth.organs:
        mask = truth.data == organ.value
        depth = ndimage.distance_transform_edt(mask, sampling=truth.grid.spacing)
        data[mask & (depth <= LESS_MM)] = 0
    return replace(truth, data=data)


@pytest.fixture(scope="module")
def viewer(viewer_of_module, phantom):
    """Four panels with a scan."""
    viewer_of_module.add_layer(Layer.create(*image_layer(phantom[0])))
    toggle_four_panel_view(viewer_of_module)
    return viewer_of_module


@pytest.fixture(scope="module")
def layer(viewer, small):
    return viewer.add_layer(Layer.create(*labels_layer(small, "organs")))


@pytest.fixture
def opened(viewer, layer, small, qtbot):
    """The panel `Correct` beside pictures at the middle of the liver, as no test has left them."""
    panel = open_panel(viewer, "Correct")
    bench, pictures = panel.bench, canvases_of(viewer)
    qtbot.waitUntil(lambda: bench.target().scene.is_current)
    qtbot.waitUntil(lambda: all(len(picture.layers) == 2 for picture, _ in pictures))
    qtbot.waitUntil(lambda: len({picture.scene.camera.zoom for picture, _ in pictures[:3]}) == 1)
    middle = np.argwhere(layer.data == LIVER).mean(axis=0).round()
    look_at(viewer, layer, middle)
    layer.selected_label = LIVER
    yield panel
    bench.leave()
    painting = bench.target().scene.painting
    for organ in painting.organs:
        painting.lock(organ, False)
    while steps(layer):
        layer.undo()
    assert (layer.data == small.data).all()
    unsaved_labels(viewer).give_up(layer)


def look_at(viewer, layer, place) -> None:
    for shown in (viewer, *(picture for picture, _ in canvases_of(viewer))):
        shown.dims.set_point(range(3), layer.data_to_world(place))


def steps(layer) -> int:
    """Steps that can be undone."""
    return len(PaintHistory.of(layer).done)


def pixel_of(mouse: Mouse, place) -> QPoint:
    """Where a slice's canvas shows a voxel of the label map."""
    world, size = mouse.layer.data_to_world(place), mouse.canvas.size()
    at = canvas_position(mouse.panel, world, size.width(), size.height())
    return QPoint(*(round(each) for each in at))


def beside(layer, truth, axis, organ=LIVER):
    """A voxel in the slice in view that the organ lacks, in the middle of what is wrong there."""
    number = round(np.argwhere(layer.data == organ).mean(axis=0)[axis])
    wrong = np.moveaxis((truth.data == organ) & (layer.data != organ), axis, 0)[number]
    deep = ndimage.distance_transform_edt(wrong)
    place = list(np.unravel_index(deep.argmax(), deep.shape))
    place.insert(axis, number)
    return tuple(int(each) for each in place)


def press(viewer, mouse: Mouse, qtbot, key) -> None:
    """Press a key where the user looks."""
    main = viewer.window._qt_window
    main.activateWindow()
    qtbot.waitUntil(main.isActiveWindow)
    mouse.canvas.setFocus()
    qtbot.keyClick(mouse.canvas, key)


def strokes_shown(viewer) -> list[set[str]]:
    """Which colours of strokes each slice's picture shows."""
    found = []
    for _, canvas in canvases_of(viewer)[:3]:
        overlays = [each for each in canvas.findChildren(StrokeOverlay) if each.isVisible()]
        assert len(overlays) <= 1
        pictures = [each.grab().toImage() for each in overlays]
        there = {
            picture.pixelColor(x, y).name()
            for picture in pictures
            for x in range(picture.width())
            for y in range(picture.height())
        }
        found.append(there & {FOR.name(), AGAINST.name()})
    return found


def proposal(bench, qtbot):
    qtbot.waitUntil(lambda: bench.proposal is not None or bench.is_problem)
    assert not bench.is_problem, bench.words
    return bench.proposal


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_click_beside_an_organ_lets_all_its_boundary_follow(
    viewer, layer, phantom, opened, qtbot, number
):
    bench, before = opened.bench, layer.data.copy()
    opened.buttons["Too small or large"].click()
    mouse = Mouse(viewer, layer, number)
    place = beside(layer, phantom[1], number)
    pixel, zoom = pixel_of(mouse, place), mouse.panel.scene.camera.zoom
    QTest.mouseClick(mouse.canvas, LEFT, NONE, pixel)
    first = proposal(bench, qtbot)
    assert NO_LOGITS in bench.words
    assert (layer.data == before).all()
    assert (first.edit.after == LIVER).all()
    assert place in set(zip(*(axis.tolist() for axis in first.edit.where)))
    mouse.wheel(pixel, 5)
    assert bench.values["more"] == 80.0
    more = proposal(bench, qtbot)
    assert more.edit.after.size > first.edit.after.size
    assert mouse.panel.scene.camera.zoom == zoom
    press(viewer, mouse, qtbot, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: steps(layer) == 1)
    assert np.count_nonzero(layer.data != before) == more.edit.after.size
    assert bench.tool is not None
    bench.set(more=30.0)
    layer.undo()
    assert (layer.data == before).all()


def test_a_drag_with_the_right_button_shrinks_an_organ_and_its_release_takes_it(
    viewer, layer, phantom, opened, qtbot
):
    bench, before = opened.bench, layer.data.copy()
    opened.buttons["Too small or large"].click()
    mouse = Mouse(viewer, layer, 0)
    place = np.argwhere(layer.data == LIVER).mean(axis=0).round().astype(int)
    row = layer.data[place[0], place[1]] == LIVER
    place[2] = np.flatnonzero(row)[1]
    pixel = pixel_of(mouse, place)
    mouse.drag([pixel, pixel - QPoint(0, 20), pixel - QPoint(0, 41)], RIGHT, release=False)
    assert bench.values["more"] == 80.0
    assert (layer.data == before).all()
    assert steps(layer) == 0
    QTest.mouseRelease(mouse.canvas, RIGHT, NONE, pixel - QPoint(0, 41))
    qtbot.waitUntil(lambda: steps(layer) == 1)
    assert layer.data[tuple(place)] == 0
    assert set(before[layer.data != before]) == {LIVER}
    layer.undo()
    bench.set(more=30.0)
    mouse.drag([pixel, pixel - QPoint(0, 20)], RIGHT, release=False)
    press(viewer, mouse, qtbot, Qt.Key.Key_Escape)
    QTest.mouseRelease(mouse.canvas, RIGHT, NONE, pixel - QPoint(0, 41))
    qtbot.wait(200)
    assert bench.tool is None
    assert (layer.data == before).all()
    assert "Beyond" not in viewer.status
    opened.buttons["Too small or large"].click()
    bench.set(more=30.0)


def test_a_drag_is_taken_though_organs_are_still_being_measured(
    viewer, layer, phantom, opened, qtbot
):
    bench, scene = opened.bench, opened.bench.target().scene
    opened.buttons["Wrong here"].click()
    mouse = Mouse(viewer, layer, 0)
    pixel = pixel_of(mouse, beside(layer, phantom[1], 0))
    scene.rename(scene.table.organs)
    mouse.drag([pixel, pixel - QPoint(0, 6)])
    qtbot.waitUntil(lambda: steps(layer) == 1)
    bench.set(reach=10.0)


def test_a_gesture_is_not_taken_for_an_organ_that_is_chosen_meanwhile(
    viewer, layer, phantom, opened, qtbot
):
    bench, before = opened.bench, layer.data.copy()
    mouse = Mouse(viewer, layer, 0)
    pixel = pixel_of(mouse, beside(layer, phantom[1], 0))
    opened.buttons["Too small or large"].click()
    mouse.drag([pixel, pixel - QPoint(0, 6)], release=False)
    layer.selected_label = PANCREAS
    QTest.mouseRelease(mouse.canvas, LEFT, NONE, pixel - QPoint(0, 6))
    assert (proposal(bench, qtbot).edit.after == PANCREAS).all()
    assert (layer.data == before).all()
    opened.buttons["Scribble"].click()
    mouse.drag([pixel, pixel + QPoint(3, 0)], release=False)
    layer.selected_label = LIVER
    QTest.mouseRelease(mouse.canvas, LEFT, NONE, pixel + QPoint(3, 0))
    assert bench.words.startswith("Draw over")
    assert (layer.data == before).all()


def test_in_3d_buttons_are_too_small_and_too_large(viewer, layer, opened, qtbot):
    bench, before = opened.bench, layer.data.copy()
    opened.buttons["Too small or large"].click()
    mouse = Mouse(viewer, layer, 3)
    camera = mouse.panel.scene.camera
    camera.center = layer.data_to_world(np.argwhere(layer.data == LIVER).mean(axis=0))
    pixel = mouse.canvas.rect().center()
    for button, after in ((LEFT, LIVER), (RIGHT, 0)):
        QTest.mouseClick(mouse.canvas, button, NONE, pixel)
        found = proposal(bench, qtbot)
        assert (found.edit.after == LIVER).any() == (after == LIVER)
        assert (found.edit.before == LIVER).any() == (after == 0)
        press(viewer, mouse, qtbot, Qt.Key.Key_Escape)
        assert bench.tool is None
        assert (layer.data == before).all()
        assert steps(layer) == 0
        opened.buttons["Too small or large"].click()
    QTest.mouseClick(mouse.canvas, LEFT, NONE, QPoint(3, 3))
    assert bench.is_problem
    assert "click on the liver" in bench.words


def test_locked_organs_and_what_a_person_has_painted_stay(viewer, layer, phantom, opened, qtbot):
    bench, truth = opened.bench, phantom[1]
    painting = bench.target().scene.painting
    organs = {organ.value: organ for organ in painting.organs}
    mouse = Mouse(viewer, layer, 0)
    place = beside(layer, truth, 0)
    opened.buttons["Brush"].click()
    bench.set(size=30.0, shape="disc", over="anything unlocked", hu=None, edge=False)
    layer.selected_label = KIDNEY
    z, y, _ = np.argwhere(layer.data == LIVER).mean(axis=0).round().astype(int)
    edge = int(np.flatnonzero(layer.data[z, y] == LIVER)[0])
    mouse.drag([pixel_of(mouse, (z, y, edge))])
    assert steps(layer) == 1
    painted = layer.data.copy()
    by_hand = painting.standing.by_hand() > 0
    assert by_hand[z, y, edge]
    layer.selected_label = LIVER
    opened.buttons["Too small or large"].click()
    QTest.mouseClick(mouse.canvas, LEFT, NONE, pixel_of(mouse, place))
    found = proposal(bench, qtbot)
    assert not by_hand[found.edit.where].any()
    bench.take()
    assert steps(layer) == 2
    assert (layer.data[by_hand] == painted[by_hand]).all()
    assert (layer.data[~by_hand] != painted[~by_hand]).any()
    assert not painting.standing.by_hand()[found.edit.where].any()
    assert len(painting.standing.clicks(LIVER)) == 1
    layer.undo()
    assert painting.standing.clicks(LIVER) == ()
    assert (layer.data == painted).all()
    layer.redo()
    assert len(painting.standing.clicks(LIVER)) == 1
    QTest.mouseClick(mouse.canvas, LEFT, NONE, pixel_of(mouse, beside(layer, truth, 0)))
    proposal(bench, qtbot)
    painting.lock(organs[LIVER], True)
    assert not bench.is_ready
    qtbot.waitUntil(lambda: "The liver is locked" in bench.words)
    before, first = layer.data.copy(), painting.standing.clicks(LIVER)
    bench.take()
    assert (layer.data == before).all()
    assert (steps(layer), painting.standing.clicks(LIVER)) == (2, first)
    layer.undo()
    QTest.mouseClick(mouse.canvas, LEFT, NONE, pixel_of(mouse, place))
    qtbot.waitUntil(lambda: bench.is_problem)
    assert "The liver is locked" in bench.words
    assert (layer.data == painted).all()
    layer.undo()
    assert not painting.standing.by_hand().any()


@pytest.mark.parametrize(
    "number", [0, *(pytest.param(each, marks=pytest.mark.slow) for each in (1, 2))]
)
def test_strokes_for_an_organ_and_against_it_are_one_step(
    viewer, layer, phantom, opened, qtbot, number
):
    bench, before = opened.bench, layer.data.copy()
    painting = bench.target().scene.painting
    opened.buttons["Scribble"].click()
    mouse = Mouse(viewer, layer, number)
    place = np.array(beside(layer, phantom[1], number))
    pixel = pixel_of(mouse, place)
    mouse.drag([pixel, pixel + QPoint(2, 0), pixel + QPoint(4, 0)])
    first = proposal(bench, qtbot)
    assert NO_LOGITS in bench.words
    assert (layer.data == before).all()
    assert (first.edit.after == LIVER).all()
    gained = set(zip(*(axis.tolist() for axis in first.edit.where)))
    covered = {tuple(np.rint(each).astype(int).tolist()) for each in mouse.places}
    assert {at for at in covered if before[at] != LIVER} <= gained
    middle = np.argwhere(before == LIVER).mean(axis=0).round().astype(int)
    middle[number] = place[number]
    at = pixel_of(mouse, middle)
    assert strokes_shown(viewer)[number] == {FOR.name()}
    mouse.drag([at, at + QPoint(2, 0)], RIGHT)
    both = proposal(bench, qtbot)
    assert bench.words.startswith("2 strokes: ")
    assert strokes_shown(viewer)[number] == {FOR.name(), AGAINST.name()}
    assert (both.edit.after == LIVER).any()
    assert (both.edit.before == LIVER).any()
    press(viewer, mouse, qtbot, Qt.Key.Key_Backspace)
    one = proposal(bench, qtbot)
    assert one.edit.after.size == first.edit.after.size
    assert strokes_shown(viewer)[number] == {FOR.name()}
    look_at(viewer, layer, place + 2)
    assert not strokes_shown(viewer)[number]
    look_at(viewer, layer, place)
    mouse.drag([at, at + QPoint(2, 0)], RIGHT)
    proposal(bench, qtbot)
    press(viewer, mouse, qtbot, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: steps(layer) == 1)
    changed = layer.data != before
    assert np.count_nonzero(changed) == both.edit.after.size
    assert (painting.standing.by_hand()[changed] > 0).all()
    assert bench.tool is not None
    assert not any(strokes_shown(viewer))
    layer.undo()
    assert (layer.data == before).all()
    mouse.drag([pixel, pixel + QPoint(2, 0)])
    assert any(strokes_shown(viewer))
    press(viewer, mouse, qtbot, Qt.Key.Key_Escape)
    assert bench.tool is None
    assert not any(strokes_shown(viewer))


def test_a_stroke_that_esc_has_left_is_forgotten(viewer, layer, phantom, opened, qtbot):
    bench, before = opened.bench, layer.data.copy()
    opened.buttons["Scribble"].click()
    mouse = Mouse(viewer, layer, 0)
    pixel = pixel_of(mouse, beside(layer, phantom[1], 0))
    mouse.drag([pixel, pixel + QPoint(3, 0)], release=False)
    press(viewer, mouse, qtbot, Qt.Key.Key_Escape)
    QTest.mouseRelease(mouse.canvas, LEFT, NONE, pixel + QPoint(3, 0))
    qtbot.wait(200)
    assert bench.tool is None
    assert not bench.words
    assert (layer.data == before).all()


def test_a_second_button_ends_the_stroke_of_the_first(viewer, layer, phantom, opened, qtbot):
    opened.buttons["Scribble"].click()
    mouse = Mouse(viewer, layer, 0)
    pixel = pixel_of(mouse, beside(layer, phantom[1], 0))
    mouse.drag([pixel, pixel + QPoint(3, 0)], release=False)
    QTest.mousePress(mouse.canvas, RIGHT, NONE, pixel + QPoint(3, 0))
    for button in (RIGHT, LEFT):
        QTest.mouseRelease(mouse.canvas, button, NONE, pixel + QPoint(3, 0))
    assert not any(line.isVisible() for line in mouse.canvas.findChildren(DrawnLine))


def test_a_tool_is_taken_up_and_put_away_while_masks_are_hidden(
    viewer, layer, phantom, opened, qtbot
):
    layer.visible = False
    opened.buttons["Wrong here"].click()
    layer.visible = True
    mouse = Mouse(viewer, layer, 0)
    QTest.mouseClick(mouse.canvas, LEFT, NONE, pixel_of(mouse, beside(layer, phantom[1], 0)))
    proposal(opened.bench, qtbot)
    layer.visible = False
    opened.bench.leave()
    layer.visible = True
    assert str(layer.mode) == "pan_zoom"


def test_what_is_no_scribble_is_told_in_a_sentence(viewer, layer, phantom, opened, qtbot):
    bench, before = opened.bench, layer.data.copy()
    opened.buttons["Scribble"].click()
    mouse, in_3d = Mouse(viewer, layer, 0), Mouse(viewer, layer, 3)
    in_3d.drag([in_3d.canvas.rect().center()] * 2)
    assert "draw in one of the three" in bench.words
    place = beside(layer, phantom[1], 0)
    pixel = pixel_of(mouse, place)
    for corner, button, words in (
        (pixel, RIGHT, "on its side of the liver's boundary already"),
        (pixel, LEFT, "for the liver and against it: take back one"),
        (QPoint(2, 2), LEFT, "for the liver and against it: take back one"),
    ):
        mouse.drag([corner, corner], button)
        qtbot.waitUntil(lambda: bench.is_problem)
        assert words in bench.words
    bench.act(bench.tool.settings[-1].act)
    bench.act(bench.tool.settings[-1].act)
    bench.act(bench.tool.settings[-1].act)
    assert not bench.is_problem
    bench.act(bench.tool.settings[-1].act)
    assert "No stroke is drawn" in bench.words
    mouse.drag([pixel, pixel])
    layer.selected_label = SPLEEN
    qtbot.waitUntil(lambda: bench.words.startswith("Draw over"))
    assert (layer.data == before).all()
    assert steps(layer) == 0


def test_only_what_is_in_view_follows_with_shift(viewer, layer, phantom, opened, qtbot):
    bench = opened.bench
    opened.buttons["Too small or large"].click()
    mouse = Mouse(viewer, layer, 0)
    place = beside(layer, phantom[1], 0)
    camera = mouse.panel.scene.camera
    zoom, centre = camera.zoom, camera.center
    QTest.mouseClick(mouse.canvas, LEFT, NONE, pixel_of(mouse, place))
    bench.set(more=200.0)
    everywhere = proposal(bench, qtbot).edit
    camera.center = layer.data_to_world(place)
    camera.zoom = 4 * zoom
    qtbot.wait(50)
    QTest.mouseClick(mouse.canvas, LEFT, Qt.KeyboardModifier.ShiftModifier, pixel_of(mouse, place))
    qtbot.waitUntil(lambda: bench.proposal is not None and bench.proposal.edit is not everywhere)
    in_view = bench.proposal.edit
    assert 0 < in_view.after.size < everywhere.after.size
    seen = mouse.canvas.rect().adjusted(-30, -30, 30, 30)  # a voxel more
    assert all(seen.contains(pixel_of(mouse, at)) for at in np.transpose(in_view.where))
    bench.set(more=30.0)
    camera.zoom, camera.center = zoom, centre


def test_keys_say_which_side_or_slab_follows(viewer, layer, phantom, opened, qtbot):
    bench, scan = opened.bench, viewer.layers[0]
    opened.buttons["Too small or large"].click()
    layer.selected_label = KIDNEY
    there = np.argwhere(layer.data == KIDNEY)
    look_at(viewer, layer, there.mean(axis=0).round())
    mouse = Mouse(viewer, layer, 0)
    place, window = beside(layer, phantom[1], 0, KIDNEY), scan.contrast_limits
    pixel, middle = pixel_of(mouse, place), there[:, 2].mean()
    control, mode = Qt.KeyboardModifier.ControlModifier, str(layer.mode)

    def follows(keys):
        """Extents of what follows a click with keys held."""
        mouse.drag([pixel, pixel + QPoint(1, 0)], keys=keys)
        where = proposal(bench, qtbot).edit.where
        return np.array([[axis.min() for axis in where], [axis.max() for axis in where]])

    bench.set(more=200.0)
    everywhere = follows(NONE)
    assert everywhere[0, 2] < middle < everywhere[1, 2]
    side = follows(control | Qt.KeyboardModifier.AltModifier)
    assert bench.words.startswith("This side: kidney + ")
    assert (side[:, 2] < middle).all() == (place[2] < middle)
    assert (side[:, 2] > middle).all() == (place[2] > middle)
    slab = follows(control | Qt.KeyboardModifier.ShiftModifier)
    assert bench.words.startswith("Slab: kidney + ")
    assert np.abs(slab[:, 0] - place[0]).max() * SPACING[0] <= 12.0
    bench.forget_preview()
    mouse.drag([pixel, pixel + QPoint(1, 0)], keys=control)  # the CT's window
    assert bench.proposal is None
    assert str(layer.mode) == mode
    bench.set(more=30.0)
    scan.contrast_limits = window


def test_what_is_no_hint_is_told_in_a_sentence(viewer, layer, phantom, opened, qtbot):
    bench, before = opened.bench, layer.data.copy()
    mouse = Mouse(viewer, layer, 0)
    opened.buttons["Too small or large"].click()
    inside = np.argwhere(layer.data == LIVER)[len(np.argwhere(layer.data == LIVER)) // 2]
    look_at(viewer, layer, inside)
    place_beside = beside(layer, phantom[1], 0)
    for button, place, words in (
        (LEFT, inside, "That voxel is the liver already"),
        (RIGHT, place_beside, "That voxel is not the liver"),
        (LEFT, (place_beside[0], -2, -2), "not in the scan"),
    ):
        look_at(viewer, layer, place)
        QTest.mouseClick(mouse.canvas, button, NONE, pixel_of(mouse, place))
        qtbot.waitUntil(lambda words=words: words in bench.words)
        assert bench.is_problem
        assert not bench.is_ready
    layer.selected_label = 0
    assert bench.words == "No organ is chosen: choose one in the list of organs."
    look_at(viewer, layer, place_beside)
    QTest.mouseClick(mouse.canvas, LEFT, NONE, pixel_of(mouse, place_beside))
    layer.selected_label = 77
    qtbot.waitUntil(lambda: "There is no label 77 in this label map" in bench.words)
    layer.selected_label = LIVER
    assert (layer.data == before).all()


@pytest.mark.parametrize("number", [1, 3])
def test_wrong_here_changes_the_place_alone_as_far_as_the_wheel_says(
    viewer, layer, phantom, opened, qtbot, number
):
    bench, before = opened.bench, layer.data.copy()
    opened.buttons["Wrong here"].click()
    mouse = Mouse(viewer, layer, number)
    if number == 3:
        camera = mouse.panel.scene.camera
        camera.center = layer.data_to_world(np.argwhere(layer.data == LIVER).mean(axis=0))
        pixel = mouse.canvas.rect().center()
    else:
        pixel = pixel_of(mouse, beside(layer, phantom[1], number))
    QTest.mouseClick(mouse.canvas, LEFT, NONE, pixel)
    near = proposal(bench, qtbot).edit
    assert set(near.after.tolist()) == {LIVER}
    place = np.array(bench.place)
    mouse.wheel(pixel, 5)
    assert bench.values["reach"] == 20.0
    far = proposal(bench, qtbot).edit
    assert far.after.size > near.after.size
    mouse.wheel(pixel, -5)
    assert bench.values["reach"] == 10.0
    proposal(bench, qtbot)
    press(viewer, mouse, qtbot, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: steps(layer) == 1)
    changed = np.argwhere(layer.data != before)
    assert len(changed) == near.after.size
    assert np.linalg.norm((changed - place) * SPACING, axis=1).max() <= 31.0
    layer.undo()
    assert (layer.data == before).all()


def test_slices_follow_the_one_that_was_painted(viewer, layer, phantom, small, opened, qtbot):
    bench, truth = opened.bench, phantom[1].data == LIVER
    opened.buttons["Follow slices"].click()
    assert "follows slices that you have corrected" in bench.words
    assert not bench.is_problem
    number = round(np.argwhere(layer.data == LIVER).mean(axis=0)[0])
    missing = np.nonzero(truth[number] & (layer.data[number] == 0))
    layer.data_setitem((np.full(missing[0].size, number), *missing), LIVER)
    drawn = layer.data.copy()
    near = proposal(bench, qtbot).edit
    assert bench.words.startswith(f"Axial {number}: liver + ")
    assert number not in near.where[0]
    mouse = Mouse(viewer, layer, 2)
    mouse.wheel(mouse.canvas.rect().center(), -18)
    assert bench.values["reach"] == 20.0
    nearer = proposal(bench, qtbot).edit
    assert nearer.after.size < near.after.size
    mouse.wheel(mouse.canvas.rect().center(), 18)
    proposal(bench, qtbot)
    press(viewer, mouse, qtbot, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: steps(layer) == 2)
    beside_it = [number - 1, number + 1]
    wrong = [
        np.count_nonzero((data[beside_it] == LIVER) != truth[beside_it])
        for data in (drawn, layer.data)
    ]
    assert wrong[1] < 0.5 * wrong[0]
    assert bench.tool is None
    assert bench.target().scene.painting.standing.clicks(LIVER)
    layer.undo()
    assert (layer.data == drawn).all()


def test_a_label_map_that_a_script_has_cropped_is_told(viewer, layer, small, opened, qtbot):
    bench, region = opened.bench, opened.bench.target().scene.region
    qtbot.waitUntil(lambda: region.region is not None)
    opened.buttons["Scribble"].click()
    layer.data = small.data[:60].copy()
    mouse = Mouse(viewer, layer, 0)
    mouse.drag([mouse.canvas.rect().center()] * 2)
    qtbot.waitUntil(lambda: "labels and CT m" in bench.words)
    layer.data = small.data.copy()
    qtbot.waitUntil(lambda: bench.target().scene.is_current and not bench.is_problem)


def test_what_hints_go_by_is_found_before_the_first_click(
    viewer, layer, phantom, opened, qtbot, monkeypatch
):
    found = []
    monkeypatch.setattr(
        answers, "presumed_logits", lambda *given: found.append(1) or presumed_logits(*given)
    )
    bench, mouse = opened.bench, Mouse(viewer, layer, 0)
    standing = bench.target().scene.painting.standing
    age = standing.age
    layer.data_setitem((np.array([0]), np.array([0]), np.array([0])), SPLEEN)
    qtbot.waitUntil(lambda: standing.age > age and bench.target().scene.is_current)
    opened.buttons["Too small or large"].click()
    qtbot.waitUntil(lambda: found == [1])
    assert bench.proposal is None
    QTest.mouseClick(mouse.canvas, LEFT, NONE, pixel_of(mouse, beside(layer, phantom[1], 0)))
    proposal(bench, qtbot)
    assert found == [1]


def test_logits_of_an_ensemble_are_used_when_a_layer_has_them(
    viewer, layer, phantom, opened, qtbot
):
    bench = opened.bench
    labels = bench.target().editable()
    layer.metadata["logits"] = presumed_logits(labels)
    mouse = Mouse(viewer, layer, 0)
    opened.buttons["Too small or large"].click()
    QTest.mouseClick(mouse.canvas, LEFT, NONE, pixel_of(mouse, beside(layer, phantom[1], 0)))
    proposal(bench, qtbot)
    assert NO_LOGITS not in bench.words
    del layer.metadata["logits"]
