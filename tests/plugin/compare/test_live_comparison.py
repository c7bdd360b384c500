"""Scores of two layers that follow edits, without a window."""

from __future__ import annotations

import comparing
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from napari_abdoseg.evaluation.agreement import agreement_map
from napari_abdoseg.evaluation.organ_scores import score_organs
from napari_abdoseg.evaluation.tolerance import FLARE21
from napari_abdoseg.plugin.compare.live import LiveComparison
from napari_abdoseg.plugin.compare.work import comparing_layers
from napari_abdoseg.plugin.layers.conversion import labels_layer
from napari_abdoseg.progress import drain


@pytest.fixture
def truth(phantom):
    return comparing.changed(phantom[1], phantom[1].data.copy())


@pytest.fixture
def found(truth):
    return comparing.damaged(truth)


@pytest.fixture
def layers(qapp, found, truth):
    viewer = ViewerModel()
    return viewer, *(
        viewer.add_layer(Layer.create(*labels_layer(labels, name)))
        for labels, name in ((found, "found"), (truth, "truth"))
    )


@pytest.fixture
def live(layers):
    viewer, prediction, reference = layers
    _, findings = drain(comparing_layers(prediction, reference, FLARE21))
    live = LiveComparison(viewer, prediction, reference, findings)
    yield live
    live.close()


def _is_right(live, found, truth) -> bool:
    return tuple(live.scores.values()) == score_organs(found, truth)


def _paint(layer, place, value=3) -> None:
    layer.brush_size, layer.n_edit_dimensions = 5, 3
    layer.paint(place, value)


def test_only_what_a_stroke_touches_is_scored_again(live, layers, qtbot, found, truth):
    settled = []
    live.settled.connect(settled.append)
    _paint(layers[1], (3, 3, 3), 0)
    qtbot.waitUntil(lambda: bool(settled))
    assert [organ.name for organ in settled[0]] == ["spleen"]
    assert _is_right(live, found, truth)
    assert live.scores_at_start != live.scores


def test_strokes_in_quick_succession_all_count(live, layers, qtbot, found, truth):
    for x in range(3, 12, 3):
        _paint(layers[1], (3, 20, x))
        qtbot.wait(60)
    qtbot.waitUntil(lambda: _is_right(live, found, truth))
    np.testing.assert_array_equal(live.comparison.agreement, agreement_map(found, truth))


def test_a_stroke_while_all_is_looked_at_again_counts(live, layers, qtbot, found, truth):
    live.compare_anew()
    _paint(layers[1], (3, 20, 20))
    qtbot.waitUntil(lambda: _is_right(live, found, truth))
    np.testing.assert_array_equal(live.comparison.agreement, agreement_map(found, truth))


def test_another_look_at_the_same_voxels_changes_no_score(live, layers, qtbot):
    before, seen, settled = dict(live.scores), [], []
    live.scored.connect(lambda: seen.append(dict(live.scores)))
    live.settled.connect(settled.append)
    layers[1].refresh()
    qtbot.waitUntil(lambda: bool(settled))
    assert all(scores == before for scores in seen)


def test_a_new_organ_can_not_be_compared_on(layers, qtbot, found, truth):
    viewer, _, reference = layers
    numbered = viewer.add_labels(
        found.data.astype(np.int32),
        scale=found.grid.spacing,
        translate=found.grid.origin,
        units="mm",
        name="numbered",
    )
    del reference.metadata["organs"]
    _, findings = drain(comparing_layers(numbered, reference, FLARE21))
    live, reasons = LiveComparison(viewer, numbered, reference, findings), []
    live.failed.connect(reasons.append)
    _paint(numbered, (3, 20, 20), 9)
    qtbot.waitUntil(lambda: bool(reasons))
    assert "other organs now: compare them again" in reasons[0]
    live.close()


def test_closed_it_follows_no_more(live, layers, qtbot):
    live.close()
    seen = []
    live.scored.connect(lambda: seen.append(True))
    _paint(layers[1], (3, 20, 20))
    qtbot.wait(400)
    assert seen == []
