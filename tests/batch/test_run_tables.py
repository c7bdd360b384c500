"""The tables of a run, also of a large one."""

from __future__ import annotations

import csv
import json

from working import run

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.finding import find_cases
from napari_abdoseg.batch.folder import predicting
from napari_abdoseg.batch.tables import FAILED, write_failed_csv
from napari_abdoseg.progress import drain

COUNT = 300


def test_a_cohorts_table_is_the_same_after_every_run(scans, tmp_path, ensemble):
    output = tmp_path / "out"
    (first, _) = find_cases([scans], output)
    drain(predicting([first], ensemble, "fast"))
    report, labels = json.loads(first.report.read_text()), first.labels.read_bytes()
    cases = [Case(f"c{number:05}", first.image, output) for number in range(COUNT)]
    for case in cases:
        case.labels.write_bytes(labels)
        case.report.write_text(json.dumps(report | {"case": case.name}))
    _, outcome = run(predicting(cases[::-1], ensemble, "fast"))
    assert len(outcome.kept) == COUNT
    table = (output / "organs.csv").read_bytes()
    rows = list(csv.DictReader(table.decode().splitlines()))
    names = [case.name for case in (*cases, first)]
    assert [row["case"] for row in rows] == [name for name in names for _ in report["organs"]]
    cases[7].report.unlink()
    outcome = drain(predicting(cases, ensemble, "fast"))
    assert [case.name for case in outcome.made] == ["c00007"]
    assert (output / "organs.csv").read_bytes() == table


def test_cases_of_an_earlier_run_stay_in_the_table_as_long_as_they_have_a_report(
    scans, tmp_path, ensemble
):
    first, second = find_cases([scans], tmp_path / "out")
    drain(predicting([first, second], ensemble, "fast"))
    table = (tmp_path / "out" / "organs.csv").read_bytes()
    drain(predicting([second], ensemble, "fast"))
    assert (tmp_path / "out" / "organs.csv").read_bytes() == table
    first.report.unlink()
    drain(predicting([second], ensemble, "fast"))
    rows = list(csv.DictReader((tmp_path / "out" / "organs.csv").open(newline="")))
    assert {row["case"] for row in rows} == {"case2"}


def test_a_case_that_another_run_makes_again_just_now_is_left_to_it(scans, tmp_path, ensemble):
    first, second = find_cases([scans], tmp_path / "out")
    work = predicting([first, second], ensemble, "fast")
    while next(work).stage != "Writing tables":
        pass
    first.report.unlink()
    assert drain(work).made == (first, second)
    rows = list(csv.DictReader((tmp_path / "out" / "organs.csv").open(newline="")))
    assert {row["case"] for row in rows} == {"case2"}


def test_a_table_of_failed_cases_that_is_none_of_ours(tmp_path):
    case = Case("a", tmp_path / "a.nii", tmp_path)
    (tmp_path / FAILED).write_bytes(b"\xff\n\xfe")
    write_failed_csv(tmp_path, [case], [(case, 'it is "bad",\nreally')])
    (row,) = csv.DictReader((tmp_path / FAILED).open(newline=""))
    assert row["reason"] == 'it is "bad",\nreally'
    write_failed_csv(tmp_path, [case], [])
    assert not (tmp_path / FAILED).exists()
