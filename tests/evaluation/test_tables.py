"""metrics.csv, summary.csv and the definitions."""

from __future__ import annotations

import csv
import math
import statistics

import pytest

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.alignment import GridRule
from napari_abdoseg.evaluation.cohort import evaluating
from napari_abdoseg.evaluation.definitions import definitions, definitions_text, tolerance_text
from napari_abdoseg.evaluation.label_schemes import Schemes
from napari_abdoseg.evaluation.metrics_csv import read_dsc, write_metrics
from napari_abdoseg.evaluation.summary import summarize, write_summary
from napari_abdoseg.evaluation.tolerance import FLARE21, FLARE22
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.progress import drain

ORGANS = ("liver", "kidney", "spleen", "pancreas")


@pytest.fixture(scope="module")
def worse(cohort_folders):
    return drain(evaluating(cohort_folders[2], cohort_folders[1]))


def test_dsc_is_read_again(worse, tmp_path):
    write_metrics(tmp_path / "metrics.csv", worse)
    read = read_dsc(tmp_path)
    assert read == read_dsc(tmp_path / "metrics.csv")
    assert {case: dsc for (case, organ), dsc in read.items() if organ == "liver"} == pytest.approx(
        {case: score.dsc for case, score in worse.of_organ("liver").items()}
    )
    with pytest.raises(AbdosegError, match=r"metrics\.csv is not there"):
        read_dsc(tmp_path.parent)
    (tmp_path / "metrics.csv").write_text("case,organ\n1,2\n")
    with pytest.raises(AbdosegError, match="is no table of scores"):
        read_dsc(tmp_path)


def test_metrics_have_a_row_a_case_and_organ(worse, tmp_path):
    write_metrics(tmp_path / "metrics.csv", worse)
    with (tmp_path / "metrics.csv").open() as file:
        table = csv.DictReader(file)
        assert table.fieldnames[:7] == [
            *("case", "organ", "dsc", "nsd", "hd95_mm"),
            *("volume_prediction_ml", "volume_reference_ml"),
        ]
        rows = list(table)
    assert [(row["case"], row["organ"]) for row in rows] == [
        (case, organ) for case in ("one", "three", "two") for organ in ORGANS
    ]
    scores = [score for case in worse.cases for score in case.scores]
    for row, score in zip(rows, scores, strict=True):
        for name in ("dsc", "nsd", "volume_prediction_ml", "volume_difference_ml"):
            assert float(row[name]) == pytest.approx(getattr(score, name), rel=1e-9)
        assert float(row["tolerance_mm"]) == 1
        assert row["empty"] == score.emptiness
        assert math.isnan(float(row["hd95_mm"])) == bool(row["empty"])
    assert {row["empty"] for row in rows} == {"", "both empty", "prediction empty"}


def test_summary_is_in_the_layout_of_the_papers_table(worse, tmp_path):
    write_summary(tmp_path / "summary.csv", worse)
    with (tmp_path / "summary.csv").open() as file:
        header, *rows = csv.reader(file)
    assert header == ["Name", *(f"{o}_{m}" for m in ("DSC", "NSD") for o in ORGANS)]
    assert [row[0] for row in rows] == ["AVG", "STD", "MEDIAN"]
    pancreas = [case.scores[3].dsc for case in worse.cases]
    column = header.index("pancreas_DSC")
    assert sorted(pancreas)[0] == 0
    assert sorted(pancreas)[2] == 1
    for row, expected in zip(
        rows, (statistics.fmean, statistics.stdev, statistics.median), strict=True
    ):
        assert float(row[column]) == pytest.approx(expected(pancreas))


def test_a_single_case_has_no_deviation(write_blocks):
    path = write_blocks()
    rows = summarize(drain(evaluating(path, path)))
    assert set(rows["AVG"].values()) == {1}
    assert all(map(math.isnan, rows["STD"].values()))


def test_definitions_give_tolerance_rule_and_the_rows_it_was_applied_to(worse):
    text = definitions_text(worse)
    assert "surface-distance" in text
    assert "Tolerance: FLARE21: 1 mm for all organs." in text
    assert "Where both masks are empty DSC and NSD are 1" in text
    assert "2 such rows: three pancreas (both empty), two pancreas (prediction empty)." in text
    assert len(text.splitlines()) == len(definitions(worse))


def test_definitions_tell_of_resampling_and_organs_left_out(write_blocks, name_labels):
    name_labels("references", {"liver": 1, "aorta": 2})
    name_labels("predictions", {"liver": 1, "spleen": 2})
    found, truth = write_blocks(folder="predictions", values=(1, 2)), write_blocks(values=(1, 2))
    text = definitions_text(drain(evaluating(found, truth, FLARE21, rule=GridRule.RESAMPLE)))
    assert "known to one side alone: aorta, spleen." in text
    assert "resampled by nearest neighbour" in text
    assert "There is no such row here." in text


def test_definitions_tell_where_names_come_from(write_blocks, name_labels):
    name_labels("references", {"liver": 1, "aorta": 2})
    found, truth = write_blocks(folder="predictions", values=(1,)), write_blocks(values=(1,))
    cohort = drain(evaluating(found, truth))
    text = definitions_text(cohort)
    assert "Prediction: Its labels have no names and take those of the reference" in text
    assert "Reference: Its organs have the names that references/dataset.json gives them." in text
    assert "Without scores, as no file has it: aorta." in text
    assert cohort.organs == ("liver",)
    assert [score.organ.name for score in cohort.cases[0].scores] == ["liver"]


def test_nothing_to_compare_is_a_clear_error(write_blocks, name_labels):
    name_labels("references", {"liver": 1})
    path = write_blocks(values=())
    with pytest.raises(AbdosegError, match="no label map has a voxel of an organ"):
        drain(evaluating(path, path))


def test_tolerances_by_organ(write_blocks):
    path = write_blocks()
    schemes = Schemes(ABDOMINAL_ORGANS, ABDOMINAL_ORGANS)
    cohort = drain(evaluating(path, path, FLARE22, schemes=schemes))
    assert tolerance_text(cohort) == (
        "FLARE22: liver 5 mm, kidney 3 mm, spleen 3 mm, pancreas 5 mm."
    )
