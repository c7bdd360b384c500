"""Settings that make sense, and the names that follow from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_abdoseg.errors import TrainingError
from napari_abdoseg.training.settings import TrainingSettings, make_settings


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"configurations": ("4d",)}, "no configuration 4d: choose among 2d"),
        ({"configurations": ()}, "no configuration"),
        ({"folds": (0, 7)}, "no fold 7"),
        ({"planner": "huge"}, "no planner huge"),
        ({"epochs": 0}, "epochs, not 0"),
        ({"iterations": -1}, "iterations, not -1"),
        ({"optimizer": "LBFGS"}, "no optimizer LBFGS"),
        ({"trainer": "../nnUNetTrainer"}, "no name of a trainer"),
        ({"batch_size": 0}, "batch size, not 0"),
        ({"spacing": (3.0, 0.0, 3.0)}, "more than 0 mm"),
        ({"configurations": ("3d_cascade_fullres",), "folds": (0,)}, "all five folds"),
    ],
)
def test_what_can_not_be(settings, said):
    with pytest.raises(TrainingError, match=said):
        TrainingSettings(**settings)


def test_each_change_of_plans_has_a_name_of_its_own():
    model = Path("models") / "liver"
    assert TrainingSettings().plans == "nnUNetResEncUNetMPlans"
    assert TrainingSettings(planner="default", batch_size=5).plans == "nnUNetPlans_batch5"
    small = TrainingSettings(planner="small", spacing=(3.0, 2.5, 2.5))
    assert small.plans == small.planned == "abdosegSmallPlans_3x2.5x2.5mm"
    assert TrainingSettings(start_from=model).plans == "nnUNetResEncUNetMPlans_from_liver"


def test_a_cascade_comes_after_its_first_stage():
    settings = TrainingSettings(configurations=("2d", "3d_cascade_fullres"))
    assert settings.stages == (("2d", "3d_lowres"), ("3d_cascade_fullres",))
    assert settings.all_configurations == ("2d", "3d_lowres", "3d_cascade_fullres")
    assert TrainingSettings(configurations=("2d", "3d_fullres")).stages == (("2d", "3d_fullres"),)


def test_fine_tuning_goes_in_smaller_steps():
    assert TrainingSettings().first_rate == 0.01
    assert TrainingSettings(start_from=Path("liver")).first_rate == 0.001
    assert TrainingSettings(start_from=Path("liver"), learning_rate=0.1).first_rate == 0.1


def test_what_must_stay_the_same_is_kept():
    record = TrainingSettings(epochs=3, start_from=Path("liver")).record()
    assert record == {
        "epochs": 3,
        "iterations": 250,
        "optimizer": "SGD",
        "learning_rate": 0.001,
        "start_from": "liver",
    }


def test_small_networks_are_trained_in_few_steps():
    small = make_settings("small", epochs=None, iterations=7)
    assert (small.epochs, small.iterations, small.optimizer) == (100, 7, "AdamW")
    assert small.trainer == "nnUNetTrainerNoDA"
    assert make_settings("ResEncM", epochs=None) == TrainingSettings()
