"""Ensembles are what their plans say, or are refused."""

from __future__ import annotations

import json
import shutil

import pytest
import torch

from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.ensemble import load_ensemble


def test_loads_the_folds_asked_for(make_model):
    folder = make_model(folds=(0, 1, 2))
    (trained,) = load_ensemble(folder, folds=[2, 0], device="cpu").configurations
    assert trained.folds == ("2", "0")
    weights = torch.load(folder / "fold_2" / "checkpoint_final.pth", weights_only=True)
    first = next(iter(weights["network_weights"]))
    assert torch.equal(trained.members[0].weights[first], weights["network_weights"][first])


def test_a_checkpoint_of_other_plans_is_refused(make_model):
    folder, other = make_model(), make_model(name="other", patch=(16, 16), spacing=(8.0, 8.0))
    checkpoint = torch.load(other / "fold_0" / "checkpoint_final.pth", weights_only=True)
    checkpoint["init_args"]["configuration"] = "3d_fullres"
    torch.save(checkpoint, folder / "fold_1" / "checkpoint_final.pth")
    with pytest.raises(ModelError, match=r"fold_1.* does not fit plans\.json"):
        load_ensemble(folder)


def test_folds_of_two_configurations_are_refused(make_model):
    folder, other = make_model(), make_model(name="other", patch=(16, 16), spacing=(8.0, 8.0))
    shutil.copytree(other / "fold_1", folder / "fold_1", dirs_exist_ok=True)
    with pytest.raises(ModelError, match=r"fold of 2d, the others are of 3d_fullres"):
        load_ensemble(folder)


def test_a_configuration_that_the_plans_lack_is_refused(make_model):
    folder, other = make_model(), make_model(name="other", patch=(16, 16), spacing=(8.0, 8.0))
    shutil.copy(other / "plans.json", folder / "plans.json")
    with pytest.raises(ModelError, match=r"which plans\.json beside it does not have"):
        load_ensemble(folder)


def test_a_cascade_is_refused(make_model):
    with pytest.raises(ModelError, match="second stage of a cascade"):
        load_ensemble(make_model(previous_stage="3d_lowres"))


@pytest.mark.parametrize("trainer", ["nnUNetTrainerOfMine", "np", "DistributedDataParallel"])
def test_an_unknown_trainer_is_a_clear_error(make_model, trainer):
    with pytest.raises(ModelError, match=f"trained with {trainer}, which is no trainer"):
        load_ensemble(make_model(trainer=trainer))


def test_plans_can_not_import_what_they_like(make_model):
    folder = make_model()
    plans = json.loads((folder / "plans.json").read_text())
    plans["configurations"]["3d_fullres"]["architecture"]["network_class_name"] = "os.system"
    (folder / "plans.json").write_text(json.dumps(plans))
    with pytest.raises(ModelError, match=r"asks for the class os\.system"):
        load_ensemble(folder)
