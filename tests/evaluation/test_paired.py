"""Two predictions of the same cases."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import wilcoxon

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.case_scores import CaseScores
from napari_abdoseg.evaluation.cohort import CohortScores
from napari_abdoseg.evaluation.label_schemes import Schemes
from napari_abdoseg.evaluation.paired import paired_differences, write_paired
from napari_abdoseg.evaluation.pairs import Pair, Pairing
from napari_abdoseg.evaluation.score import Emptiness, Score
from napari_abdoseg.evaluation.tolerance import FLARE21
from napari_abdoseg.image.organ import Organ

LIVER = Organ(1, "liver")


def cohort(dsc, hd95=None, first=0) -> CohortScores:
    distances = [1.0] * len(dsc) if hd95 is None else hd95
    cases = tuple(
        CaseScores(
            f"case{number}",
            (Score(LIVER, value, value, 1, distance, 1, 10, 10, Emptiness.NEITHER),),
        )
        for number, (value, distance) in enumerate(zip(dsc, distances, strict=True), start=first)
    )
    pairs = tuple(Pair(case.case, Path("p"), Path("r")) for case in cases)
    return CohortScores(cases, (), Pairing(pairs), Schemes(), FLARE21)


@pytest.fixture
def scores():
    rng = np.random.default_rng(3)
    one = rng.uniform(0.7, 1, 30)
    return one, one - rng.normal(0.03, 0.02, 30)


def test_the_interval_holds_the_mean_and_the_test_is_wilcoxons(scores):
    dsc, nsd, hd95 = paired_differences(cohort(scores[0]), cohort(scores[1]))
    assert (dsc.organ, dsc.metric, dsc.n) == ("liver", "dsc", 30)
    assert (nsd.metric, hd95.metric) == ("nsd", "hd95_mm")
    differences = scores[0] - scores[1]
    assert dsc.mean == pytest.approx(scores[0].mean())
    assert dsc.other_mean == pytest.approx(scores[1].mean())
    assert dsc.difference == pytest.approx(differences.mean())
    assert dsc.p_value == wilcoxon(differences).pvalue
    half = 1.96 * differences.std(ddof=1) / math.sqrt(30)
    assert dsc.low == pytest.approx(differences.mean() - half, abs=0.15 * half)
    assert dsc.high == pytest.approx(differences.mean() + half, abs=0.15 * half)


def test_the_same_scores_give_the_same_numbers_and_turned_ones_the_opposite(scores):
    one, other = cohort(scores[0]), cohort(scores[1])
    there, again = paired_differences(one, other), paired_differences(one, other)
    assert there == again
    back = paired_differences(other, one)
    assert back[0].difference == -there[0].difference
    assert back[0].p_value == there[0].p_value
    assert back[0].high == pytest.approx(-there[0].low, rel=0.05)


def test_no_difference_at_all():
    dsc = paired_differences(cohort([0.9, 0.8, 0.7]), cohort([0.9, 0.8, 0.7]))[0]
    assert (dsc.n, dsc.difference, dsc.low, dsc.high, dsc.p_value) == (3, 0, 0, 0, 1)


def test_one_case_has_no_interval():
    dsc = paired_differences(cohort([0.9]), cohort([0.8]))[0]
    assert dsc.n == 1
    assert dsc.difference == pytest.approx(0.1)
    assert math.isnan(dsc.low)
    assert math.isnan(dsc.high)
    assert dsc.p_value == 1


def test_cases_without_a_distance_are_left_out_and_counted():
    nan = math.nan
    one, other = cohort([1, 1, 0], [2.0, 3.0, nan]), cohort([1, 0, 1], [1.0, nan, 4.0])
    hd95 = paired_differences(one, other)[2]
    assert (hd95.n, hd95.difference) == (1, 1)
    hd95 = paired_differences(one, cohort([0, 0, 0], [nan] * 3))[2]
    assert hd95.n == 0
    assert math.isnan(hd95.p_value)


def test_only_cases_of_both_count():
    dsc = paired_differences(cohort([0.9, 0.8, 0.7]), cohort([0.5, 0.5], first=1))[0]
    assert dsc.n == 2
    assert dsc.difference == pytest.approx(0.25)


def test_nothing_in_common_is_a_clear_error():
    with pytest.raises(AbdosegError, match="no case with one organ in common"):
        paired_differences(cohort([0.9]), cohort([0.9], first=5))


def test_the_table_has_a_row_an_organ_and_metric(scores, tmp_path):
    rows = paired_differences(cohort(scores[0]), cohort(scores[1]))
    rows = (*rows, replace(rows[0], organ="spleen", low=math.nan))
    write_paired(tmp_path / "paired.csv", rows)
    with (tmp_path / "paired.csv").open() as file:
        written = list(csv.DictReader(file))
    assert [(row["organ"], row["metric"]) for row in written] == [
        ("liver", "dsc"),
        ("liver", "nsd"),
        ("liver", "hd95_mm"),
        ("spleen", "dsc"),
    ]
    assert float(written[0]["difference"]) == pytest.approx(rows[0].difference)
    assert written[3]["low"] == "nan"
