"""Networks as nnU-Net builds them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
from nnunetv2.utilities.find_objects import recursive_find_trainer_class_by_name
from working import load_configuration

from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.architecture import PLANS_ALONE, build_network
from napari_abdoseg.inference.ensemble import load_ensemble


def norms(network: torch.nn.Module) -> set[str]:
    kinds = torch.nn.InstanceNorm3d, torch.nn.BatchNorm3d
    return {type(module).__name__ for module in network.modules() if isinstance(module, kinds)}


@pytest.mark.parametrize("name", sorted(PLANS_ALONE))
def test_trainers_that_need_no_import_build_what_the_plans_say(name):
    trainer = recursive_find_trainer_class_by_name(name)
    assert trainer.build_network_architecture is nnUNetTrainer.build_network_architecture


def test_networks_are_those_of_the_trainer(make_model):
    trained = load_configuration(make_model(folds=(0,)))
    ours, theirs = (
        build_network(trained),
        nnUNetTrainer.build_network_architecture(
            trained.plans, trained.configured, 1, 5, enable_deep_supervision=False
        ),
    )
    assert str(ours) == str(theirs.eval())


def test_trainers_with_networks_of_their_own_are_asked(make_model):
    trained = load_configuration(make_model(folds=(0,)))
    assert norms(build_network(trained)) == {"InstanceNorm3d"}
    members = tuple(replace(member, trainer="nnUNetTrainerBN") for member in trained.members)
    assert norms(build_network(replace(trained, members=members))) == {"BatchNorm3d"}


def test_loading_an_ensemble_imports_no_trainer():
    code = (
        "import sys\n"
        "from napari_abdoseg import load_ensemble\n"
        "load_ensemble('demo', device='cpu')\n"
        "heavy = 'torch._dynamo', 'seaborn', 'timm', 'nnunetv2.training.nnUNetTrainer'\n"
        "sys.exit(str(set(heavy) & set(sys.modules) or 0))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.stderr.strip() == "0", ended.stderr


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
