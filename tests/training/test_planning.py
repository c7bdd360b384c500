"""Fingerprint, plans, and a batch that is tried before anything is preprocessed."""

from __future__ import annotations

import pytest

from napari_abdoseg.errors import TrainingError
from napari_abdoseg.progress import drain
from napari_abdoseg.training.planning import planning, require_fit, trying_steps


def test_what_is_planned_is_not_planned_again(place):
    run = place.run()
    before = run.folders.plans(run.settings.plans).stat().st_mtime_ns
    assert list(planning(run)) == []
    assert run.folders.plans(run.settings.plans).stat().st_mtime_ns == before


def test_small_networks_are_planned(place):
    planned = place.run().plans["configurations"]["3d_fullres"]
    features = planned["architecture"]["arch_kwargs"]["features_per_stage"]
    assert (features[0], max(features)) <= (8, 64)
    assert planned["batch_size"] == 2
    assert planned["spacing"] == [10.0, 8.0, 8.0]


def test_a_configuration_that_is_not_planned_is_named(place):
    with pytest.raises(TrainingError, match=r"no 3d_lowres, since its images are too small"):
        drain(planning(place.run(configurations=("3d_lowres",))))


@pytest.mark.usefixtures("here")
def test_a_batch_is_tried_once(place):
    run = place.run()
    stages = {step.stage for step in trying_steps(run)}
    assert stages == {"Trying a batch of 3d_fullres"}
    assert list(trying_steps(run)) == []
    assert list(trying_steps(place.run(devices="cpu,cpu"))) == []


def fit(largest: int) -> dict[str, int]:
    return {"wanted": 5, "largest": largest, "needed": 9 * 10**9, "available": 4 * 10**9}


def test_a_batch_that_does_not_fit_is_refused():
    require_fit(fit(5), "2d", "cpu")
    with pytest.raises(TrainingError, match=r"5 for 2d needs 9.0 GB .* main memory.*batch-size 2"):
        require_fit(fit(2), "2d", "cpu")
    with pytest.raises(TrainingError, match=r"each GPU, and 4.0 GB are free: .*--planner"):
        require_fit(fit(0), "2d", "cuda")
