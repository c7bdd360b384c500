"""Tables of a run's organs, read again."""

from __future__ import annotations

import csv

import pytest

from napari_abdoseg.batch.organ_table import OrganRow, read_organ_table
from napari_abdoseg.batch.tables import ORGAN_COLUMNS, write_organs_csv
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.told_quality import ToldQuality

REPORT = {
    "case": "a",
    "organs": [
        {
            "name": name,
            "value": 1,
            "voxels": 10,
            "volume_ml": volume,
            "mean_hu": 55.5,
            "touches_edge": touches,
            "box_mm": {"min": [-100.0, -20.0, 0.0], "max": [50.0, 80.0, 120.5]},
        }
        for name, volume, touches in (("liver", 1500.5, False), ("spleen", 200.0, True))
    ],
}


@pytest.fixture
def table(tmp_path):
    write_organs_csv(tmp_path, [], [REPORT, REPORT | {"case": "b"}])
    return tmp_path / "organs.csv"


def test_what_was_written_is_read_again(table):
    read = read_organ_table(table.parent)
    assert read == read_organ_table(table)
    assert read.folder == table.parent
    assert read.organs == ("liver", "spleen")
    assert [row.case for row in read.rows] == ["a", "a", "b", "b"]
    assert read.rows[0] == OrganRow("a", "liver", 1500.5, 55.5, (150.0, 100.0, 120.5), False)
    assert read.rows[1].touches_edge


def test_what_is_expected_of_an_organ_is_read_again(tmp_path):
    told = {"value": 1, "name": "liver", "agreement": 0.9}
    expected = told | {"expected_dsc": 0.95, "interval": [0.9, 0.98]}
    alone = told | {"expected_dsc": None, "interval": None}
    reports = [
        REPORT | {"case": name, "expected_quality": {"organs": [entry]}}
        for name, entry in (("calibrated", expected), ("not", alone))
    ]
    write_organs_csv(tmp_path, [], reports)
    calibrated, _, alone, _ = read_organ_table(tmp_path).rows
    assert calibrated.quality == ToldQuality("liver", 0.9, 0.95, 0.9, 0.98)
    assert alone.quality == ToldQuality("liver", 0.9)


def test_what_is_in_doubt_of_an_organ_has_a_column(tmp_path):
    kinds = [{"value": 1, "kind": kind} for kind in ("several pieces", "hole", "hole")]
    write_organs_csv(tmp_path, [], [REPORT | {"checks": kinds}])
    with (tmp_path / "organs.csv").open() as file:
        assert [row["checks"] for row in csv.DictReader(file)] == ["hole, several pieces"] * 2


@pytest.mark.parametrize("missing", [4, 5, 6])
def test_rows_of_earlier_versions_stay(tmp_path, missing):
    table = tmp_path / "organs.csv"
    write_organs_csv(tmp_path, [], [REPORT | {"case": "b"}])
    (tmp_path / "b.json").touch()
    rows = [row[:-missing] for row in csv.reader(table.open())]
    with table.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    write_organs_csv(tmp_path, [], [REPORT])
    with table.open() as file:
        found = list(csv.DictReader(file))
    assert [row["case"] for row in found] == ["a", "a", "b", "b"]
    assert {row["checks"] for row in found} == {""}


def test_a_folder_without_a_table(tmp_path):
    with pytest.raises(AbdosegError, match=r"organs\.csv is not there"):
        read_organ_table(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"case,dsc\na,0.9\n",
        b"\xff\xfe",
        (",".join(ORGAN_COLUMNS) + "\na,liver,1,1,much\n").encode(),
        (",".join(ORGAN_COLUMNS) + "\na,liver\n").encode(),
    ],
)
def test_another_table(table, content):
    table.write_bytes(content)
    with pytest.raises(AbdosegError, match="no table of organs"):
        read_organ_table(table)
