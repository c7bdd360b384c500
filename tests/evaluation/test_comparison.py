"""A comparison that follows edits."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.errors import ImageError
from napari_abdoseg.evaluation.agreement import agreement_map
from napari_abdoseg.evaluation.comparison import Comparison, comparing
from napari_abdoseg.evaluation.error_regions import error_regions
from napari_abdoseg.evaluation.organ_scores import score_organs
from napari_abdoseg.evaluation.tolerance import FLARE22
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.progress import drain

LIVER, KIDNEY, SPLEEN, PANCREAS = ABDOMINAL_ORGANS


@pytest.fixture
def comparison(phantom):
    _, truth = phantom
    found = LabelMap(np.roll(truth.data, 1, axis=1), truth.grid, truth.organs)
    return Comparison(found, LabelMap(truth.data.copy(), truth.grid, truth.organs), FLARE22)


def edit(labels: LabelMap, place: tuple[slice, ...], value: int) -> Edit:
    """Paint voxels, as a stroke does."""
    where = tuple(axis.ravel() for axis in np.mgrid[place])
    before = labels.data[where]
    labels.data[where] = value
    return Edit(where, before, np.full(before.shape, value, labels.data.dtype))


def test_it_says_what_the_functions_say(comparison):
    prediction, reference = comparison.prediction, comparison.reference
    scores = score_organs(prediction, reference, FLARE22)
    assert tuple(map(comparison.score, comparison.organs)) == scores
    np.testing.assert_array_equal(comparison.agreement, agreement_map(prediction, reference))
    errors = [error for organ in comparison.organs for error in comparison.errors(organ)]
    assert set(errors) == set(error_regions(prediction, reference))


def test_it_can_leave_out_what_takes_longest(comparison):
    quick, whole = (comparison.score(LIVER, with_distances) for with_distances in (False, True))
    assert isnan(quick.hd95_mm)
    assert isnan(quick.assd_mm)
    assert (quick.dsc, quick.nsd) == (whole.dsc, whole.nsd)
    assert (quick.tolerance_mm, quick.emptiness) == (whole.tolerance_mm, whole.emptiness)


@pytest.mark.parametrize("edited", ["prediction", "reference"])
def test_it_is_right_after_edits_of_either(comparison, edited):
    labels = getattr(comparison, edited)
    strokes = [
        edit(labels, np.s_[2:5, 3:9, 40:47], LIVER.value),
        edit(labels, np.s_[10:14, 20:30, 20:30], 0),
    ]
    touched = comparison.take(strokes, labels)
    assert LIVER in touched
    fresh = Comparison(comparison.prediction, comparison.reference, FLARE22)
    np.testing.assert_array_equal(comparison.agreement, fresh.agreement)
    for organ in comparison.organs:
        assert comparison.score(organ) == fresh.score(organ)
        assert comparison.errors(organ) == fresh.errors(organ)


def test_an_edit_touches_the_organs_that_win_or_lose_voxels(comparison):
    comparison.prediction.data[:3] = 0
    comparison.prediction.data[:2] = SPLEEN.value
    painted = comparison.prediction
    stroke = edit(painted, np.s_[:1, :2, :2], PANCREAS.value)
    assert comparison.take([stroke], painted) == (SPLEEN, PANCREAS)
    assert comparison.take([], painted) == ()
    assert comparison.take([edit(painted, np.s_[:0, :2, :2], 1)], painted) == ()


def test_a_stroke_may_be_told_of_before_it_is_painted(comparison):
    labels = comparison.prediction
    before = labels.data.copy()
    stroke = edit(labels, np.s_[2:5, 3:9, 40:47], LIVER.value)
    painted = labels.data.copy()
    labels.data[:] = before
    comparison.take([stroke], labels)
    labels.data[:] = painted
    np.testing.assert_array_equal(comparison.agreement, agreement_map(labels, comparison.reference))


def test_an_organ_that_neither_has_can_be_painted(comparison):
    for labels in (comparison.prediction, comparison.reference):
        labels.data[labels.data == PANCREAS.value] = 0
    comparison = Comparison(comparison.prediction, comparison.reference)
    assert comparison.box(PANCREAS) is None
    assert comparison.surface(PANCREAS) is None
    assert comparison.errors(PANCREAS) == ()
    painted = comparison.prediction
    comparison.take([edit(painted, np.s_[4:6, 5:8, 6:9], PANCREAS.value)], painted)
    assert comparison.box(PANCREAS) == Box((4, 5, 6), (6, 8, 9))
    assert comparison.score(PANCREAS).emptiness == "reference empty"
    assert comparison.surface(PANCREAS) is None


def test_the_surface_knows_where_it_is_wrong(comparison):
    surface = comparison.surface(LIVER)
    assert len(surface.distances) == len(surface.vertices)
    assert surface.distances.min() < -3
    assert surface.distances.max() > 3


def test_other_grids_are_refused(phantom):
    _, truth = phantom
    moved = Grid.from_spacing(truth.grid.shape, (1.0, 2.0, 3.0))
    with pytest.raises(ImageError, match="not on one grid"):
        Comparison(LabelMap(truth.data, moved, truth.organs), truth)


def test_findings_are_of_all_organs_and_come_step_by_step(comparison):
    prediction, reference = comparison.prediction, comparison.reference
    findings = drain(comparing(prediction, reference, FLARE22))
    assert findings.comparison.tolerances is FLARE22
    assert tuple(findings.scores) == tuple(findings.errors) == comparison.organs
    for organ in comparison.organs:
        assert findings.scores[organ] == comparison.score(organ)
        assert findings.errors[organ] == comparison.errors(organ)
    steps = [progress.done for progress in comparing(prediction, reference)]
    assert steps == [0, 0, 1, 2, 3]
