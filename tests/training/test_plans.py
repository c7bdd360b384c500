"""Plans are changed in copies, and taken over from a model."""

from __future__ import annotations

import json

import pytest

from napari_abdoseg.errors import ModelError, TrainingError
from napari_abdoseg.training.plans import copy_plans, take_over_plans


def plans_of(run):
    return json.loads(run.folders.plans(run.settings.plans).read_text())


def test_another_batch_size_is_a_copy_that_shares_the_cases(place):
    before, run = place.run(), place.run(batch_size=3)
    copy_plans(run.folders, run.settings)
    old, new = plans_of(before), plans_of(run)
    assert new["plans_name"] == run.settings.plans == f"{before.settings.plans}_batch3"
    for name in ("2d", "3d_fullres"):
        assert new["configurations"][name]["batch_size"] == 3
        assert old["configurations"][name]["batch_size"] != 3
        new["configurations"][name]["batch_size"] = old["configurations"][name]["batch_size"]
    assert new["configurations"] == old["configurations"]


def test_without_one_the_plans_stay_as_they_are(place):
    run = place.run()
    before = run.folders.plans(run.settings.plans).read_bytes()
    copy_plans(run.folders, run.settings)
    assert run.folders.plans(run.settings.plans).read_bytes() == before


@pytest.mark.parametrize("batch_size", [None, 4])
def test_plans_of_a_model_are_taken_over(place, make_model, batch_size):
    model = make_model(folds=(0,))
    run = place.run(start_from=model, batch_size=batch_size)
    take_over_plans(model, run.folders, run.settings)
    own, taken = json.loads((model / "plans.json").read_text()), plans_of(run)
    assert taken["dataset_name"] == place.raw.name
    assert taken["plans_name"] == run.settings.plans
    (name,) = taken["configurations"]
    planned, before = taken["configurations"][name], own["configurations"][name]
    assert planned["spacing"] == before["spacing"]
    assert planned["architecture"] == before["architecture"]
    assert planned["batch_size"] == (batch_size or before["batch_size"])
    assert planned["data_identifier"] == f"abdosegSmallPlans_from_{model.name}_{name}"


def test_a_model_of_other_organs_is_refused(place, make_model):
    model = make_model(folds=(0,), labels={"labels": {"background": 0, "liver": 1}})
    run = place.run(start_from=model)
    with pytest.raises(TrainingError, match=r"finds liver, and Dataset007_Tiny has labels of"):
        take_over_plans(model, run.folders, run.settings)


def test_names_in_a_models_plans_are_not_followed_in_training(place, make_model):
    model = make_model(folds=(0,))
    plans = json.loads((model / "plans.json").read_text())
    arguments = plans["configurations"]["3d_fullres"]["architecture"]["arch_kwargs"]
    arguments["nonlin"] = "torch.nn.functional.torch.os.getcwd"
    (model / "plans.json").write_text(json.dumps(plans))
    run = place.run(start_from=model)
    with pytest.raises(ModelError, match=r"asks for the class torch\.nn\.functional.* is refused"):
        take_over_plans(model, run.folders, run.settings)
    assert not run.folders.plans(run.settings.plans).exists()
