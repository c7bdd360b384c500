"""Where points, boxes, intervals and colours of the page lie."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from napari_abdoseg.evaluation.paired import PairedDifference
from napari_abdoseg.evaluation.report import words
from napari_abdoseg.evaluation.report.box_plot import WIDTH, box_plot
from napari_abdoseg.evaluation.report.interval import WIDTH as INTERVAL_WIDTH
from napari_abdoseg.evaluation.report.interval import interval_plot

COLORS = {"liver": "#dd6b55", "inferior vena cava": "#b08968"}


def plot(values):
    return box_plot({"liver": dict(enumerate(values))}, COLORS)


def test_every_case_is_a_point_at_its_value():
    values = np.linspace(0.72, 0.98, 14)
    drawn = plot(values)
    (row,) = drawn.rows
    assert len(row.points) == 14
    ticks = {float(label): x for x, label in drawn.ticks}
    scale = np.polyfit(list(ticks), list(ticks.values()), 1)
    for point in row.points:
        assert point.x == pytest.approx(np.polyval(scale, point.value), abs=0.01)
    for name, percent in (("first_quartile", 25), ("median", 50), ("third_quartile", 75)):
        at = np.polyval(scale, np.percentile(values, percent))
        assert getattr(row, name) == pytest.approx(at, abs=0.01)
    assert (row.low, row.high) == (row.points[0].x, row.points[-1].x)


def test_whiskers_stop_before_outliers():
    (row,) = plot([0.2, 0.9, 0.91, 0.92, 0.93, 0.94]).rows
    assert row.low == row.points[1].x


@pytest.mark.parametrize("least", [0.0, 0.01, 0.5, 0.77, 0.93, 0.999, 1.0])
def test_the_axis_holds_all_values_and_ends_at_one(least):
    drawn = plot([least, 1.0])
    labels = [float(label) for _, label in drawn.ticks]
    assert labels[-1] == 1
    assert 0 <= labels[0] <= least
    assert 2 <= len(labels) <= 6
    for point in drawn.rows[0].points:
        assert drawn.left <= point.x <= WIDTH


def test_long_names_have_room_and_many_points_are_small():
    short = plot([0.9, 0.95])
    long = box_plot({"inferior vena cava": {"one": 0.9}}, COLORS)
    assert long.left > short.left
    assert plot(np.linspace(0.5, 1, 200)).radius < short.radius


def difference(metric: str, low: float, at: float, high: float) -> PairedDifference:
    return PairedDifference("liver", metric, 9, 1, 1, at, low, high, 0.5)


def test_intervals_of_a_metric_share_one_scale_about_zero():
    rows = [
        difference("dsc", -0.1, 0.0, 0.05),
        replace(difference("dsc", 0.05, 0.05, 0.05), organ="spleen"),
        difference("hd95_mm", 10, 20, 40),
        replace(difference("dsc", math.nan, 1, math.nan), organ="kidney"),
    ]
    drawn = interval_plot(rows)
    assert drawn.keys() == {("liver", "dsc"), ("spleen", "dsc"), ("liver", "hd95_mm")}
    liver, spleen = drawn["liver", "dsc"], drawn["spleen", "dsc"]
    assert liver.at == INTERVAL_WIDTH / 2
    assert 0 < liver.low < liver.at < liver.high < INTERVAL_WIDTH
    assert spleen.low == spleen.high == liver.high


def test_no_difference_is_drawn_at_zero():
    drawn = interval_plot([difference("dsc", 0, 0, 0)])
    assert drawn["liver", "dsc"].low == INTERVAL_WIDTH / 2


def test_numbers_as_shown():
    assert words.fixed(-0.12345) == "−0.123"
    assert words.fixed(math.nan) == words.signed(math.nan) == "–"
    assert words.signed(0.5, 1) == "+0.5"
    assert words.signed(-0.5, 1) == "−0.5"
    assert words.probability(0.0004) == "< 0.001"
    assert words.probability(0.25) == "0.250"
