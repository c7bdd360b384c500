"""What the tables of a comparison say in their cells."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan

import pytest
from qtpy.QtCore import Qt

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.evaluation.case_scores import CaseScores
from napari_abdoseg.evaluation.cohort import CohortScores
from napari_abdoseg.evaluation.error_regions import ErrorKind, ErrorRegion
from napari_abdoseg.evaluation.label_schemes import Schemes
from napari_abdoseg.evaluation.pairs import Pairing
from napari_abdoseg.evaluation.score import Emptiness, Score
from napari_abdoseg.evaluation.tolerance import FLARE21
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.plugin.compare.cases import CaseModel, CasesPanel
from napari_abdoseg.plugin.compare.error_model import ErrorModel
from napari_abdoseg.plugin.compare.score_model import DISTANCE, DSC, HD95, NAME, NSD, ScoreModel
from napari_abdoseg.plugin.widgets.tables import SORT_ROLE

LIVER, KIDNEY, SPLEEN, PANCREAS = ABDOMINAL_ORGANS
GOOD = Score(LIVER, 0.9, 0.8, 1.0, 4.2, 1.0, 1500.4, 999.96, Emptiness.NEITHER)
EMPTY = Score(SPLEEN, 0.0, 0.0, 1.0, nan, nan, 0.0, 200.0, Emptiness.PREDICTION)
HOLE = ErrorRegion(
    LIVER, ErrorKind.FALSE_NEGATIVE, 12.345, 7.89, (3, 4, 5), Box((0,) * 3, (9,) * 3)
)


@pytest.fixture
def scores(qapp) -> ScoreModel:
    return ScoreModel()


def show(model: ScoreModel, *now: Score) -> None:
    start = {score.organ: score for score in (GOOD, EMPTY)}
    model.show_scores({score.organ: score for score in now}, start, "FLARE21")


def texts(model, row: int) -> list[str]:
    return [model.index(row, column).data() for column in range(model.columnCount())]


def test_scores_and_their_mean(scores):
    show(scores, GOOD, EMPTY)
    assert texts(scores, 0)[DSC:] == ["0.9000", "0.8000", "4.2", "1,500", "1,000"]
    assert texts(scores, 1)[DSC:] == ["0.0000", "0.0000", "–", "0.0", "200.0"]
    assert texts(scores, 2)[: NSD + 1] == ["mean", None, "0.4500", "0.4000"]
    assert scores.item(1, NAME).toolTip() == "Prediction empty"
    assert "FLARE21" in scores.horizontalHeaderItem(NSD).toolTip()
    assert scores.organ_at(scores.index(2, DSC)) is None


def test_an_organ_that_neither_has_is_not_scored(scores):
    nowhere = replace(EMPTY, dsc=1.0, nsd=1.0, emptiness=Emptiness.BOTH)
    show(scores, GOOD, nowhere)
    assert texts(scores, 1)[DSC : NSD + 1] == ["–", "–"]
    assert texts(scores, 2)[: NSD + 1] == ["mean", None, "0.9000", "0.8000"]
    show(scores, replace(GOOD, emptiness=Emptiness.BOTH), nowhere)
    assert texts(scores, 2)[DSC : NSD + 1] == ["–", "–"]


def test_changes_since_the_start_have_sign_and_colour(scores):
    show(scores, GOOD, EMPTY)
    show(scores, replace(GOOD, dsc=0.95, nsd=0.79), EMPTY)
    assert texts(scores, 0)[DSC : NSD + 1] == ["0.9500\n+0.0500", "0.7900\n−0.0100"]
    assert texts(scores, 2)[DSC] == "0.4750\n+0.0250"
    better, worse = (scores.item(0, column).foreground().color() for column in (DSC, NSD))
    assert better != worse
    show(scores, GOOD, EMPTY)
    assert texts(scores, 0)[DSC] == "0.9000"


def test_a_distance_that_is_being_measured_is_no_missing_one(scores):
    show(scores, replace(GOOD, hd95_mm=nan), EMPTY)
    assert [scores.item(row, HD95).text() for row in (0, 1)] == ["…", "–"]


def test_only_a_click_of_the_user_shows_a_surface(scores):
    shown = []
    scores.surface_toggled.connect(lambda organ, on: shown.append((organ, on)))
    show(scores, GOOD, EMPTY)
    scores.show_surfaces({"liver": True})
    assert scores.item(0, DISTANCE).checkState() == Qt.CheckState.Checked
    assert shown == []
    scores.item(1, DISTANCE).setCheckState(Qt.CheckState.Checked)
    assert shown == [(SPLEEN, True)]


def test_errors_say_organ_kind_volume_and_depth(qapp):
    model = ErrorModel()
    speck = replace(HOLE, kind=ErrorKind.FALSE_POSITIVE, volume_ml=0.001, depth_mm=inf)
    model.show_errors([HOLE, speck])
    assert texts(model, 0) == ["liver", "false negative", "12.35", "7.9"]
    assert texts(model, 1) == ["liver", "false positive", "< 0.01", "no organ"]
    assert model.index(1, 3).data(SORT_ROLE) == inf
    assert model.error(0) is HOLE


def test_the_same_errors_again_leave_the_selection_alone(qapp):
    model, resets = ErrorModel(), []
    model.modelReset.connect(lambda: resets.append(True))
    model.show_errors([HOLE])
    model.show_errors([HOLE])
    assert len(resets) == 1


@pytest.fixture
def cohort() -> CohortScores:
    """Two cases, one of them without a spleen, and one that failed."""
    cases = CaseScores("a", (GOOD, EMPTY)), CaseScores("b", (GOOD,))
    pairing = Pairing((), tuple(f"m{i}" for i in range(7)))
    return CohortScores(cases, (("c", "c.nii is broken"),), pairing, Schemes(), FLARE21)


def test_cases_have_the_means_of_their_organs_first(qapp, cohort):
    model = CaseModel()
    model.show_cohort(cohort)
    headers = [
        model.headerData(column, Qt.Orientation.Horizontal, Qt.ItemDataRole.DisplayRole)
        for column in range(model.columnCount())
    ]
    assert headers[:4] == ["Case", "mean\nDSC", "mean\nNSD", "liver\nDSC"]
    assert texts(model, 0) == ["a", "0.4500", "0.4000", "0.9000", "0.8000", "0.0000", "0.0000"]
    assert texts(model, 1)[5:] == ["–", "–"]
    assert texts(model, 2)[:2] == ["c", "failed"]
    assert model.index(2, 1).data(Qt.ItemDataRole.ToolTipRole) == "c.nii is broken"
    assert [model.case(row) for row in range(3)] == ["a", "b", None]


def test_what_is_missing_is_named_and_counted(qtbot, cohort):
    panel = CasesPanel()
    qtbot.addWidget(panel)
    panel.show_cohort(cohort)
    assert "Without prediction: m0, m1, m2, m3, m4 and 2 more." in panel.heading.text()
