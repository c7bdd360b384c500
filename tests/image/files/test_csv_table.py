"""Tables whose cells are any text, in files and in spreadsheets."""

from __future__ import annotations

import csv
import io
import itertools

import pytest

from napari_abdoseg.image.files.csv_table import csv_text, read_csv, read_records
from napari_abdoseg.image.files.saving import write_text

FORMULAS = [
    *("=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "=cmd|'/C calc'!A0"),
    *("'=1", "''=1", "\uff1d1", "-", "+liver", "-5 left", "--5"),
]
PLAIN = [
    "liver",
    "kidney [left]",
    "1e5=",
    "a;b",
    "a,b",
    'say "a"',
    "a\nb",
    "a\rb",
    "'liver",
    "",
    " ",
    "müller",
]
NO_UTF8 = [
    "m\udcfcller",
    "\udc80",
    "\\udcfc",
    "\\\udcfc",
    "\\\\udcfc\\\\\udcfc",
    "udcfc",
    "=\udcfc",
]
NUMBERS = ["-3.25", "+1", "-1e-05", "nan", "-inf", "1", ".5", "-.5"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_a_spreadsheet_would_compute_is_none_to_it(text):
    (cell,) = list(csv.reader(io.StringIO(csv_text(["c"], [[text]]), newline="")))[1]
    assert cell == f"'{text}"


@pytest.mark.parametrize("text", [*PLAIN, *NUMBERS])
def test_other_texts_and_numbers_stay(text):
    rows = list(csv.reader(io.StringIO(csv_text(["c", "d"], [[text, 1]]), newline="")))
    assert rows[1] == [text, "1"]


def test_numbers_stay_numbers():
    assert csv_text(["a"], [[-1], [-2.5], [None], [True]]) == 'a\n-1\n-2.5\n""\nTrue\n'


def test_what_is_read_is_what_was_written(tmp_path):
    texts = [*FORMULAS, *PLAIN, *NO_UTF8, *NUMBERS]
    rows = [list(pair) for pair in itertools.product(texts, texts)]
    write_text(tmp_path / "table.csv", csv_text(texts[:2], rows))
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as file:
        assert list(read_csv(file)) == [texts[:2], *rows]


def test_names_of_columns_are_texts_too():
    text = csv_text(["case", "=1+1_DSC"], [["-x", "0.5"]])
    assert text == "case,'=1+1_DSC\n'-x,0.5\n"
    assert list(read_records(io.StringIO(text))) == [{"case": "-x", "=1+1_DSC": "0.5"}]


def test_a_row_that_ends_too_soon_is_no_row_of_the_table():
    with pytest.raises(ValueError, match="argument"):
        list(read_records(io.StringIO("a,b\n1\n")))
    assert list(read_records(io.StringIO(""))) == []
