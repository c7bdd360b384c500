"""The page on a cohort."""

from __future__ import annotations

import math
import re
import shutil
from html.parser import HTMLParser

import pytest

from napari_abdoseg.evaluation.cohort import evaluating
from napari_abdoseg.evaluation.paired import paired_differences
from napari_abdoseg.evaluation.report.page import Comparison, render_report
from napari_abdoseg.evaluation.report.worst import drawing_worst
from napari_abdoseg.progress import drain

VOID = {"meta", "img", "br"}


class Outline(HTMLParser):
    """Open and closed tags, attributes, and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def count(self, tag: str, kind: str | None = None) -> int:
        return sum(
            name == tag and (kind is None or attributes.get("class") == kind)
            for name, attributes in self.tags
        )


@pytest.fixture(scope="module")
def cohort(cohort_folders):
    return drain(evaluating(*cohort_folders[:2]))


@pytest.fixture(scope="module")
def worse(cohort_folders):
    return drain(evaluating(cohort_folders[2], cohort_folders[1]))


def test_the_page_is_whole_and_needs_no_other_file(worse, cohort):
    worst = drain(drawing_worst(worse, {}))
    comparison = Comparison(cohort, paired_differences(worse, cohort))
    page = render_report(worse, worst, comparison)
    outline = Outline(page)
    assert not outline.open
    assert outline.count("script") == outline.count("link") == outline.count("iframe") == 0
    sources = [attributes["src"] for _, attributes in outline.tags if attributes.get("src")]
    assert len(sources) == sum(map(len, worst.values())) > 4
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert "http" not in page
    assert "@import" not in page
    assert "url(" not in page


def test_the_page_shows_every_case_organ_and_definition(worse):
    outline = Outline(render_report(worse, {}))
    assert outline.count("circle") == 2 * 3 * 4
    for words in (
        "3 cases, 4 organs. Surface tolerance FLARE21: 1 mm for all organs.",
        "as DeepMind's surface-distance defines it",
        "three pancreas (both empty), two pancreas (prediction empty)",
        f"{worse.cases[0].scores[0].dsc:.3f}",
    ):
        assert words in outline.text
    assert "Failed" not in outline.text
    assert outline.text.count("0.000*") == 2
    assert outline.text.count("1.000*") == 2


def test_two_predictions_are_compared(cohort, worse):
    rows = paired_differences(cohort, worse)
    outline = Outline(render_report(cohort, {}, Comparison(worse, rows)))
    assert outline.count("svg", "interval") == sum(not math.isnan(row.low) for row in rows) > 9
    assert re.search(r"Against \S*worse", outline.text)
    assert f"{rows[0].difference:+.3f}" in outline.text


def test_failed_missing_and_surplus_cases_are_told_and_names_escaped(cohort_folders, tmp_path):
    predictions = shutil.copytree(cohort_folders[0], tmp_path / "<b>&amp;")
    references = shutil.copytree(cohort_folders[1], tmp_path / "references")
    for folder in (predictions, references):
        (folder / "one.nii.gz").rename(folder / "<script>alert(1)<.nii.gz")
    (predictions / "two.nii.gz").write_bytes(b"broken")
    (predictions / "three.nii.gz").rename(predictions / "<i>more.nii.gz")
    cohort = drain(evaluating(predictions, references))
    outline = Outline(render_report(cohort, drain(drawing_worst(cohort, {}))))
    assert not outline.open
    assert outline.count("script") == outline.count("b", "") == 0
    for words in (
        "<script>alert(1)<",
        "<b>&amp;",
        "Failed: 1 two",
        "Without a prediction: 1 three",
        "Without a reference: 1 <i>more",
    ):
        assert words in outline.text


def test_one_case_is_enough(write_blocks):
    path = write_blocks()
    cohort = drain(evaluating(path, path))
    outline = Outline(render_report(cohort, drain(drawing_worst(cohort, {}))))
    assert "1 case, 4 organs" in outline.text
    assert "Worst cases" not in outline.text
    assert outline.count("img") == 0
