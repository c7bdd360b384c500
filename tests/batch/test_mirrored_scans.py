"""Scans whose content lies otherwise than their headers say, in the results of a run."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
from working import run

from napari_abdoseg.anatomy.orientation.check import check_orientation
from napari_abdoseg.anatomy.orientation.finding import AXIS_NAMES
from napari_abdoseg.anatomy.orientation.scan_cues import ScanCues
from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.case_report import read_report, swapped_axes, write_report
from napari_abdoseg.batch.finding import find_cases
from napari_abdoseg.batch.folder import predicting
from napari_abdoseg.batch.recipe import Recipe
from napari_abdoseg.batch.run_state import Outcome
from napari_abdoseg.batch.segment_case import segmenting_case
from napari_abdoseg.batch.tables import ORGAN_COLUMNS, write_organs_csv
from napari_abdoseg.cli.console import console
from napari_abdoseg.cli.predict_words import tell
from napari_abdoseg.image.files.csv_table import csv_text
from napari_abdoseg.image.files.saving import write_text
from napari_abdoseg.image.nifti.volumes import write_volume
from napari_abdoseg.image.phantom import make_phantom

AXES = ["left-right", "front-back"]


@pytest.fixture
def turned():
    """A phantom that lies prone under the header of one that lies on its back."""
    volume, _ = make_phantom(3, (6.0, 6.0, 6.0))
    return replace(volume, data=np.flip(volume.data, (1, 2)))


@pytest.fixture
def mixed(scans, turned):
    """Sound scans and a turned one."""
    write_volume(scans / "case3_0000.nii.gz", turned)
    return scans


def rows_of(output):
    with (output / "organs.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_turned_scan_is_told_before_networks_work_and_in_its_report(mixed, tmp_path, ensemble):
    cases = find_cases([mixed], tmp_path / "out")
    steps, outcome = run(predicting(cases, ensemble, "fast"))
    told = [number for number, step in enumerate(steps) if step.notice]
    (notice,) = {steps[number].notice for number in told}
    assert notice.startswith("case3: The scan seems turned by 180°")
    assert told[0] < min(
        number for number, step in enumerate(steps) if step.stage == "case3: Segmenting"
    )
    sound, _, report = outcome.reports()
    assert sound["orientation"]["alarm"] is None
    assert swapped_axes(sound) == []
    assert report["orientation"]["alarm"] == report["warnings"][0]
    assert "turned by 180°" in report["warnings"][0]
    assert swapped_axes(report) == AXES
    entry = {axis["axis"]: axis for axis in report["orientation"]["axes"]}
    assert [entry[axis]["swapped"] for axis in (*AXES, "head-foot")] == [True, True, False]
    assert entry["front-back"]["confidence"] > 0.95
    assert "the spine lies in front" in entry["front-back"]["seen"]
    for row in rows_of(tmp_path / "out"):
        expected = "swapped: left-right, front-back" if row["case"] == "case3" else ""
        assert row["orientation"] == expected


def test_a_turned_scan_that_was_sent_is_told(turned, ensemble):
    steps, result = run(segmenting_case("sent", turned, ensemble, Recipe.of(ensemble, "fast")))
    assert steps[0].notice.startswith("sent: The scan seems turned")
    assert swapped_axes(result.report) == AXES


def test_the_terminal_tells_it_last_and_of_many_cases_too(mixed, tmp_path, ensemble):
    output = tmp_path / "out"
    _, outcome = run(predicting(find_cases([mixed], output), ensemble, "fast"))
    with console.capture() as said:
        tell(outcome, output, 1.0)
    words = " ".join(said.get().split())
    assert "case3 seems mirrored or turned: left-right, front-back." in words
    assert "1 of 3 scans lie otherwise" in words
    report = read_report(outcome.finished[2].report)
    many = [Case(f"c{number:02}", mixed, output) for number in range(30)]
    for case in many:
        write_report(case.report, report | {"case": case.name})
    with console.capture() as said:
        tell(Outcome((), tuple(many), ()), output, 1.0)
    assert "30 of 30 scans lie otherwise" in " ".join(said.get().split())


def test_rows_and_reports_from_before_are_kept(mixed, tmp_path, ensemble):
    output = tmp_path / "out"
    first, second, _ = find_cases([mixed], output)
    outcome = run(predicting([first, second], ensemble, "fast"))[1]
    before = rows_of(output)
    rows = [list(row.values())[:13] for row in before]
    write_text(output / "organs.csv", csv_text(ORGAN_COLUMNS[:13], rows))
    old = {key: entry for key, entry in read_report(first.report).items() if key != "orientation"}
    write_report(first.report, old)
    assert swapped_axes(read_report(first.report)) == []
    write_organs_csv(output, [second], [read_report(second.report)])
    new = dict.fromkeys(ORGAN_COLUMNS[13:], "")
    of_first = [row | new for row in before if row["case"] == "case1"]
    assert rows_of(output) == [*of_first, *(row for row in before if row["case"] == "case2")]
    assert len(outcome.made) == 2


@pytest.mark.parametrize(
    "damage",
    [
        *([], {"swapped": [1]}),
        *(pytest.param(each, marks=pytest.mark.slow) for each in ("x", {"swapped": 3})),
    ],
)
def test_a_damaged_report_is_none(mixed, tmp_path, ensemble, damage):
    (case, *_) = find_cases([mixed], tmp_path / "out")
    run(predicting([case], ensemble, "fast"))
    write_report(case.report, read_report(case.report) | {"orientation": damage})
    with pytest.raises(ValueError, match="no report of a case"):
        read_report(case.report)


def test_a_scan_is_looked_at_once(turned, ensemble, monkeypatch):
    looked: list[object] = []
    cues = ScanCues.all
    monkeypatch.setattr(ScanCues, "all", lambda scan: looked.append(scan) or cues(scan))
    recipe = Recipe.of(ensemble, "fast")
    _, result = run(segmenting_case("case", turned, ensemble, recipe))
    assert len(looked) == 1
    assert swapped_axes(result.report) == AXES
    entry = result.report["orientation"]
    with_organs = check_orientation(turned, result.labels)
    assert entry["alarm"] == with_organs.alarm
    assert [axis["evidence"] for axis in entry["axes"]] == [
        round(with_organs.evidence(axis), 2) for axis in AXIS_NAMES
    ]
