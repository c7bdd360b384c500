"""Which cases a person should look at first."""

from __future__ import annotations

import json

import pytest
from small_scans import write_label_map

from napari_abdoseg.errors import WorkListError
from napari_abdoseg.worklist.listing import index
from napari_abdoseg.worklist.listing.expectation import UNKNOWN, Expectation, expectation_beside
from napari_abdoseg.worklist.listing.listing import chosen, next_row, worst
from napari_abdoseg.worklist.records.case_record import Status
from napari_abdoseg.worklist.records.changing import change_record, with_status, with_version
from napari_abdoseg.worklist.versions.versions import version_at


def report(folder, case, **expected):
    """A label map with a report that expects so much of its organs: DSC, agreement."""
    organs = [
        {
            **{"name": name, "value": value, "expected_dsc": dsc, "agreement": agreement},
            "interval": dsc and [0.0, 1.0],
        }
        for value, (name, (dsc, agreement)) in enumerate(expected.items(), 1)
    ]
    write_label_map(folder.labels_of(case))
    content = {"case": case, "expected_quality": {"organs": organs}}
    path = folder.masks / f"{case}.json"
    path.write_text(json.dumps(content))
    return path


def test_the_worst_come_first_and_what_is_unknown_last(folder, rows):
    report(folder, "a", liver=(0.9, 0.9), spleen=(0.8, 0.9))
    report(folder, "b", liver=(0.9, 0.9), spleen=(0.4, 0.9))
    write_label_map(folder.labels_of("c"))
    listed = rows(folder)
    assert listed["b"].expectation == Expectation(pytest.approx(0.65), 0.9, "spleen", 0.4)
    assert (listed["a"].expected_dsc, listed["c"].expected_dsc) == (pytest.approx(0.85), None)
    assert [row.name for row in chosen(listed.values(), sort="quality")] == ["b", "a", "c"]
    assert next_row(listed.values()).name == "b"
    assert [row.name for row in worst(listed.values())] == ["b"]
    assert [row.name for row in worst(listed.values(), 100)] == ["b", "a"]
    change_record(folder, "b", with_status(Status.DONE))
    assert [row.name for row in worst(rows(folder).values())] == ["a"]
    assert worst([]) == []


def test_without_a_calibration_agreement_orders(folder, rows):
    report(folder, "a", liver=(None, 0.9), spleen=(None, 0.5))
    report(folder, "b", liver=(None, 0.9), spleen=(None, 0.6))
    listed = rows(folder)
    assert listed["a"].expectation == Expectation(None, 0.7, "spleen", 0.5)
    assert [row.name for row in worst(listed.values(), 100)] == ["a", "b"]


def test_nothing_is_expected_of_what_somebody_has_corrected(folder, rows):
    path = report(folder, "a", liver=(0.5, 0.5))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"corrections": [{"user": "me"}]}))
    other = write_label_map(folder.masks / "mine" / "b.nii.gz")
    report(folder, "b", liver=(0.5, 0.5))
    assert rows(folder)["b"].expected_dsc == 0.5
    change_record(folder, "b", with_version(version_at(folder, "b", other, None)))
    listed = rows(folder)
    assert (listed["a"].expectation, listed["b"].expectation) == (UNKNOWN, UNKNOWN)


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", '{"case": "a"}', '{"expected_quality": 3}', '{"expected_quality": []}'),
        '{"expected_quality": {"organs": [{"name": "liver"}]}}',
        *(
            '{"expected_quality": {"organs": [{"name": "x", "value": 1, "agreement": 1, '
            f'"expected_dsc": {dsc}, "interval": [0, 1]}}]}}}}'
            for dsc in ("2", "NaN", "true", '"high"', "[0.5]")
        ),
        '{"expected_quality": {"organs": [{"name": "x", "value": 1, "agreement": 1, '
        '"expected_dsc": 0.5, "interval": [0]}]}}',
        '{"expected_quality": {"organs": []}}',
    ],
)
def test_a_report_that_is_damaged_or_tells_nothing_is_as_none(tmp_path, content):
    (tmp_path / "a.json").write_text(content)
    assert expectation_beside(tmp_path / "a.json") == UNKNOWN
    assert expectation_beside(tmp_path / "b.json") == UNKNOWN


def test_of_reports_that_are_as_they_were_none_is_read(folder, rows, monkeypatch):
    for case in "ab":
        report(folder, case, liver=(0.9, 0.9))
    listed, read = rows(folder), []
    monkeypatch.setattr(
        index, "expectation_beside", lambda path: read.append(path) or expectation_beside(path)
    )
    assert rows(folder) == listed
    path = report(folder, "b", liver=(0.75, 0.9))
    assert rows(folder)["b"].expected_dsc == 0.75
    assert read == [path]


@pytest.mark.parametrize("percent", [0, -1, 101, float("nan")])
def test_what_is_no_percentage_is_refused(percent):
    with pytest.raises(WorkListError, match="give more than 0 and up to 100"):
        worst([], percent)
