"""The panel `Compare with labels` beside layers of a viewer without a window."""

from __future__ import annotations

import comparing
import numpy as np
import pytest
from comparing import KIDNEY, LIVER, MEAN, PANCREAS, SPLEEN, compare, dsc, errors, row_of
from napari.components import ViewerModel
from napari.layers import Labels, Layer
from napari.utils.notifications import notification_manager

from napari_abdoseg.evaluation.agreement import Agreement, agreement_map
from napari_abdoseg.evaluation.comparison import Comparison
from napari_abdoseg.evaluation.organ_scores import score_organs
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.compare.widget import CompareWidget
from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer
from napari_abdoseg.plugin.organs.scene import organ_scene


@pytest.fixture
def viewer(phantom, truth, found, qtbot):
    """A CT with its labels, and a prediction of them."""
    viewer = ViewerModel()
    viewer.add_layer(Layer.create(*image_layer(phantom[0])))
    viewer.add_layer(Layer.create(*labels_layer(truth, "truth")))
    viewer.add_layer(Layer.create(*labels_layer(found, "found")))
    yield viewer
    viewer.layers.clear()
    qtbot.wait(1)


@pytest.fixture
def widget(viewer, qtbot):
    widget = CompareWidget(viewer)
    qtbot.addWidget(widget)
    widget.resize(380, 800)
    widget.show()
    return widget


def said() -> str:
    return notification_manager.records[-1].message


def names(viewer) -> list[str]:
    return [layer.name for layer in viewer.layers]


def paint(layer: Labels, place, value: int) -> None:
    layer.brush_size, layer.n_edit_dimensions = 3, 3
    layer.paint(tuple(place), value)


def fresh_dsc(found: LabelMap, truth: LabelMap, row: int) -> str:
    return f"{score_organs(found, truth)[row].dsc:.4f}"


def test_the_last_two_label_layers_are_chosen(widget):
    assert widget.choice.prediction.value.name == "found"
    assert widget.choice.reference.value.name == "truth"


def test_another_tolerance_gives_another_nsd(widget, qtbot, found, truth):
    widget.choice.tolerance.setCurrentText("8 mm")
    compare(widget, qtbot)
    assert "8 mm" in widget.findings.title.text()
    assert float(row_of(widget, PANCREAS)[3]) > score_organs(found, truth)[PANCREAS].nsd


def test_errors_and_hd95_follow_too(compared, viewer, qtbot, found, truth):
    comparing.click_row(qtbot, compared.findings.score_table, SPLEEN)
    assert errors(compared) == [("spleen", "false positive")]
    layer = viewer.layers["found"]
    layer.data_setitem(np.nonzero((found.data == 3) & (truth.data != 3)), 0)
    qtbot.waitUntil(lambda: errors(compared) == [])
    qtbot.waitUntil(lambda: row_of(compared, SPLEEN)[4] == "0.0")
    assert dsc(compared, SPLEEN).startswith("1.0000\n+")


def test_corrections_of_the_reference_count_too(compared, viewer, qtbot, found, truth):
    paint(viewer.layers["truth"], (3, 3, 3), 3)
    expected = fresh_dsc(found, truth, SPLEEN)
    qtbot.waitUntil(lambda: dsc(compared, SPLEEN).startswith(expected))
    np.testing.assert_array_equal(
        viewer.layers["found agreement"].data, agreement_map(found, truth)
    )


def test_what_a_lock_holds_back_changes_no_score(compared, viewer, qtbot, found, truth):
    layer = viewer.layers["found"]
    scene = organ_scene(viewer, layer)
    qtbot.waitUntil(lambda: bool(scene.table.organs))
    scene.painting.lock(truth.organs[LIVER], True)
    liver, spleen = (np.argwhere((found.data == value) & (truth.data == value)) for value in (1, 3))
    paint(layer, liver[len(liver) // 2], 3)
    paint(layer, spleen[len(spleen) // 2], 0)
    expected = fresh_dsc(found, truth, SPLEEN)
    qtbot.waitUntil(lambda: dsc(compared, SPLEEN).startswith(expected))
    assert dsc(compared, LIVER) == fresh_dsc(found, truth, LIVER)


def test_a_change_by_a_script_is_seen(compared, viewer, qtbot, found, truth):
    layer = viewer.layers["found"]
    layer.data[truth.data == 4] = 4
    layer.refresh()
    expected = fresh_dsc(changed_to(found, layer.data), truth, PANCREAS)
    qtbot.waitUntil(lambda: dsc(compared, PANCREAS).startswith(expected))


def changed_to(labels: LabelMap, data) -> LabelMap:
    return comparing.changed(labels, np.asarray(data))


def test_edits_while_the_button_is_at_work_are_not_lost(widget, viewer, qtbot, found, truth):
    widget.button.native.click()
    paint(viewer.layers["found"], (3, 20, 20), 3)
    qtbot.waitUntil(lambda: widget.job is None, timeout=60_000)
    expected = fresh_dsc(found, truth, SPLEEN)
    qtbot.waitUntil(lambda: dsc(widget, SPLEEN).startswith(expected))


def test_organs_of_other_values_are_matched_by_name(widget, viewer, qtbot, truth):
    table = np.array([0, 4, 3, 2, 1])
    organs = tuple(sorted(type(o)(int(table[o.value]), o.name) for o in truth.organs))
    turned = LabelMap(table[truth.data].astype(np.uint8), truth.grid, organs)
    layer = viewer.add_layer(Layer.create(*labels_layer(turned, "turned")))
    widget.choice.prediction.value, widget.choice.reference.value = viewer.layers["found"], layer
    compare(widget, qtbot)
    assert row_of(widget, LIVER)[0] == "liver"
    assert dsc(widget, KIDNEY) == "1.0000"
    paint(layer, (3, 3, 3), int(table[3]))
    agreement = viewer.layers["found agreement"]
    qtbot.waitUntil(lambda: agreement.data[3, 3, 3] == Agreement.TRUE_POSITIVE)


def test_labels_of_another_program_are_matched_by_value(widget, viewer, qtbot, found, truth):
    other = viewer.add_labels(
        found.data.astype(np.int32),
        scale=found.grid.spacing,
        translate=found.grid.origin,
        units="mm",
        name="other",
    )
    widget.choice.prediction.value = other
    widget.choice.reference.value = viewer.layers["truth"]
    compare(widget, qtbot)
    assert dsc(widget, LIVER) == fresh_dsc(found, truth, LIVER)
    paint(other, (3, 20, 20), 3)
    expected = fresh_dsc(changed_to(found, other.data), truth, SPLEEN)
    qtbot.waitUntil(lambda: dsc(widget, SPLEEN).startswith(expected))


def test_deleting_all_layers_at_once(compared, viewer, qtbot):
    viewer.layers.clear()
    qtbot.waitUntil(lambda: compared.scene is None)
    assert names(viewer) == []


def test_deleting_a_layer_in_the_middle_of_work(widget, viewer, qtbot):
    widget.button.native.click()
    viewer.layers.remove("found")
    qtbot.waitUntil(lambda: widget.job is None)
    assert widget.scene is None


def test_a_second_comparison_takes_the_place_of_the_first(compared, viewer, qtbot, truth):
    viewer.add_layer(Layer.create(*labels_layer(truth, "copy")))
    compared.choice.prediction.value = viewer.layers["copy"]
    compared.choice.reference.value = viewer.layers["truth"]
    compare(compared, qtbot)
    assert "found agreement" not in names(viewer)
    assert "copy agreement" in names(viewer)
    assert dsc(compared, MEAN) == "1.0000"
    assert viewer.layers["found"].contour == 0


def test_one_label_layer_is_not_enough(widget, viewer, qtbot):
    viewer.layers.remove("truth")
    compare(widget, qtbot)
    assert "Two different label layers are needed" in said()


def test_a_layer_can_not_be_compared_with_itself(widget, viewer, qtbot):
    widget.choice.reference.value = viewer.layers["found"]
    compare(widget, qtbot)
    assert "Two different label layers are needed" in said()


def test_other_shapes_are_told_with_the_layers_names(widget, viewer, qtbot):
    other = viewer.add_labels(np.ones((4, 5, 6), np.uint8), units="mm", name="other")
    widget.choice.prediction.value = other
    widget.choice.reference.value = viewer.layers["truth"]
    compare(widget, qtbot)
    assert "The layer other is not on the grid of The layer truth" in said()
    assert widget.scene is None
    assert widget.choice.isEnabled()


def test_labels_outside_the_scheme_are_told(widget, viewer, qtbot, found):
    data = np.where(found.data == 4, 7, found.data)
    other = viewer.add_labels(
        data, scale=found.grid.spacing, translate=found.grid.origin, units="mm", name="other"
    )
    widget.choice.prediction.value = other
    widget.choice.reference.value = viewer.layers["truth"]
    compare(widget, qtbot)
    assert "The layer other has the value 7, which no organ of The layer truth has" in said()


def test_layers_without_a_common_organ_are_told(widget, viewer, qtbot, truth):
    organs = (type(truth.organs[0])(1, "heart"),)
    other = LabelMap((truth.data == 1).astype(np.uint8), truth.grid, organs)
    widget.choice.prediction.value = viewer.add_layer(Layer.create(*labels_layer(other, "other")))
    widget.choice.reference.value = viewer.layers["truth"]
    compare(widget, qtbot)
    assert "no organ is in both" in said()
    assert "The layer other has heart (1)" in said() or "The layer other heart (1)" in said()


def test_a_flat_layer_is_told(widget, viewer, qtbot):
    widget.choice.prediction.value = viewer.add_labels(
        np.ones((5, 6), np.uint8), units="mm", name="flat"
    )
    widget.choice.reference.value = viewer.layers["truth"]
    compare(widget, qtbot)
    assert "flat has 2 dimensions" in said()


@pytest.mark.parametrize("tolerance", ["", "wide", "-1", "nan mm"])
def test_a_tolerance_that_is_none_is_told(widget, qtbot, tolerance):
    widget.choice.tolerance.setCurrentText(tolerance)
    compare(widget, qtbot)
    assert "is no tolerance: give millimetres" in said()


def test_a_layer_that_gets_another_shape_ends_the_comparison(compared, viewer, qtbot):
    viewer.layers["found"].data = np.ones((4, 5, 6), np.uint8)
    qtbot.waitUntil(lambda: compared.scene is None)
    assert "labels and CT must have the same shape" in said()
    assert "found agreement" not in names(viewer)


def test_scores_of_each_organ_and_their_mean(compared, found, truth):
    scores = score_organs(found, truth)
    for row, score in enumerate(scores):
        assert row_of(compared, row) == [
            score.organ.name,
            "",
            f"{score.dsc:.4f}",
            f"{score.nsd:.4f}",
            f"{score.hd95_mm:.1f}",
            *(
                f"{ml:,.0f}" if ml >= 1000 else f"{ml:.1f}"
                for ml in (score.volume_prediction_ml, score.volume_reference_ml)
            ),
        ]
    assert dsc(compared, MEAN) == f"{np.mean([score.dsc for score in scores]):.4f}"
    assert compared.findings.title.text() == "<b>found against truth</b> (NSD: FLARE21)"


def test_three_colours_tell_right_from_wrong(compared, viewer, found, truth):
    assert names(viewer)[1:] == ["truth", "found agreement", "found"]
    agreement = viewer.layers["found agreement"]
    np.testing.assert_array_equal(agreement.data, agreement_map(found, truth))
    assert len({tuple(agreement.colormap.map(int(value))[:3]) for value in Agreement}) == 3
    assert viewer.layers["found"].contour == 1
    assert not viewer.layers["truth"].visible
    assert viewer.layers.selection.active is viewer.layers["found"]


def test_errors_are_listed_by_volume_and_of_one_organ_alone(compared, qtbot, found, truth):
    comparison = Comparison(found, truth)
    each = [error for organ in comparison.organs for error in comparison.errors(organ)]
    each.sort(key=lambda error: -error.volume_ml)
    assert errors(compared) == [(error.organ.name, str(error.kind)) for error in each]
    comparing.click_row(qtbot, compared.findings.score_table, LIVER)
    assert errors(compared) == [("liver", "false negative")]
    comparing.click_row(qtbot, compared.findings.score_table, MEAN)
    assert len(errors(compared)) == len(each)


@pytest.mark.parametrize("deleted", ["found", "truth", "found agreement"])
def test_deleting_a_layer_ends_the_comparison(compared, viewer, qtbot, deleted):
    comparing.show_surface(compared, LIVER)
    qtbot.waitUntil(lambda: "liver distance" in names(viewer))
    left = [name for name in ("truth", "found") if name != deleted]
    viewer.layers.remove(deleted)
    qtbot.waitUntil(lambda: names(viewer)[1:] == left)
    assert not compared.findings.isVisibleTo(compared)
    for name in left:
        assert viewer.layers[name].visible
        assert viewer.layers[name].contour == 0
