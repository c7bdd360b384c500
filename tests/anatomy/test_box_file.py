"""Boxes as files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from napari_abdoseg.anatomy.box import Box, bounding_boxes
from napari_abdoseg.anatomy.box_file import (
    BoxFileError,
    NamedBoxes,
    holds_boxes,
    read_boxes,
    write_boxes,
)
from napari_abdoseg.errors import SaveError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.phantom import make_phantom

TURNED = np.array(
    [[0.1, -0.99, 0, 1 / 3], [0.99, 0.1, 0, -7.7], [0, 0, 2.5, 1e-9], [0, 0, 0, 1]], float
)


def _named(orientation: str = "RAS") -> NamedBoxes:
    _, truth = make_phantom(5, (8.0, 6.0, 6.0), orientation)
    boxes = {organ.name: box for organ, box in bounding_boxes(truth).items()}
    return NamedBoxes(truth.grid, boxes, {"liver": "#dd6b55"})


@pytest.mark.parametrize("suffix", [".csv", ".json", ".CSV"])
@pytest.mark.parametrize("orientation", ["RAS", "LPS", "SAR"])
def test_what_is_written_is_read_back(tmp_path, suffix, orientation):
    named = _named(orientation)
    path = tmp_path / f"boxes{suffix}"
    write_boxes(path, named)
    found = read_boxes(path)
    assert found.boxes == named.boxes
    assert list(found.boxes) == list(named.boxes)
    assert found.colors == named.colors
    assert found.grid.stored_shape == named.grid.stored_shape
    np.testing.assert_array_equal(found.grid.affine, named.grid.affine)
    assert holds_boxes(path)


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_an_oblique_scan(tmp_path, suffix):
    grid = Grid((9, 10, 11), TURNED)
    path = tmp_path / f"boxes{suffix}"
    write_boxes(path, NamedBoxes(grid, {"liver": Box((1, 2, 3), (4, 5, 7))}))
    found = read_boxes(path)
    assert found.boxes == {"liver": Box((1, 2, 3), (4, 5, 7))}
    assert found.colors == {}
    np.testing.assert_array_equal(found.grid.affine, TURNED)


def test_a_table_has_a_row_a_box_in_voxels_of_the_file_and_in_mm(tmp_path):
    named = _named("SAR")
    write_boxes(tmp_path / "boxes.csv", named)
    with (tmp_path / "boxes.csv").open() as file:
        rows = {row["box"]: row for row in csv.DictReader(file)}
    for name, box in named.boxes.items():
        start, stop = box.stored_bounds(named.grid)
        low, high = box.ras_bounds(named.grid)
        row = rows[name]
        assert [int(row[f"{axis}_start"]) for axis in "ijk"] == list(start)
        assert [int(row[f"{axis}_stop"]) for axis in "ijk"] == list(stop)
        assert [float(row[f"{axis}_min_mm"]) for axis in "ras"] == list(low)
        assert [float(row[f"{axis}_max_mm"]) for axis in "ras"] == list(high)


def test_another_ending(tmp_path):
    with pytest.raises(BoxFileError, match=r"\.csv or \.json"):
        write_boxes(tmp_path / "boxes.txt", _named())


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(SaveError, match="does not exist"):
        write_boxes(tmp_path / "none" / "boxes.csv", _named())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("points.csv", "index,axis-0,axis-1\n0,1,2\n"),
        ("other.json", '{"boxes": []}'),
        ("list.json", "[1, 2]"),
        ("broken.json", "{"),
        ("empty.csv", ""),
    ],
)
def test_a_file_of_something_else(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    assert not holds_boxes(path)
    with pytest.raises(BoxFileError, match=name):
        read_boxes(path)


def test_a_file_that_is_no_text_or_not_there(tmp_path):
    path = tmp_path / "boxes.csv"
    path.write_bytes(b"\xff\xfe\x00\x80")
    for each in (path, tmp_path / "none.json"):
        assert not holds_boxes(each)
        with pytest.raises(BoxFileError, match=each.name):
            read_boxes(each)


def _damaged(tmp_path: Path, suffix: str, before: str, after: str) -> Path:
    path = tmp_path / f"boxes{suffix}"
    write_boxes(path, _named())
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    return path


@pytest.mark.parametrize(
    ("suffix", "before", "after"),
    [
        (".json", '"affine"', '"matrix"'),
        (".json", '"boxes": [', '"boxes": [4,'),
        (".json", '"start"', '"begin"'),
        (".csv", "i_stop", "i_end"),
        (".csv", "liver,#dd6b55,", "liver,#dd6b55,many"),
        (".csv", ",6.0,", ",nan,"),
    ],
)
def test_a_damaged_file(tmp_path, suffix, before, after):
    path = _damaged(tmp_path, suffix, before, after)
    with pytest.raises(BoxFileError, match="damaged"):
        read_boxes(path)


def test_a_table_without_rows_or_of_several_scans(tmp_path):
    path = tmp_path / "boxes.csv"
    write_boxes(path, NamedBoxes(_named().grid, {}))
    with pytest.raises(BoxFileError, match="no row"):
        read_boxes(path)
    write_boxes(path, _named())
    other = tmp_path / "other.csv"
    write_boxes(other, NamedBoxes(Grid((9, 10, 11), TURNED), {"liver": Box((1, 2, 3), (4, 5, 7))}))
    path.write_text(path.read_text() + other.read_text().splitlines()[1] + "\n")
    with pytest.raises(BoxFileError, match="several scans"):
        read_boxes(path)


def test_a_box_beyond_its_scan(tmp_path):
    path = tmp_path / "boxes.json"
    named = _named()
    write_boxes(path, named)
    content = json.loads(path.read_text())
    content["boxes"][0]["voxels"]["stop"][0] = 10_000
    path.write_text(json.dumps(content))
    with pytest.raises(BoxFileError, match="box liver is not within"):
        read_boxes(path)
