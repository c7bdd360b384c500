"""Label maps of many organs: what is shown of them, and how one of them is found."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer
from qtpy.QtCore import QModelIndex, Qt

from napari_abdoseg.image.names.published_schemes import TOTALSEGMENTATOR
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer
from napari_abdoseg.plugin.organs.cells import BOX, EYE, MASK, NAME, SURFACE
from napari_abdoseg.plugin.organs.first_shown import CHOICES
from napari_abdoseg.plugin.organs.scene import OrganScene, organ_scene
from napari_abdoseg.plugin.organs.widget import OrgansWidget

PALETTE = {"liver", "left kidney", "right kidney", "spleen", "pancreas"}


@pytest.fixture(scope="module")
def pieces(phantom) -> LabelMap:
    """A trunk cut into as many pieces as TotalSegmentator has organs."""
    volume, _ = phantom
    count = len(TOTALSEGMENTATOR.names)
    labels = np.arange(volume.data.size).reshape(volume.data.shape) * count // volume.data.size + 1
    return LabelMap(labels.astype(np.uint8), volume.grid, TOTALSEGMENTATOR.organs)


@pytest.fixture
def viewer(phantom, qapp, qtbot) -> ViewerModel:
    viewer = ViewerModel()
    viewer.add_layer(Layer.create(*image_layer(phantom[0])))
    yield viewer
    viewer.layers.clear()
    qtbot.wait(1)


@pytest.fixture
def add(viewer, pieces, qtbot):
    def add_pieces(**metadata) -> OrganScene:
        data, options, kind = labels_layer(pieces, "pieces")
        options["metadata"] |= metadata
        layer = viewer.add_layer(Layer.create(data.copy(), options, kind))
        scene = organ_scene(viewer, layer)
        scene.show_when_measured(pieces.organs)
        qtbot.waitUntil(lambda: len(scene.table.measures) == len(pieces.organs))
        return scene

    return add_pieces


@pytest.fixture
def organs(viewer, add, qtbot) -> OrgansWidget:
    add()
    widget = OrgansWidget(viewer)
    qtbot.addWidget(widget)
    widget.resize(400, 700)
    widget.show()
    return widget


def _on(part) -> set[str]:
    return {name for name, on in part.state().items() if on}


def _linked(viewer) -> list[str]:
    return [layer.name for layer in viewer.layers if {"box", "surface"} & layer.metadata.keys()]


def _index(widget, name: str) -> QModelIndex:
    organ = next(organ for organ in TOTALSEGMENTATOR.organs if organ.name == name)
    return widget.model.row_of(organ)


def _groups(widget) -> list[str]:
    return [item.text() for item in widget.model.groups()]


def _listed(widget) -> list[str]:
    tree, index, names = widget.list, widget.model.index(0, NAME), []
    if tree.isRowHidden(0, QModelIndex()):
        index = tree.indexBelow(index)
    while index.isValid():
        names.append(index.data().replace("\n", " "))
        index = tree.indexBelow(index)
    return names


def test_layers_are_made_for_those_alone_that_have_colours_of_their_own(add, viewer, qtbot):
    scene = add()
    assert _on(scene.surfaces) == _on(scene.boxes) == PALETTE
    assert len(_on(scene.masks)) == len(TOTALSEGMENTATOR.names)
    qtbot.waitUntil(lambda: len(_linked(viewer)) == 2 * len(PALETTE))
    qtbot.wait(300)
    assert len(_linked(viewer)) == 2 * len(PALETTE)


def test_a_card_says_what_is_shown_at_first(add):
    scene = add(shown=["aorta", "colon", "no organ"])
    assert _on(scene.masks) == _on(scene.surfaces) == _on(scene.boxes) == {"aorta", "colon"}


def test_what_was_shown_is_so_in_the_next_label_map_of_the_same_organs(add, viewer, qtbot):
    scene = add(shown=["aorta", "colon"])
    scene.boxes.show({"aorta": False, "brain": True})
    scene.masks.show({"colon": False})
    qtbot.waitUntil(CHOICES.path.is_file)
    scene.solo.start("colon")  # for a look, not for ever
    scene.surfaces.changed.emit()
    qtbot.wait(300)
    viewer.layers.remove(scene.layer)
    qtbot.wait(300)
    again = add(shown=["aorta", "colon"])
    assert _on(again.masks) == {"aorta"}
    assert _on(again.surfaces) == {"aorta", "colon"}
    assert _on(again.boxes) == {"colon", "brain"}


@pytest.mark.parametrize("kept", ["[", '{"aorta": 3}', "null"])
def test_a_spoilt_memory_is_none(kept, add, qtbot):
    CHOICES.path.parent.mkdir(parents=True, exist_ok=True)
    CHOICES.path.write_text(kept)
    assert _on(add().boxes) == PALETTE


def test_a_memory_that_can_not_be_written_stops_nobody(add, qtbot):
    CHOICES.path.mkdir(parents=True)
    scene = add()
    scene.boxes.show({"aorta": True})
    qtbot.wait(400)
    assert _on(scene.boxes) == {*PALETTE, "aorta"}


def test_organs_are_listed_in_groups_of_which_the_first_is_open(organs):
    assert [text.split(" · ")[0] for text in _groups(organs)] == [
        *("abdomen", "vessels", "chest", "bones", "muscles", "head and spine"),
    ]
    assert {"liver", "right kidney cyst"} < set(_listed(organs))
    assert not {"aorta", "sternum"} & set(_listed(organs))


def test_a_search_opens_groups_and_its_end_closes_them_again(organs):
    before = _listed(organs)
    organs.search.setText("kidney LEFT")
    assert _listed(organs)[1:] == ["left kidney", "left kidney cyst"]
    organs.search.setText("muscles")
    assert len(_listed(organs)) == 11
    organs.search.setText("vertebra l")
    assert _listed(organs)[1:] == [f"vertebra L{number}" for number in range(5, 0, -1)]
    organs.search.setText("nowhere")
    assert _listed(organs) == []
    assert "nowhere" in organs.message.text()
    assert organs.message.isVisible()
    organs.search.clear()
    assert not organs.message.isVisible()
    assert _listed(organs) == before


def test_enter_goes_to_the_first_organ_that_is_found(organs, viewer, qtbot):
    organs.search.setText("brain")
    qtbot.keyClick(organs.search, Qt.Key.Key_Return)
    assert organs.model.scene.painting.organ.name == "brain"
    box = organs.model.scene.boxes_by_name()["brain"]
    grid = organs.model.scene.table.grid
    assert viewer.dims.point[0] == pytest.approx(box.centre(grid)[0], abs=grid.spacing[0])
    organs.search.setText("nowhere")
    qtbot.keyClick(organs.search, Qt.Key.Key_Return)
    assert organs.model.scene.painting.organ.name == "brain"


@pytest.mark.parametrize(("column", "part"), [(MASK, "masks"), (SURFACE, "surfaces")])
def test_a_group_is_shown_and_hidden_as_one(column, part, organs):
    scene = organs.model.scene
    muscles = organs.model.groups()[4].index()
    before = _on(getattr(scene, part))
    organs.model.toggle(muscles.siblingAtColumn(column))
    changed = before ^ _on(getattr(scene, part))
    assert len(changed) == 10
    assert all("gluteus" in n or "autochthon" in n or "iliopsoas" in n for n in changed)
    organs.model.toggle(muscles.siblingAtColumn(column))
    assert _on(getattr(scene, part)) == before


def test_number_keys_choose_the_first_organs_by_their_values(organs, qtbot):
    organs.list.setFocus()
    qtbot.keyClick(organs.list, Qt.Key.Key_2)
    assert organs.model.scene.painting.organ.name == TOTALSEGMENTATOR.names[1]
    assert organs.list.currentIndex() == _index(organs, TOTALSEGMENTATOR.names[1])
    scene = organs.model.scene
    assert scene.boxes.state()["right kidney"]
    qtbot.keyClick(organs.list, Qt.Key.Key_B)
    assert not scene.boxes.state()["right kidney"]


def test_groups_that_the_user_closes_or_opens_stay_so_when_a_side_is_split(organs, qtbot):
    abdomen, vessels = (item.index() for item in organs.model.groups()[:2])
    organs.list.collapse(abdomen)
    organs.list.expand(vessels)
    organs.search.setText("liver")
    organs.search.clear()
    organs.model._lay_out(organs.model.scene.table)
    assert "liver" not in _listed(organs)
    assert "aorta" in _listed(organs)


def test_an_eye_of_a_group_is_open_while_any_of_it_is_seen(organs):
    scene = organs.model.scene
    group = organs.model.groups()[0]
    row = [organs.model.item(group.row(), column) for column in (EYE, MASK, BOX)]
    assert [item.checkState() == Qt.CheckState.Checked for item in row] == [True, True, False]
    scene.masks.show({"colon": False})
    assert [item.checkState() == Qt.CheckState.Checked for item in row] == [True, False, False]
