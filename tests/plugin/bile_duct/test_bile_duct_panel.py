"""The panel `Bile duct` in a window: the duct in one picture, and what a click there does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ducts import DUCT
from napari.layers import Layer
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication

from napari_abdoseg.anatomy.bile_duct import measure_duct
from napari_abdoseg.plugin.bile_duct.widget import DUCT as HEADING
from napari_abdoseg.plugin.bile_duct.widget import EMPTY, NEVER
from napari_abdoseg.plugin.four_panel.view import four_panel_view, toggle_four_panel_view
from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer
from napari_abdoseg.plugin.organs.scene import organ_scene
from napari_abdoseg.plugin.viewing.focus import shown_place, voxel_at
from napari_abdoseg.plugin.widgets.panel import open_panel
from napari_abdoseg.plugin.widgets.readable import readable


@pytest.fixture
def window(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    viewer.window._qt_window.resize(1366, 768)
    return viewer


@pytest.fixture
def panel(window, with_duct, qtbot):
    """Of a case with a duct, once the duct is seen."""
    volume, labels = with_duct
    window.add_layer(Layer.create(*image_layer(volume)))
    window.add_layer(Layer.create(*labels_layer(replace(labels, data=labels.data.copy()), "case")))
    panel = open_panel(window, "Bile duct")
    qtbot.waitUntil(lambda: panel._sight is not None)
    QApplication.processEvents()
    return panel


def wheel(picture, notches) -> None:
    """Turn the wheel over the picture."""
    middle = QPointF(picture.rect().center())
    event = QWheelEvent(
        *(middle, picture.mapToGlobal(middle), QPoint(), QPoint(0, 120 * notches)),
        *(Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier),
        *(Qt.ScrollPhase.NoScrollPhase, False),
    )
    QApplication.sendEvent(picture, event)


def pixels(picture) -> np.ndarray:
    """What a widget shows, shape (height, width, 4)."""
    image = (
        picture.grab().toImage().convertToFormat(picture.grab().toImage().Format.Format_RGBA8888)
    )
    rows = np.frombuffer(image.constBits().asarray(image.sizeInBytes()), np.uint8)
    return rows.reshape(image.height(), image.width(), 4).copy()


def test_the_candidate_its_measures_and_what_it_is(panel, with_duct):
    duct = measure_duct(with_duct[1])
    assert panel.heading.text() == HEADING.format("case")
    assert panel.note.text() == NEVER == "A place to look, never a finding."
    said = panel.facts.text()
    (gap,) = duct.breaks
    for words in (
        f"{duct.widest_mm:.1f} mm</a>, wide: more than 7 mm",
        "Parulekar, Radiology 1979",
        f"{duct.course.length_mm:.0f} mm, volume {duct.volume_ml:.1f} ml",
        f"{gap.length_mm:.0f} mm</a>",
    ):
        assert words in said
    notes = {note.words: note.row for note in panel._sight.notes}
    assert notes[f"widest {duct.widest_mm:.1f} mm"] == duct.diameters.argmax()
    assert abs(notes[f"gap {gap.length_mm:.0f} mm"] - duct.course.nearest(gap.voxel)) <= 1


def test_a_click_brings_all_panels_there_and_its_line_follows_them(panel, window, with_duct, qtbot):
    toggle_four_panel_view(window)
    view, picture, course = (
        four_panel_view(window),
        panel.picture,
        measure_duct(with_duct[1]).course,
    )
    qtbot.wait(10)
    middle = panel._sight.shape[1] // 2
    qtbot.mouseClick(picture, Qt.MouseButton.LeftButton, pos=picture.to_pixel(25, middle).toPoint())
    grid = with_duct[1].grid
    np.testing.assert_allclose(voxel_at(grid, view.cursor.position), course.voxels[25], atol=0.5)
    for shown in view.slices:
        (hidden,) = shown.dims.not_displayed
        assert shown.dims.point[hidden] == view.cursor.position[hidden]
    assert picture._place[0] == pytest.approx(25, abs=1)
    view.cursor.position = shown_place(grid, course.voxels[60])
    np.testing.assert_allclose(picture._place, (60, middle), atol=1)
    before = pixels(picture)
    view.cursor.position = tuple(np.add(view.cursor.position, (0, 200, 200)))
    assert picture._place is None
    assert (pixels(picture) != before).any()
    panel.facts.linkActivated.emit("0")
    widest = measure_duct(with_duct[1]).widest_voxel
    np.testing.assert_allclose(voxel_at(grid, view.cursor.position), widest, atol=0.51)
    toggle_four_panel_view(window)


def test_the_wheel_turns_the_plane_round_and_round(panel):
    before = panel._sight.colors
    wheel(panel.picture, 2)
    assert panel.turn.value() == 20
    assert panel.degrees.text() == "20°"
    assert (panel._sight.colors != before).any()
    for _ in range(4):
        wheel(panel.picture, 4)
    assert panel.turn.value() == -180
    panel.turn.setValue(0)
    np.testing.assert_array_equal(panel._sight.colors, before)


def test_it_is_seen_in_the_window_of_the_panels(panel, window):
    before = panel._sight.colors.astype(int)
    window.layers[0].contrast_limits = (-160, 2000)
    darker = panel._sight.colors.astype(int)
    assert darker[..., :3].mean() < 0.5 * before[..., :3].mean()
    window.layers.remove(window.layers[0])
    assert not panel._sight.is_smooth  # labels alone
    colors = {tuple(color) for color in panel._sight.colors.reshape(-1, 4)}
    assert 1 < len(colors) < 8


def test_the_outline_has_the_colour_of_the_duct(panel, window):
    scene = organ_scene(window, window.layers["case"])
    scene.masks.set_color(DUCT, (1.0, 0.0, 1.0))
    assert panel._sight.outline == readable("#ff00ff", "dark")
    scene.masks.show({DUCT.name: False})
    assert panel._sight.outline == readable("#ff00ff", "dark")


def test_it_follows_a_correction(panel, window, with_duct, qtbot):
    layer, before = window.layers["case"], panel._view
    (gap,) = measure_duct(with_duct[1]).breaks
    layer.n_edit_dimensions, layer.brush_size = 3, 8
    layer.paint(tuple(round(at) for at in gap.voxel), DUCT.value)
    qtbot.waitUntil(lambda: panel._view is not before)
    assert "nowhere" in panel.facts.text()
    assert len(panel._sight.notes) == 1


def test_why_there_is_none_and_no_picture(window, with_duct, qtbot):
    panel = open_panel(window, "Bile duct")
    assert panel.heading.text() == EMPTY
    data = np.where(with_duct[1].data == DUCT.value, 0, with_duct[1].data)[:, :, ::-1]
    labels = replace(with_duct[1], data=np.ascontiguousarray(data))
    window.add_layer(Layer.create(*labels_layer(labels, "mirrored")))
    qtbot.waitUntil(lambda: "mirrored" in panel.heading.text())
    assert panel.heading.text() == panel.way.problem
    assert not panel.picture.isVisible()
    assert not panel.down_button.isVisible()


def test_where_to_look_without_a_duct(window, with_duct, qtbot):
    data = np.where(with_duct[1].data == DUCT.value, 0, with_duct[1].data)
    window.add_layer(Layer.create(*labels_layer(replace(with_duct[1], data=data), "case")))
    panel = open_panel(window, "Bile duct")
    qtbot.waitUntil(lambda: panel._sight is not None)
    assert "is to be looked for" in panel.heading.text()
    assert "Found by liver and pancreas" in panel.facts.text()
    assert panel.note.text() == NEVER
    panel.down_button.click()
    qtbot.waitUntil(lambda: panel.along.row == 0)
    qtbot.waitUntil(lambda: panel.seen.text().startswith("4 of"))
