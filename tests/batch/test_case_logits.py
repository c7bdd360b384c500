"""Logits beside the label map of a case: of which CT and model they must be."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from some_logits import kept_of, scan_of

from napari_abdoseg.batch.case_logits import logits_of_case, networks_of_case
from napari_abdoseg.inference.model.networks import Networks
from napari_abdoseg.logits.file import LogitsFileError, logits_path, write_logits

MODEL, OTHER = "a" * 64, "b" * 64
BY_MODEL = {"models": [{"sha256": OTHER}, {"sha256": MODEL}]}
"""What a report says where another model has found the region first."""


@pytest.fixture
def labels(tmp_path):
    return tmp_path / "case.nii.gz"


@pytest.fixture
def scan(labels):
    kept = kept_of()
    scan = scan_of(kept)
    write_logits(logits_path(labels), kept, scan, MODEL)
    return scan


def tell(labels, report):
    labels.with_name("case.json").write_text(
        report if isinstance(report, str) else json.dumps(report)
    )


@pytest.mark.parametrize(
    "report",
    [
        BY_MODEL,
        BY_MODEL | {"corrections": [{"model": None}, "?", {}]},
        BY_MODEL | {"corrections": [{"model": {"networks_sha256": MODEL}}, {"model": None}]},
        {"models": [{"sha256": OTHER}], "corrections": [{"model": {"networks_sha256": MODEL}}]},
        {"corrections": [{"user": "who has drawn it"}]},
        {"models": "?", "corrections": 1},
        "no JSON",
    ],
)
def test_those_of_the_model_that_found_the_organs_are_read(labels, scan, report):
    assert logits_of_case(labels, scan).shape == kept_of().shape
    tell(labels, report)
    assert logits_of_case(labels, scan).shape == kept_of().shape


@pytest.mark.parametrize(
    "report",
    [
        {"models": [{"sha256": MODEL}, {"sha256": OTHER}]},
        {"models": [{"name": "demo"}]},
        BY_MODEL | {"corrections": [{"model": {"networks_sha256": OTHER}}]},
        BY_MODEL | {"corrections": [{"model": {"name": "demo"}}]},
        BY_MODEL | {"corrections": [{"model": "demo"}]},
    ],
)
def test_those_of_another_model_are_refused(labels, scan, report):
    tell(labels, report)
    with pytest.raises(LogitsFileError, match="of another model"):
        logits_of_case(labels, scan)


def test_those_of_another_ct_are_refused_and_none_are_none(labels, scan):
    other = replace(scan, data=scan.data + np.int16(1))
    with pytest.raises(LogitsFileError, match="of another CT"):
        logits_of_case(labels, other)
    logits_path(labels).write_bytes(logits_path(labels).read_bytes()[:-1])
    with pytest.raises(LogitsFileError, match=r"case\.logits is damaged"):
        logits_of_case(labels, scan)
    logits_path(labels).unlink()
    assert logits_of_case(labels, scan) is None


def test_networks_are_those_of_the_last_who_made_the_organs(labels, tmp_path):
    assert networks_of_case(labels) == networks_of_case(labels, tmp_path / "a.nii") == Networks()
    told = {"name": "demo", "folds": ["1", 2], "sha256": MODEL}
    tell(labels, {"models": [{"name": "other", "sha256": OTHER}, told], "preset": "fast"})
    assert networks_of_case(labels) == Networks("demo", ("1", "2"), MODEL)
    assert networks_of_case(tmp_path / "a.nii", labels) == Networks("demo", ("1", "2"), MODEL)
    made = {"name": "new", "folds": [], "preset": "fast", "networks_sha256": OTHER, "sha256": MODEL}
    tell(labels, {"models": [told], "corrections": [{"model": made}, {"model": None}]})
    assert networks_of_case(labels) == Networks("new", (), OTHER)
    tell(labels, {"models": [told], "corrections": [{"model": "demo"}]})
    assert networks_of_case(labels) == Networks()
