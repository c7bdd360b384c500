"""Each tool of the bar, through its button and the mouse."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels, Layer
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QLabel, QPushButton

from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.image.nifti.volumes import read_labels
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.correct.organ_choice import OrganChoice
from napari_abdoseg.plugin.correct.proposal import NOTHING
from napari_abdoseg.plugin.correct.seeds import seeds_of
from napari_abdoseg.plugin.correct.tool_bar import GROUPS
from napari_abdoseg.plugin.four_panel.overlay import canvas_position
from napari_abdoseg.plugin.four_panel.view import four_panel_view, toggle_four_panel_view
from napari_abdoseg.plugin.layers.conversion import labels_layer
from napari_abdoseg.plugin.organs.renaming import add_organ, rename_organ
from napari_abdoseg.plugin.saving.unsaved import unsaved_labels
from napari_abdoseg.plugin.viewing.slice_in_hand import slice_in_hand

LIVER, KIDNEY, SPLEEN, PANCREAS = 1, 2, 3, 4


def click(qtbot, panel, canvas, layer, voxel) -> None:
    """Press and release the mouse on a voxel of the slice that a panel shows."""
    place = np.asarray(layer.data_to_world(voxel))
    panel.dims.set_point(panel.dims.not_displayed[0], place[panel.dims.not_displayed[0]])
    native = canvas.canvas.native
    x, y = canvas_position(panel, tuple(place), native.width(), native.height())
    at = QPoint(round(x), round(y))
    qtbot.mouseMove(native, at)
    qtbot.mouseClick(native, Qt.MouseButton.LeftButton, pos=at)


@pytest.mark.parametrize(
    ("name", "settings", "gained", "lost"),
    [
        ("keep largest", {}, 0, LIVER),
        ("remove small parts", {"ml": 2.0}, 0, LIVER),
        ("fill holes", {"holes": "coronal"}, LIVER, 0),
        ("smooth", {"mm": 8.0}, LIVER, LIVER),
        ("smooth", {"mm": 8.0, "organs": "with neighbours"}, LIVER, LIVER),
        ("grow", {"mm": 9.0}, LIVER, 0),
        ("shrink", {"mm": 9.0}, 0, LIVER),
        ("hollow", {"mm": 9.0}, 0, LIVER),
        ("swap", {"other": SPLEEN}, SPLEEN, SPLEEN),
        ("merge", {"into": SPLEEN}, SPLEEN, LIVER),
    ],
)
def test_a_tool_changes_what_it_says(layer, panel, proposed, qtbot, name, settings, gained, lost):
    before = layer.data.copy()
    bench = proposed(name)
    bench.set(**settings)
    qtbot.waitUntil(lambda: bench.proposal is not None)
    bench.take()
    changed = layer.data != before
    assert changed.any()
    assert gained in layer.data[changed]
    assert lost in before[changed]
    assert len(layer._undo_history) == 1
    layer.undo()
    assert (layer.data == before).all()


@pytest.mark.parametrize(
    ("name", "settings", "far"),
    [
        pytest.param("remove part", {}, 0, marks=pytest.mark.slow),
        pytest.param("keep part", {}, LIVER, marks=pytest.mark.slow),
        ("give part", {"to": SPLEEN}, SPLEEN),
    ],
)
def test_the_part_that_is_clicked_in_any_panel_goes(
    viewer, layer, panel, qtbot, name, settings, far
):
    layer.data[0:3, 0:3, 0:3] = LIVER
    layer.refresh()
    before = layer.data.copy()
    toggle_four_panel_view(viewer)
    qtbot.wait(200)
    view = four_panel_view(viewer)
    panel.buttons[name.capitalize()].click()
    bench = panel.bench
    assert "Click" in bench.words
    click(qtbot, view.coronal, view.canvases[1], layer, (1, 1, 1))
    qtbot.waitUntil(lambda: bench.proposal is not None or bench.words.startswith("Choose"))
    bench.set(**settings)
    qtbot.waitUntil(lambda: bench.proposal is not None)
    bench.take()
    assert bench.tool is not None
    assert (layer.data[0:3, 0:3, 0:3] == far).all()
    changed = before[layer.data != before]
    assert set(changed) == {LIVER}
    assert changed.size == (27 if name != "keep part" else (before == LIVER).sum() - 27)
    assert layer._undo_history[-1]
    bench.leave()
    toggle_four_panel_view(viewer)


def test_an_organ_is_copied_from_another_label_map_of_the_grid(
    viewer, layer, phantom, panel, proposed, qtbot
):
    truth = phantom[1]
    reference = viewer.add_layer(
        Layer.create(*labels_layer(LabelMap(truth.data.copy(), truth.grid, truth.organs), "truth"))
    )
    other = viewer.add_labels(np.ones((4, 4, 4), np.int64), name="small")
    viewer.layers.selection = {layer}
    bench = proposed("copy organ")
    assert bench.words.startswith("Choose the label map")
    bench.set(source=other)
    qtbot.waitUntil(lambda: "another grid" in bench.words)
    named = {"organs": (Organ(LIVER, "lung"),), "grid": truth.grid}
    lungs = viewer.add_labels(truth.data.copy(), name="lungs", metadata=named)
    viewer.layers.selection = {layer}
    bench.set(source=lungs)
    qtbot.waitUntil(lambda: "No organ of lungs is called liver" in bench.words)
    bench.set(source=reference)
    qtbot.waitUntil(lambda: bench.proposal is not None)
    bench.take()
    assert ((layer.data == LIVER) == (truth.data == LIVER)).all()
    bench = proposed("copy organ")
    assert bench.words.startswith("Choose the label map")
    bench.set(source=reference)
    qtbot.waitUntil(lambda: bench.words == NOTHING)
    viewer.layers.remove(reference)
    assert bench.values["source"] is None


def test_each_part_is_given_to_an_organ_or_stays(viewer, layer, panel, proposed, qtbot):
    layer.selected_label = KIDNEY
    before = layer.data.copy()
    bench = proposed("split")
    assert bench.words == "6 parts, none of which is given away yet."  # 4 are crumbs
    assert not bench.is_ready
    rows = panel.form.rows["to"]
    words = [label.text() for label in rows.findChildren(QLabel)]
    assert all(" ml" in each for each in words)
    assert words[1].endswith((", left", ", right"))
    assert [choice.value for choice in rows.choices] == [KIDNEY] * 6
    for button in rows.findChildren(QPushButton):
        button.click()
        assert (before[slice_in_hand(viewer).index(layer)] == KIDNEY).any()
    rows.choices[1].activated.emit(rows.choices[1].findData(PANCREAS))
    qtbot.waitUntil(lambda: bench.is_ready)
    assert panel.form.rows["to"] is rows
    bench.take()
    changed = layer.data != before
    assert (before[changed] == KIDNEY).all()
    assert (layer.data[changed] == PANCREAS).all()
    assert 0.3 < changed.sum() / (before == KIDNEY).sum() < 0.5 + 1e-9
    layer.undo()
    assert (layer.data == before).all()


def test_an_organ_in_one_part_is_not_split_and_crumbs_go_together(layer, panel, proposed, qtbot):
    layer.selected_label = SPLEEN
    assert "spleen is one part: cut it" in proposed("split").words
    panel.bench.leave()
    free = np.argwhere(layer.data[::4, ::4, ::4] == 0)[:20] * 4
    layer.data_setitem(tuple(free.T), SPLEEN)
    bench = proposed("split")
    rows = panel.form.rows["to"]
    assert bench.words.startswith("21 parts")
    assert len(rows.choices) == 7
    assert any(label.text() == "15 smaller" for label in rows.findChildren(QLabel))
    rows.choices[-1].activated.emit(rows.choices[-1].findData(LIVER))
    qtbot.waitUntil(lambda: bench.is_ready)
    assert bench.proposal.edit.after.tolist() == [LIVER] * 15


def test_a_slice_is_copied_at_once_to_the_next(viewer, layer, panel, qtbot):
    z = layer.metadata["middle"][0]
    viewer.dims.set_point(0, layer.data_to_world((z, 0, 0))[0])
    layer.data[z + 1][layer.data[z + 1] == LIVER] = 0
    layer.data[z + 2] = 0
    qtbot.waitUntil(lambda: panel.bench.target().scene.is_current)
    panel.buttons["Copy to next slice"].click()
    kept = np.isin(layer.data[z + 1], [KIDNEY, SPLEEN, PANCREAS])
    assert ((layer.data[z + 1] == LIVER) == ((layer.data[z] == LIVER) & ~kept)).all()
    assert slice_in_hand(viewer).index(layer) == z + 1
    assert panel.bench.words == f"liver copied to axial slice {z + 1}."
    assert len(layer._undo_history) == 1
    layer.selected_label = PANCREAS
    viewer.dims.set_point(0, layer.data_to_world((z + 2, 0, 0))[0])
    panel.buttons["Copy to next slice"].click()
    assert "There is no pancreas in slice" in panel.bench.words


def test_organs_are_filled_between_the_slices_that_were_painted(
    viewer, layer, panel, proposed, qtbot
):
    z = layer.metadata["middle"][0]
    truth = layer.data.copy()
    layer.data[z - 2 : z + 3][layer.data[z - 2 : z + 3] == LIVER] = 0
    layer.refresh()
    bench = proposed("fill between slices")
    assert bench.words == (
        "The liver is filled between slices that you have painted, or marked as right: two at "
        "least. So far there is none."
    )
    for number in (z - 2, z + 2):
        voxels = np.nonzero(truth[number] == LIVER)
        layer.data_setitem((np.full(voxels[0].size, number), *voxels), LIVER)
    assert panel.ticks.values == [[z - 2, z + 2]]
    qtbot.waitUntil(lambda: bench.proposal is not None)
    assert bench.words.startswith(f"Axial {z - 2}, {z + 2}: liver + ")
    bench.take()
    between = slice(z - 1, z + 2)
    common = ((layer.data[between] == LIVER) & (truth[between] == LIVER)).sum()
    assert common > 0.8 * (truth[between] == LIVER).sum()
    assert ((layer.data == KIDNEY) == (truth == KIDNEY)).all()
    layer.undo()
    bench = proposed("fill between slices")
    panel.form.rows["organs"].findChildren(QPushButton)[1].click()
    qtbot.waitUntil(lambda: bench.proposal is not None)
    bench.leave()
    layer.undo()
    assert panel.ticks.values == [[z - 2]]


def test_a_slice_is_marked_by_hand(viewer, layer, panel, proposed):
    z = layer.metadata["middle"][0]
    viewer.dims.set_point(0, layer.data_to_world((z, 0, 0))[0])
    proposed("fill between slices")
    panel.form.rows["mark"].click()
    assert panel.ticks.values == [[z]]
    panel.form.rows["mark"].click()
    assert panel.ticks.values == []


def test_a_slice_beyond_the_label_map_is_none_to_go_by(viewer, layer, panel, proposed):
    """A larger layer lets the sliders go there, and a script may crop what was marked."""
    z, last = layer.metadata["middle"][0], len(layer.data) - 1
    viewer.add_points(layer.data_to_world((last + 30, 0, 0)), units="mm")
    viewer.layers.selection.active = layer
    proposed("fill between slices")
    for number in (z, last, last + 30):
        viewer.dims.set_point(0, layer.data_to_world((number, 0, 0))[0])
        panel.form.rows["mark"].click()
    assert panel.bench.words == "There is no slice there: go to one within the scan."
    assert seeds_of(layer).across(0, [LIVER]) == [z, last]
    layer.data = layer.data[:last].copy()
    assert seeds_of(layer).across(0, [LIVER]) == [z]


def test_the_save_row_saves_the_label_map_in_view(viewer, layer, panel, tmp_path, qtbot):
    assert panel.save.words.text() == "Save asks where to."
    layer.metadata["path"] = tmp_path / "organs.nii.gz"
    layer.data_setitem((np.array([0]), np.array([0]), np.array([4])), SPLEEN)
    assert panel.save.button.text() != "Save"
    panel.save.button.click()
    qtbot.waitUntil(lambda: panel.save.words.text() == "Saved in")
    assert (read_labels(tmp_path / "organs.nii.gz").data == layer.data).all()
    assert panel.save.button.text() == "Save"
    viewer.layers.remove(layer)
    assert panel.save.isHidden()


def test_layers_of_other_programs_are_corrected_or_refused_in_a_sentence(viewer, panel, qtbot):
    bench = panel.bench
    cube = np.zeros((20, 20, 20), np.int64)
    cube[5:15, 5:15, 5:15] = 7
    cube[9, 9, 9] = 0
    whole = viewer.add_labels(cube, name="whole")
    whole.selected_label = 7
    panel.buttons["Fill holes"].click()
    qtbot.waitUntil(lambda: bench.proposal is not None)
    bench.take()
    assert whole.data[9, 9, 9] == 7
    flipped = viewer.add_labels(cube.copy(), name="flipped", scale=(-1, 1, 1))
    panel.buttons["Smooth"].click()
    assert bench.words.startswith("The layer flipped is turned or flipped")
    big = cube.copy()
    big[0, 0, 0] = 10**6
    viewer.layers.remove(flipped)
    viewer.add_labels(big, name="big").selected_label = 7
    panel.buttons["Fill holes"].click()
    qtbot.waitUntil(lambda: bench.is_problem)
    assert "labels that are not from 0 to 65535" in bench.words


def test_each_tool_has_a_key_a_tip_and_an_icon_of_its_own(panel):
    tools = [tool for _, tools in GROUPS for tool in tools]
    for own in ("key", "icon", "title"):
        assert len({getattr(tool, own) for tool in tools}) == len(tools)
    for tool in tools:
        button = panel.buttons[tool.title]
        assert button.toolTip().startswith(f"{tool.title} (")
        assert not button.icon().isNull()


def test_an_organ_is_renamed_and_one_is_added(viewer, layer, panel, qtbot):
    unsaved = unsaved_labels(viewer)
    scene = panel.bench.target().scene
    qtbot.waitUntil(lambda: scene.is_current)
    color = scene.masks.color(scene.table.organs[0]).tolist()
    panel.buttons["Rename"].click()
    line = panel.form.rows["name"]
    qtbot.keyClicks(line, "spleen")
    assert "There is a spleen already" in panel.bench.words
    line.clear()
    qtbot.keyClicks(line, "left liver")
    assert panel.bench.words == "liver becomes left liver."
    panel.bench.take()
    qtbot.waitUntil(lambda: scene.table.organs[0].name == "left liver")
    assert scene.masks.color(scene.table.organs[0]).tolist() == color
    assert layer in unsaved.layers
    panel.buttons["Add organ"].click()
    qtbot.keyClicks(panel.form.rows["name"], "stomach")
    panel.bench.take()
    qtbot.waitUntil(lambda: scene.table.organs[-1].name == "stomach")
    added = scene.table.organs[-1].value
    assert layer.selected_label == added
    assert added not in layer.data
    assert panel.organ.currentText() == "stomach"
    names = [organ.name for organ in layer.metadata["organs"]]
    layer.undo()
    assert layer.selected_label == LIVER
    qtbot.waitUntil(lambda: "stomach" not in [organ.name for organ in scene.table.organs])
    layer.paint((0, 0, 5), SPLEEN)
    layer.undo()
    layer.undo()
    qtbot.waitUntil(lambda: scene.table.organs[0].name == "liver")
    assert layer not in unsaved.layers
    assert scene.masks.color(scene.table.organs[0]).tolist() == color
    layer.redo()
    layer.redo()  # not of the organ that was added: something else was painted since
    qtbot.waitUntil(lambda: scene.table.organs[0].name == "left liver")
    assert [organ.name for organ in layer.metadata["organs"]] == names[:-1]
    assert layer.features["organ"].tolist()[1:] == names[:-1]


def test_a_distance_within_a_voxel_is_refused(layer, panel, proposed, qtbot):
    bench = proposed("grow")
    bench.set(mm=0.2)
    qtbot.waitUntil(lambda: bench.is_problem)
    least = min(layer.scale)
    assert bench.words == f"0.2 mm is less than a voxel: choose {least:.1f} mm or more."


def test_letters_find_an_organ_among_many(qtbot):
    choice = OrganChoice()
    qtbot.addWidget(choice)
    organs = [(Organ(value, f"rib {value} left"), "#ff0000") for value in range(1, 100)]
    choice.offer([*organs, (Organ(100, "spleen"), "#00ff00")], 3)
    assert choice.value == 3
    chosen = []
    choice.chosen.connect(chosen.append)
    line = choice.lineEdit()
    line.selectAll()
    qtbot.keyClicks(line, "spl")
    assert choice.completer().currentCompletion() == "spleen"
    qtbot.keyClicks(line, "een")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert chosen == [100]
    line.selectAll()
    qtbot.keyClicks(line, "no organ")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert choice.currentText() == "spleen"
    assert chosen == [100]


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("swap", {}, "Choose the other organ."),
        ("merge", {"into": LIVER}, "The other organ is the liver too: choose another one."),
        ("swap", {"other": 9}, "There is no label 9 in this label map"),
    ],
)
def test_another_organ_is_needed(layer, panel, proposed, qtbot, name, settings, words):
    bench = proposed(name)
    bench.set(**settings)
    qtbot.waitUntil(lambda: bench.words.startswith(words))


@pytest.mark.parametrize(
    ("layer_data", "words"),
    [
        (lambda: Labels([np.ones((8, 8, 8), int), np.ones((4, 4, 4), int)]), "is not in memory"),
        (lambda: Labels(np.ones((8, 8), int)), "has 2 dimensions"),
        (lambda: Labels(np.broadcast_to(np.uint8(1), (4, 4, 4))), "can't be edited"),
        (lambda: Labels(np.ones((4, 4, 4), int), rotate=(20, 0, 0)), "is turned or flipped"),
    ],
)
def test_layers_that_tools_cant_change_are_refused(viewer, panel, layer_data, words):
    viewer.add_layer(layer_data())
    panel.buttons["Smooth"].click()
    assert panel.bench.is_problem
    assert words in panel.bench.words


def test_an_organ_needs_a_name_and_a_label_of_its_own(layer, panel, qtbot):
    scene = panel.bench.target().scene
    qtbot.waitUntil(lambda: scene.is_current)
    with pytest.raises(CorrectionError, match="Write what the organ is called"):
        add_organ(scene, "  ")
    with pytest.raises(CorrectionError, match="No organ is chosen"):
        rename_organ(scene, 99, "stomach")
    layer.data.ravel()[: 255 - 4] = np.arange(5, 256)
    with pytest.raises(CorrectionError, match="All 255 labels are taken"):
        add_organ(scene, "stomach")
