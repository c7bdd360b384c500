"""Does correcting get faster: what is said of it, and shown."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from limits import no_file_above
from small_scans import write_image, write_label_map

from napari_abdoseg.errors import SaveError
from napari_abdoseg.image.files.saving import write_text
from napari_abdoseg.progress import drain
from napari_abdoseg.worklist.effort.case_effort import (
    FEW,
    WINDOW,
    case_works,
    running_median,
    trend_of,
    trend_words,
)
from napari_abdoseg.worklist.effort.curve_plot import HEIGHT, Range, Series, curve_plot
from napari_abdoseg.worklist.effort.effort import OrganWork
from napari_abdoseg.worklist.effort.effort_page import render_effort
from napari_abdoseg.worklist.effort.measuring_effort import measuring_effort
from napari_abdoseg.worklist.records.work_folder import WorkFolder


def entry(user, when, minutes, organs=("liver", "spleen"), strokes=7):
    part = {"seconds": 60 * minutes / len(organs), "strokes": {"brush": strokes}, "slices": [1]}
    return {
        **{"user": user, "when": when, "strokes": {"brush": strokes}},
        **{"effort": dict.fromkeys(organs, part), "voxels": {}},
    }


def corrected(folder, case, *entries):
    write_image(folder.scans / f"{case}.nii.gz", len(list(folder.scans.glob("*"))))
    write_label_map(folder.labels_of(case))
    (folder.masks / f"{case}.json").write_text(json.dumps({"corrections": entries}))


@pytest.fixture
def folder(tmp_path):
    return WorkFolder.of(tmp_path / "scans")


def looked_at(folder, rows):
    listed = list(rows(folder).values())
    works = drain(measuring_effort(folder, listed))
    return case_works(folder, listed, works), works


def test_work_is_each_persons_in_the_order_of_first_saves(folder, rows):
    corrected(folder, "a", entry("anna", "2026-11-03T09:00:00+01:00", 4))
    corrected(
        folder,
        "b",
        entry("anna", "2026-11-02T09:30:00+02:00", 3),
        entry("anna", "2026-11-09T09:00:00+01:00", 2),
        entry("ben", "2026-11-04T09:00:00+01:00", 5),
    )
    corrected(folder, "c", entry("anna", "2026-11-02T08:00:00+01:00", 6))
    corrected(folder, "d", entry("anna", "yesterday", 1))
    corrected(folder, "e", {"user": "ben", "when": "2026-11-01", "strokes": {"brush": 2}})
    people, _ = looked_at(folder, rows)
    assert [(work.case, work.minutes) for work in people["anna"]] == [
        *(("c", 6), ("b", 5), ("a", 4), ("d", 1))  # by the moment, whatever its zone
    ]
    assert [(work.case, work.minutes, work.strokes) for work in people["ben"]] == [
        *(("e", None, 2), ("b", 5, 7))
    ]


def test_what_came_of_it_is_told_of_those_who_worked_alone(folder, rows):
    corrected(folder, "a", entry("anna", "2026-11-03T09:00:00+01:00", 4))
    both = (entry("anna", "2026-11-04T09:00:00+01:00", 4), entry("ben", "2026-11-05", 4))
    corrected(folder, "b", *both)
    works = [
        *(OrganWork(case, "liver", path_mm=30.0, dsc_of_both=0.9) for case in "ab"),
        *(OrganWork(case, "spleen", path_mm=50.0, dsc_of_both=0.7) for case in "ab"),
    ]
    people = case_works(folder, list(rows(folder).values()), works)
    alone, shared = people["anna"]
    assert (alone.path_mm, alone.dsc_of_both, alone.minutes_per_path) == (80, pytest.approx(0.8), 5)
    assert (shared.path_mm, shared.dsc_of_both, shared.minutes_per_path) == (None, None, None)


def test_of_few_cases_nothing_is_said():
    few = [10.0 - n for n in range(FEW - 1)]
    assert trend_of(few) is None
    assert trend_words(few) == (
        "7 cases: too few to tell whether correcting gets faster; 8 are needed."
    )
    assert trend_words([3.0]).startswith("1 case: too few")
    assert running_median(few[: WINDOW - 1]) == ()


def test_a_trend_is_told_with_its_interval_and_single_hard_cases_do_not_move_it():
    rng = np.random.default_rng(1)
    falling = 12 - 0.3 * np.arange(24) + rng.normal(0, 0.8, 24)
    falling[[5, 17]] += 40
    trend = trend_of(list(falling))
    assert trend.low < -3 < trend.high < 0
    assert trend_words(list(falling)).startswith("Correcting gets faster: ")
    assert trend_words(list(falling[::-1])).startswith("Correcting gets slower: ")


def test_chance_is_rarely_taken_for_a_trend():
    rng = np.random.default_rng(2)
    told = [trend_words(list(rng.lognormal(1.5, 0.5, 12))) for _ in range(200)]
    chance = sum(words.startswith("No change that can be told from chance") for words in told)
    assert 0.9 <= chance / 200 <= 0.99


@pytest.mark.parametrize(
    ("values", "low", "expected"),
    [
        ([3.0, 11.6], 0.0, (0, 12.5, 2.5)),
        ([0.0], 0.0, (0, None, None)),
        ([0.942, 1.0], None, (0.94, 1.0, 0.02)),
        ([812.0], 0.0, (0, 1000, 200)),
    ],
)
def test_axes_have_round_ends_and_hold_all(values, low, expected):
    axis = Range.of(values, low)
    for found, known in zip((axis.low, axis.high, axis.step), expected):
        assert known is None or found == pytest.approx(known)
    assert axis.low <= min(values)
    assert max(values) <= axis.high + 1e-9
    assert 2 <= len(axis.ticks) <= 8


@pytest.mark.parametrize("cases", [1, 2, 7, 36, 400])
def test_points_lie_within_the_plot_and_ticks_have_numbers_of_cases(cases):
    values = {place: float(place) for place in range(cases)}
    titles = dict.fromkeys(values, "")
    axis = Range.of(values.values())
    plot = curve_plot("x", [Series("", values, titles)], cases, axis)
    (curve,) = plot.curves
    assert all(0 <= point.y <= HEIGHT for point in curve.points)
    assert [p.y for p in curve.points] == sorted((p.y for p in curve.points), reverse=True)
    numbers = [int(label) for _, label in plot.x_ticks]
    assert numbers[0] == 1
    assert numbers[-1] <= cases
    assert len(numbers) <= 9
    assert len({label for _, label in plot.y_ticks}) == len(plot.y_ticks)


class Tags(HTMLParser):
    """Tags of a page that are left open, and how many there are of each."""

    def __init__(self, page):
        super().__init__()
        self.open, self.found, self.words = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_the_page_has_a_point_a_case_and_a_line_where_there_are_enough(folder, rows):
    for number in range(9):
        when = f"2026-11-{number + 1:02}T09:00:00+01:00"
        corrected(folder, f"a{number}", entry("anna", when, 9 - number))
    corrected(folder, "b", entry("<b>ben", "2026-11-01", 3))
    people, works = looked_at(folder, rows)
    page = Tags(render_effort(people, works))
    assert page.open == []
    assert page.found.count("figure") == 4  # minutes and strokes of two people
    assert page.found.count("circle") == 2 * 9 + 2
    assert page.found.count("polyline") == 2
    words = " ".join(page.words)
    assert "Correcting gets faster" in words
    assert "1 case: too few to tell" in words
    assert "<b>ben" in words  # as text
    assert "nan" not in words


def test_without_corrections_the_page_says_so(folder):
    page = render_effort({}, ())
    assert "Nobody has corrected a case" in page
    assert Tags(page).open == []


def test_a_page_without_room_leaves_nothing(tmp_path):
    with no_file_above(100), pytest.raises(SaveError, match=r"effort\.html was not saved"):
        write_text(tmp_path / "effort.html", render_effort({}, ()))
    assert not list(tmp_path.iterdir())


def test_dsc_before_and_after_are_told_apart(folder, rows):
    corrected(folder, "a", entry("anna", "2026-11-03T09:00:00+01:00", 4))
    listed = list(rows(folder).values())
    works = [OrganWork("a", "liver", ("anna",), dsc_before=0.8, dsc_after=0.95, dsc_of_both=0.9)]
    works = [replace(works[0], nsd_before=0.7, nsd_after=0.9)]
    people = case_works(folder, listed, works)
    assert people["anna"][0].minutes_per_path is None
    page = render_effort(people, works)
    assert '<g class="before">' in page
    assert all(f"{score} to the reference" in page for score in ("DSC", "NSD"))
    assert people["anna"][0].nsd_after == pytest.approx(0.9)
    assert "DSC of the label map before and after" in page
    assert math.isclose(people["anna"][0].dsc_after, 0.95)
