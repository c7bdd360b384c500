"""What the tables of a comparison say in their cells."""

from __future__ import annotations

from collections.abc import Mapping
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
from napari_abdoseg.plugin.compare.cases import CasesPanel, case_columns, case_rows
from napari_abdoseg.plugin.compare.error_columns import ERROR_COLUMNS
from napari_abdoseg.plugin.compare.score_columns import (
    DISTANCE,
    DSC,
    HD95,
    NAME,
    NSD,
    score_columns,
    score_rows,
)
from napari_abdoseg.plugin.widgets.table_model import Role, TableModel

CHECKABLE = Qt.ItemFlag.ItemIsUserCheckable
LIVER, KIDNEY, SPLEEN, PANCREAS = ABDOMINAL_ORGANS
GOOD = Score(LIVER, 0.9, 0.8, 1.0, 4.2, 1.0, 1500.4, 999.96, Emptiness.NEITHER)
EMPTY = Score(SPLEEN, 0.0, 0.0, 1.0, nan, nan, 0.0, 200.0, Emptiness.PREDICTION)
HOLE = ErrorRegion(
    LIVER, ErrorKind.FALSE_NEGATIVE, 12.345, 7.89, (3, 4, 5), Box((0,) * 3, (9,) * 3)
)


@pytest.fixture
def scores(qapp) -> TableModel:
    return TableModel(score_columns("FLARE21", "dark"))


def show(model: TableModel, *now: Score, in_3d: Mapping[str, bool] | None = None) -> None:
    start = {score.organ: score for score in (GOOD, EMPTY)}
    model.update_rows(score_rows({score.organ: score for score in now}, start, in_3d or {}))


def texts(model, row: int) -> list[str]:
    return [model.index(row, column).data() for column in range(model.columnCount())]


def test_scores_and_their_mean(scores):
    show(scores, GOOD, EMPTY)
    assert texts(scores, 0)[DSC:] == ["0.9000", "0.8000", "4.2", "1,500", "1,000"]
    assert texts(scores, 1)[DSC:] == ["0.0000", "0.0000", "–", "0.0", "200.0"]
    assert texts(scores, 2)[: NSD + 1] == ["mean", "", "0.4500", "0.4000"]
    assert scores.index(1, NAME).data(Role.ToolTipRole) == "Prediction empty"
    tip = scores.headerData(NSD, Qt.Orientation.Horizontal, Role.ToolTipRole)
    assert "FLARE21" in tip
    assert [row.organ for row in scores.rows] == [LIVER, SPLEEN, None]


def test_an_organ_that_neither_has_is_not_scored(scores):
    nowhere = replace(EMPTY, dsc=1.0, nsd=1.0, emptiness=Emptiness.BOTH)
    show(scores, GOOD, nowhere)
    assert texts(scores, 1)[DSC : NSD + 1] == ["–", "–"]
    assert texts(scores, 2)[: NSD + 1] == ["mean", "", "0.9000", "0.8000"]
    show(scores, replace(GOOD, emptiness=Emptiness.BOTH), nowhere)
    assert texts(scores, 2)[DSC : NSD + 1] == ["–", "–"]


def test_changes_since_the_start_have_sign_and_colour(scores):
    show(scores, GOOD, EMPTY)
    show(scores, replace(GOOD, dsc=0.95, nsd=0.79), EMPTY)
    assert texts(scores, 0)[DSC : NSD + 1] == ["0.9500\n+0.0500", "0.7900\n−0.0100"]
    assert texts(scores, 2)[DSC] == "0.4750\n+0.0250"
    better, worse = (scores.index(0, column).data(Role.ForegroundRole) for column in (DSC, NSD))
    assert better != worse
    show(scores, GOOD, EMPTY)
    assert texts(scores, 0)[DSC] == "0.9000"


def test_a_distance_that_is_being_measured_is_no_missing_one(scores):
    show(scores, replace(GOOD, hd95_mm=nan), EMPTY)
    assert [texts(scores, row)[HD95] for row in (0, 1)] == ["…", "–"]


def test_centre_lines_are_said_where_they_were_compared(scores):
    duct = replace(GOOD, cldice=0.84217, centre_line_mm=1.26)
    show(scores, duct, replace(EMPTY, cldice=0.0))
    tips = [scores.index(row, HD95).data(Role.ToolTipRole) for row in range(3)]
    assert tips == ["Centre lines: clDice 0.8422, 1.3 mm apart", "Centre lines: clDice 0.0000", ""]
    show(scores, GOOD, EMPTY)
    assert scores.index(0, HD95).data(Role.ToolTipRole) == ""


def test_only_a_click_of_the_user_shows_a_surface(scores):
    shown = []
    scores.toggled.connect(lambda row, on: shown.append((row.organ, on)))
    show(scores, GOOD, EMPTY, in_3d={"liver": True})
    assert scores.index(0, DISTANCE).data(Role.CheckStateRole) == Qt.CheckState.Checked
    assert shown == []
    scores.setData(scores.index(1, DISTANCE), Qt.CheckState.Checked, Role.CheckStateRole)
    assert shown == [(SPLEEN, True)]
    with_box = [scores.index(row, DISTANCE).flags() & CHECKABLE for row in range(3)]
    assert list(map(bool, with_box)) == [True, True, False]


def test_errors_say_organ_kind_volume_and_depth(qapp):
    model = TableModel(ERROR_COLUMNS)
    speck = replace(HOLE, kind=ErrorKind.FALSE_POSITIVE, volume_ml=0.001, depth_mm=inf)
    model.show_rows([HOLE, speck])
    assert texts(model, 0) == ["liver", "false negative", "12.35", "7.9"]
    assert texts(model, 1) == ["liver", "false positive", "< 0.01", "no organ"]
    model.sort(3, Qt.SortOrder.DescendingOrder)
    assert model.rows == [speck, HOLE]


@pytest.fixture
def cohort() -> CohortScores:
    """Two cases, one of them without a spleen, and one that failed."""
    cases = CaseScores("a", (GOOD, EMPTY)), CaseScores("b", (GOOD,))
    pairing = Pairing((), tuple(f"m{i}" for i in range(7)))
    return CohortScores(cases, (("c", "c.nii is broken"),), pairing, Schemes(), FLARE21)


def test_cases_have_the_means_of_their_organs_first(qapp, cohort):
    model = TableModel(case_columns(cohort.organs))
    model.show_rows(case_rows(cohort))
    headers = [
        model.headerData(column, Qt.Orientation.Horizontal, Qt.ItemDataRole.DisplayRole)
        for column in range(model.columnCount())
    ]
    assert headers[:4] == ["Case", "mean\nDSC", "mean\nNSD", "liver\nDSC"]
    assert texts(model, 0) == ["a", "0.4500", "0.4000", "0.9000", "0.8000", "0.0000", "0.0000"]
    assert texts(model, 1)[5:] == ["–", "–"]
    assert texts(model, 2)[:2] == ["c", "failed"]
    assert model.index(2, 1).data(Qt.ItemDataRole.ToolTipRole) == "c.nii is broken"
    assert [row.failed for row in model.rows] == [False, False, True]
    model.sort(5)
    assert [row.name for row in model.rows] == ["b", "c", "a"]


def test_what_is_missing_is_named_and_counted(qtbot, cohort):
    panel = CasesPanel()
    qtbot.addWidget(panel)
    panel.show_cohort(cohort)
    assert "Without prediction: m0, m1, m2, m3, m4 and 2 more." in panel.heading.text()
