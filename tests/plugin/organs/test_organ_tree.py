"""The organ list under mouse and keyboard."""

from __future__ import annotations

import pytest
from napari.components import ViewerModel
from napari.layers import Layer
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QColorDialog

from napari_abdoseg.anatomy import bile_duct
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer
from napari_abdoseg.plugin.organs.cells import BOX, EYE, HU, LOCK, MASK, NAME, SOLO, SURFACE, VOLUME
from napari_abdoseg.plugin.organs.widget import OrgansWidget

LIVER, KIDNEY, SPLEEN, PANCREAS, REGION = range(5)
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def viewer(phantom) -> ViewerModel:
    viewer = ViewerModel()
    viewer.add_layer(Layer.create(*image_layer(phantom[0])))
    return viewer


@pytest.fixture
def organs(viewer, phantom, qtbot, monkeypatch):
    """The list on the screen, measured, with the bile-duct search region."""
    monkeypatch.setattr("napari_abdoseg.plugin.organs.first_shown.MOST_AT_FIRST", 0)
    _, truth = phantom
    labels = LabelMap(truth.data.copy(), truth.grid, truth.organs)
    viewer.add_layer(Layer.create(*labels_layer(labels, "truth")))
    widget = OrgansWidget(viewer)
    qtbot.addWidget(widget)
    widget.resize(460, 700)
    widget.show()
    qtbot.waitUntil(lambda: widget.model.item(REGION, BOX) is not None)
    qtbot.waitUntil(widget.model.item(REGION, BOX).isCheckable)
    qtbot.waitUntil(lambda: widget.list.viewport().height() > _at(widget, REGION, NAME).y())
    yield widget
    viewer.layers.clear()
    qtbot.wait(1)


def _at(organs, row, column) -> QPoint:
    return organs.list.visualRect(organs.model.index(row, column)).center()


def _click(organs, row, column, qtbot) -> None:
    qtbot.mouseClick(organs.list.viewport(), LEFT, pos=_at(organs, row, column))


def _press(organs, key, qtbot) -> None:
    qtbot.keyClick(organs.list, key)


def _on(organs, row, column) -> bool:
    return organs.model.item(row, column).checkState() == Qt.CheckState.Checked


def _row(organs) -> int:
    return organs.list.currentIndex().row()


def test_a_click_anywhere_in_a_cell_turns_it_and_selects_nothing(organs, qtbot):
    before = _row(organs)
    for column in (EYE, MASK, SURFACE, BOX, LOCK, SOLO):
        was = _on(organs, SPLEEN, column)
        _click(organs, SPLEEN, column, qtbot)
        assert _on(organs, SPLEEN, column) != was
        _click(organs, SPLEEN, column, qtbot)
        assert _on(organs, SPLEEN, column) == was
    assert _row(organs) == before


def test_one_eye_hides_all_of_an_organ_and_shows_again_what_was_shown(organs, viewer, qtbot):
    scene = organs.model.scene
    _click(organs, SPLEEN, BOX, qtbot)
    qtbot.waitUntil(lambda: "spleen box" in viewer.layers)
    assert _on(organs, SPLEEN, EYE)
    _click(organs, SPLEEN, EYE, qtbot)
    assert not any(_on(organs, SPLEEN, column) for column in (EYE, MASK, SURFACE, BOX))
    assert not viewer.layers["spleen box"].visible
    assert not scene.masks.state()["spleen"]
    _click(organs, SPLEEN, EYE, qtbot)
    assert [_on(organs, SPLEEN, part) for part in (MASK, SURFACE, BOX)] == [True, False, True]
    assert viewer.layers["spleen box"].visible


def test_an_eye_that_was_never_open_shows_all(organs, qtbot):
    _click(organs, SPLEEN, MASK, qtbot)
    assert not _on(organs, SPLEEN, EYE)
    _press(organs, Qt.Key.Key_Space, qtbot)
    _click(organs, SPLEEN, NAME, qtbot)
    _press(organs, Qt.Key.Key_Space, qtbot)
    assert all(_on(organs, SPLEEN, part) for part in (EYE, MASK, SURFACE, BOX))


def test_the_eye_above_all_hides_all_and_shows_all(organs, qtbot):
    organs.list.header().sectionClicked.emit(EYE)
    assert not any(_on(organs, row, EYE) for row in range(5))
    organs.list.header().sectionClicked.emit(EYE)
    assert all(_on(organs, row, MASK) for row in range(4))


def test_a_double_click_on_a_check_box_turns_it_twice_and_goes_nowhere(organs, qtbot):
    with qtbot.assertNotEmitted(organs.list.go_to):
        viewport, place = organs.list.viewport(), _at(organs, SPLEEN, BOX)
        qtbot.mouseClick(viewport, LEFT, pos=place)
        qtbot.mouseDClick(viewport, LEFT, pos=place)
    assert not _on(organs, SPLEEN, BOX)


def test_a_selected_organ_is_painted_and_a_painted_one_selected(organs, viewer, qtbot):
    layer = viewer.layers["truth"]
    assert _row(organs) == LIVER
    _click(organs, SPLEEN, NAME, qtbot)
    assert layer.selected_label == 3
    layer.selected_label = 4
    assert _row(organs) == PANCREAS
    layer.selected_label = 77
    assert _row(organs) == -1


def test_the_region_is_selected_without_painting_it(organs, viewer, qtbot):
    _click(organs, REGION, NAME, qtbot)
    assert viewer.layers["truth"].selected_label == 1
    _click(organs, SPLEEN, MASK, qtbot)
    assert _row(organs) == REGION


def test_letters_turn_the_cells_of_the_selected_row(organs, qtbot):
    _click(organs, SPLEEN, NAME, qtbot)
    keys = {"M": MASK, "S": SURFACE, "B": BOX, "L": LOCK, "O": SOLO}
    for key, column in keys.items():
        was = _on(organs, SPLEEN, column)
        _press(organs, key, qtbot)
        assert _on(organs, SPLEEN, column) != was


def test_numbers_select_rows_and_enter_goes_there(organs, viewer, qtbot):
    _press(organs, "3", qtbot)
    assert (_row(organs), viewer.layers["truth"].selected_label) == (SPLEEN, 3)
    box = organs.model.scene.boxes_by_name()["spleen"]
    _press(organs, Qt.Key.Key_Return, qtbot)
    grid = organs.model.scene.table.grid
    assert viewer.dims.point == pytest.approx(box.centre(grid), abs=max(grid.spacing))
    _press(organs, Qt.Key.Key_Down, qtbot)
    assert _row(organs) == PANCREAS


def test_a_double_click_on_a_row_goes_there(organs, viewer, qtbot):
    place = _at(organs, REGION, NAME)
    qtbot.mouseDClick(organs.list.viewport(), LEFT, pos=place)
    box = organs.model.scene.boxes_by_name()[bile_duct.NAME]
    grid = organs.model.scene.table.grid
    assert viewer.dims.point == pytest.approx(box.centre(grid), abs=max(grid.spacing))
    assert _on(organs, REGION, BOX)


def test_a_click_on_a_header_turns_the_whole_column(organs, qtbot):
    header = organs.list.header()
    place = QPoint(header.sectionViewportPosition(MASK) + 5, header.height() // 2)
    _click(organs, SPLEEN, MASK, qtbot)
    qtbot.mouseClick(header.viewport(), LEFT, pos=place)
    assert [_on(organs, row, MASK) for row in range(4)] == [True] * 4
    qtbot.mouseClick(header.viewport(), LEFT, pos=place)
    assert [_on(organs, row, MASK) for row in range(4)] == [False] * 4


def test_all_on_and_all_off(organs, qtbot):
    qtbot.mouseClick(organs.all_on, LEFT)
    assert all(_on(organs, row, column) for row in range(4) for column in (MASK, SURFACE, BOX))
    qtbot.mouseClick(organs.all_off, LEFT)
    assert not any(_on(organs, row, column) for row in range(4) for column in (MASK, SURFACE, BOX))


def test_figures_and_the_edge_of_the_scan(organs, viewer, qtbot):
    item = organs.model.item(SPLEEN, VOLUME)
    before = item.text()
    hu = organs.model.scene.table.by_name()["spleen"].mean_hu
    assert organs.model.item(SPLEEN, HU).text() == f"{hu:.0f}"
    assert (before[0], item.toolTip()) != ("≥", "")
    viewer.layers["truth"].paint((0, 20, 20), 3)
    assert item.text().startswith("≥ ")
    assert "reaches the edge of the scan" in item.toolTip()
    viewer.layers["truth"].undo()
    assert (item.text(), item.toolTip()) == (before, "")


def test_the_region_is_said_to_be_no_finding(organs):
    assert organs.duct_words.isVisible()
    assert organs.duct_words.text().endswith("a place to look, never a finding.")
    assert organs.model.name_at(organs.model.index(REGION, NAME)) == bile_duct.NAME
    cells = [organs.model.item(REGION, column) for column in (MASK, SURFACE, SOLO, LOCK)]
    assert not any(cell.isCheckable() for cell in cells)


def test_the_details_of_the_selected_organ(organs, viewer, qtbot):
    details = organs.details
    _click(organs, SPLEEN, NAME, qtbot)
    details.opacity.setValue(40)
    assert details.percent.text() == "40 %"
    assert viewer.layers["truth"].colormap.map(3)[3] == pytest.approx(0.4)
    _click(organs, LIVER, NAME, qtbot)
    assert (details.opacity.value(), details.percent.text()) == (100, "100 %")
    _click(organs, REGION, NAME, qtbot)
    assert not any(w.isEnabled() for w in (details.color, details.opacity, details.split))
    assert details.go_to.isEnabled()


def test_a_colour_is_chosen(organs, viewer, qtbot):
    _click(organs, SPLEEN, NAME, qtbot)
    organs.details.color.click()
    dialog = organs.details.findChild(QColorDialog)
    assert dialog.windowTitle() == "Colour of the spleen"
    dialog.setCurrentColor(Qt.GlobalColor.green)
    dialog.accept()
    assert viewer.layers["truth"].colormap.map(3) == pytest.approx((0, 1, 0, 1))


def test_sides_have_a_box_and_are_gone_to(organs, viewer, qtbot):
    _click(organs, KIDNEY, NAME, qtbot)
    qtbot.mouseClick(organs.details.split, LEFT)
    qtbot.waitUntil(lambda: organs.model.item(KIDNEY).rowCount() == 2)
    left = organs.model.index(KIDNEY, NAME).model().item(KIDNEY).child(1).index()
    organs.list.setCurrentIndex(left)
    assert viewer.layers["truth"].selected_label == 2
    _press(organs, "B", qtbot)
    assert viewer.layers["left kidney box"].visible
    _press(organs, "M", qtbot)
    assert _on(organs, KIDNEY, MASK)
    qtbot.mouseClick(organs.details.go_to, LEFT)
    grid = organs.model.scene.table.grid
    centre = organs.model.scene.boxes_by_name()["left kidney"].centre(grid)
    assert viewer.dims.point == pytest.approx(centre, abs=max(grid.spacing))


def test_smoothing_belongs_to_the_label_map(organs, viewer, phantom, qtbot):
    organs.smoothing.value = "strong"
    assert organs.model.scene.smoothing == "strong"
    second = viewer.add_layer(Layer.create(*labels_layer(phantom[1], "second")))
    organs.choose(second)
    assert organs.smoothing.value == "light"
    organs.choose(viewer.layers["truth"])
    assert organs.smoothing.value == "strong"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_list_wears_the_theme(organs, viewer, theme):
    viewer.theme = theme
    assert f"theme_{theme}:/check.svg" in organs.list.styleSheet()


def test_the_list_fits_a_narrow_dock(organs):
    assert organs.list.header().length() < 460
