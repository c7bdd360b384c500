"""The page and the tables on a data set."""

from __future__ import annotations

import csv
from html.parser import HTMLParser

import pytest

from napari_abdoseg.progress import drain
from napari_abdoseg.training.checking.check import checking
from napari_abdoseg.training.checking.results import write_results

VOID = {"meta", "img"}


class Outline(HTMLParser):
    """Open tags, images and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.tags: set[str] = set()
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag == "img":
            self.sources.append(dict(attributes)["src"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def spoiled(dataset):
    (dataset / "imagesTr" / "case2_0000.nii.gz").write_bytes(b"broken")
    for folder, suffix in (("imagesTr", "_0000"), ("labelsTr", "")):
        old = dataset / folder / f"case4{suffix}.nii.gz"
        old.rename(dataset / folder / f"<b>case4{suffix}.nii.gz")
    return dataset


def test_the_page_is_whole_and_shows_problem_cases_first(spoiled, tmp_path):
    page, *_ = write_results(tmp_path / "out", drain(checking(spoiled)))
    content = page.read_text(encoding="utf-8")
    outline = Outline(content)
    assert not outline.open
    assert not {"script", "link", "iframe", "b&gt;"} & outline.tags
    assert "http" not in content
    assert "url(" not in content
    assert len(outline.sources) == 5
    assert all(source.startswith("data:image/jpeg;base64,") for source in outline.sources)
    assert "5 training cases, 1 test case, CT. 1 error would ruin training." in outline.text
    cases = outline.text[outline.text.index("Cases ") :]
    assert cases.index("case2") < cases.index("<b>case4") < cases.index("case0")
    assert "no picture" in cases


def test_a_sound_data_set_is_called_so(dataset, tmp_path):
    page, problems, _ = write_results(tmp_path / "out", drain(checking(dataset)))
    assert "Nothing wrong was found." in Outline(page.read_text()).text
    assert problems.read_text().splitlines() == ["severity,case,problem,message"]


def test_a_data_set_without_an_organ_has_a_page(dataset, tmp_path):
    description = (
        (dataset / "dataset.json").read_text().replace('"pancreas": 4', '"pancreas": 4, "lung": 5')
    )
    (dataset / "dataset.json").write_text(description)
    page, problems, _ = write_results(tmp_path / "out", drain(checking(dataset)))
    assert "lung 5 0 – – –" in Outline(page.read_text()).text
    assert "No training case has a lung" in problems.read_text()


def test_tables_have_a_row_a_problem_and_a_row_a_case(spoiled, tmp_path):
    check = drain(checking(spoiled))
    _, problems, cases = write_results(tmp_path / "out", check)
    with problems.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["severity"] for row in rows] == ["error"]
    assert rows[0]["case"] == "case2"
    assert rows[0]["problem"] == "damaged file"
    with cases.open(newline="") as file:
        rows = {row["case"]: row for row in csv.DictReader(file)}
    assert rows["case5"]["set"] == "test"
    assert rows["case0"]["spacing_z_mm"] == "10"
    assert float(rows["case0"]["liver_ml"]) > 100
    assert rows["case2"]["lowest"] == ""
