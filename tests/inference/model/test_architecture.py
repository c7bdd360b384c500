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
from working import load_configuration, run

from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.hardware.memory import watch_growth
from napari_abdoseg.inference.model import network_memory
from napari_abdoseg.inference.model.architecture import PLANS_ALONE, build_network
from napari_abdoseg.inference.model.ensemble import load_ensemble, loading_ensemble
from napari_abdoseg.inference.model.network_memory import largest_maps


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
def test_an_unknown_trainer_is_told_where_its_network_is_that_of_the_plans(make_model, trainer):
    steps, ensemble = run(loading_ensemble(make_model(trainer=trainer), device="cpu"))
    (notice,) = [step.notice for step in steps if step.notice and "trained with" in step.notice]
    assert f"trained with {trainer}, which the installed nnU-Net does not have" in notice
    assert norms(build_network(ensemble.configurations[0])) == {"InstanceNorm3d"}


def test_an_unknown_trainer_with_a_network_of_its_own_is_refused(make_model):
    folder = make_model(trainer="nnUNetTrainerOfMine")
    edit_network(folder, features_per_stage=[4, 6])
    with pytest.raises(ModelError, match=r"which is no trainer of the installed nnU-Net, and its"):
        load_ensemble(folder, device="cpu")


def test_a_trainers_network_that_can_not_be_built_is_told(make_model):
    """nnU-Net's own may want more of the plans than U-Nets do."""
    folder = make_model(trainer="nnUNetTrainerBN")
    plans = json.loads((folder / "plans.json").read_text())
    architecture = plans["configurations"]["3d_fullres"]["architecture"]
    del architecture["arch_kwargs"]["norm_op"]
    architecture["_kw_requires_import"].remove("norm_op")
    (folder / "plans.json").write_text(json.dumps(plans))
    with pytest.raises(ModelError, match="asks for a network in a way that can't be"):
        load_ensemble(folder, device="cpu")


def test_a_network_is_known_to_be_too_large_before_it_is_built(make_model):
    folder = make_model()
    edit_network(folder, features_per_stage=[20_000, 20_000])
    with watch_growth() as growth, pytest.raises(ModelError, match=r"need \d+\.\d GB of memory"):
        load_ensemble(folder, device="cpu")
    assert growth.bytes < 2e8


def test_a_patch_is_known_to_be_too_large_before_it_is_looked_at(make_model):
    folder = make_model(patch=(4096, 4096, 4096))
    with pytest.raises(ModelError, match=r"need \d+\.\d GB of memory at least for one patch"):
        load_ensemble(folder, device="cpu")


@pytest.mark.parametrize(
    ("classes", "in_parts", "values"), [(5, True, 20), (100, True, 20), (100, False, 100)]
)
def test_the_largest_images_are_counted(make_model, classes, in_parts, values):
    """Those of five times four features, or the logits of all classes where they are together."""
    labels = {"background": 0, **{f"part {value}": value for value in range(1, classes)}}
    trained = load_configuration(make_model((0,), labels={"labels": labels}))
    assert largest_maps(trained, in_parts) == values * 16**3


def test_a_cpu_that_makes_logits_in_parts_is_not_asked_for_room_for_all(make_model, monkeypatch):
    labels = {"background": 0, **{f"part {value}": value for value in range(1, 200)}}
    folder = make_model((0,), labels={"labels": labels})
    monkeypatch.setattr(network_memory, "available_bytes", lambda: 1_500_000)
    load_ensemble(folder, device="cpu")
    monkeypatch.setattr(network_memory, "gives_logits_in_parts", lambda network: False)
    with pytest.raises(ModelError, match="at least for one patch"):
        load_ensemble(folder, device="cpu")


def test_plans_can_not_import_what_they_like(make_model):
    folder = make_model()
    plans = json.loads((folder / "plans.json").read_text())
    plans["configurations"]["3d_fullres"]["architecture"]["network_class_name"] = "os.system"
    (folder / "plans.json").write_text(json.dumps(plans))
    with pytest.raises(ModelError, match=r"asks for the class os\.system"):
        load_ensemble(folder)


def edit_network(folder, **arguments):
    plans = json.loads((folder / "plans.json").read_text())
    plans["configurations"]["3d_fullres"]["architecture"]["arch_kwargs"] |= arguments
    (folder / "plans.json").write_text(json.dumps(plans))
