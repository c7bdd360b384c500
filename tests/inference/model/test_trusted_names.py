"""Nothing that a model folder names is called unless it is what it must be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from nnunetv2.preprocessing.normalization.default_normalization_schemes import ImageNormalization
from torch import nn

from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.model.trusted_names import (
    USUAL_ARGUMENTS,
    USUAL_NAMES,
    USUAL_RESAMPLING,
    network_class,
    nnunet_class,
    nnunet_part,
    require_accepted,
    require_plain,
    resampling_function,
)

LAYERS = "torch.nn.modules"


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "system",
        "",
        ".",
        "torch.nn",
        "torch.nn.",
        "torch.nn.functional.torch.os.system",
        "torch.nn.modules.module.torch.hub.load",
        "torch.nn.modules.module.torch.nn.LeakyReLU",
        "torch.nn.modules.activation.torch",
        "torch.nn.modules.activation.warnings.warn",
        "torch.nn.functional.relu",
        "torch.nn.LeakyReLU.forward",
        "torch.nn.LeakyReLU.__init__.__globals__",
        "torch.nn.init.kaiming_normal_",
        "torch.nn.Parameter",
        "torch.nn.DataParallel",
        "torch.nn.Sequential",
        "torch.nn.Nope",
        "torch.nn.modules.nope.LeakyReLU",
        "torch.nnn.LeakyReLU",
        "torch.jit.ScriptModule",
        "dynamic_network_architectures.architectures.unet.torch.os.system",
        "dynamic_network_architectures.architectures.unet.nn.LeakyReLU",
        "dynamic_network_architectures.building_blocks.helper.np.load",
    ],
)
def test_a_name_leads_nowhere_but_to_a_class_where_it_is_defined(name):
    assert network_class(name, f"{LAYERS}.activation") is None


def test_a_class_is_found_by_both_of_its_names():
    assert network_class("torch.nn.LeakyReLU", f"{LAYERS}.activation") is nn.LeakyReLU
    assert network_class(f"{LAYERS}.activation.LeakyReLU", LAYERS) is nn.LeakyReLU


def test_a_class_that_a_trusted_module_has_only_imported_is_another_ones(monkeypatch):
    class Foreign(nn.LeakyReLU):
        pass

    monkeypatch.setattr("torch.nn.modules.activation.Foreign", Foreign, raising=False)
    assert network_class(f"{LAYERS}.activation.Foreign", LAYERS) is None


@pytest.mark.parametrize("name", ["np", "ImageNormalization", "ABC", "Type", "MyNorm", "__doc__"])
def test_a_name_of_nnunets_is_a_class_of_its_kind(name):
    package = "nnunetv2.preprocessing.normalization"
    assert nnunet_class("CTNormalization", package, ImageNormalization).__name__ == (
        "CTNormalization"
    )
    assert nnunet_class(name, package, ImageNormalization) is None


def test_functions_are_on_a_list():
    assert callable(resampling_function("resample_torch_fornnunet"))
    assert resampling_function("join") is None
    assert resampling_function("compute_new_shape") is None


@pytest.mark.parametrize(
    ("what", "name"),
    [(what, name) for what, names in USUAL_NAMES.items() for name in sorted(names)],
)
def test_what_is_known_without_importing_it_is_nnunets_own(what, name):
    assert nnunet_part(what, name).__name__ == name


def test_what_is_known_of_resampling_is_taken():
    function = resampling_function(USUAL_RESAMPLING)
    arguments = dict.fromkeys(USUAL_ARGUMENTS)
    require_accepted(function, arguments, Path("plans.json"), positional=4)


@pytest.mark.parametrize(
    "arguments",
    [
        {"negative_slope": "0.1"},
        {"negative_slope": 1e300},
        {"negative_slope": True},
        {"inplace": 1},
        {"inplace": None},
        {"device": "cpu"},
        {"forward": 1},
        {"__init__": 1},
    ],
)
def test_arguments_are_of_the_types_that_a_layer_takes(arguments):
    require_plain(nn.LeakyReLU, {"negative_slope": 0.1, "inplace": True}, Path("plans.json"))
    with pytest.raises(ModelError, match="LeakyReLU in a way that can't be"):
        require_plain(nn.LeakyReLU, arguments, Path("plans.json"))


FULLRES = ("configurations", "3d_fullres")
NETWORK = (*FULLRES, "architecture", "arch_kwargs")
SHELL = "torch.nn.functional.torch.os.mkdir"


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        (("image_reader_writer",), "MyReader"),
        (("image_reader_writer",), "BaseReaderWriter"),
        (("label_manager",), "np"),
        ((*FULLRES, "preprocessor_name"), "Pool"),
        ((*FULLRES, "preprocessor_name"), "MyPreprocessor"),
        ((*FULLRES, "normalization_schemes"), ["MyNorm"]),
        ((*FULLRES, "resampling_fn_data"), "OrderedDict"),
        ((*FULLRES, "resampling_fn_seg"), "join"),
        ((*FULLRES, "resampling_fn_probabilities"), "my_resampling"),
        ((*FULLRES, "architecture", "network_class_name"), "os.PlainConvUNet"),
        ((*FULLRES, "architecture", "network_class_name"), "torch.nn.LeakyReLU"),
        *(((*NETWORK, key), SHELL) for key in ("conv_op", "norm_op", "dropout_op", "nonlin")),
        ((*NETWORK, "nonlin"), "torch.nn.Nope"),
        ((*NETWORK, "nonlin"), "torch.nn.Identity"),
        ((*NETWORK, "norm_op"), "torch.nn.LeakyReLU"),
        ((*NETWORK, "conv_op"), "torch.nn.modules.linear.Linear"),
    ],
)
def test_a_name_that_is_not_nnunets_own_is_refused_with_that_name(keys, name, make_model):
    folder = make_model((0,))
    edit(folder, keys, name)
    said = name[0] if isinstance(name, list) else name
    with pytest.raises(ModelError, match=rf"plans\.json of the model .* {said}, which is not"):
        load_ensemble(folder, device="cpu")


@pytest.mark.parametrize("key", ["conv_op", "norm_op", "dropout_op", "nonlin"])
@pytest.mark.parametrize("imported", [True, False])
def test_nothing_is_called_before_all_names_are_known(key, imported, make_model, tmp_path):
    """Arguments that would make a folder, beside names that would do it, listed or not."""
    folder, mark = make_model((0,)), tmp_path / "was_run"
    plans = json.loads((folder / "plans.json").read_text())
    architecture = plans["configurations"]["3d_fullres"]["architecture"]
    architecture["arch_kwargs"] |= {key: SHELL, f"{key}_kwargs": {"path": str(mark)}}
    if not imported:
        architecture["_kw_requires_import"].remove(key)
    (folder / "plans.json").write_text(json.dumps(plans))
    with pytest.raises(ModelError):
        load_ensemble(folder, device="cpu")
    assert not mark.exists()


@pytest.mark.parametrize(
    ("key", "name", "arguments"),
    [
        ("norm_op", "torch.nn.InstanceNorm2d", {}),
        ("norm_op", "torch.nn.LayerNorm", {}),
        ("conv_op", "torch.nn.Conv2d", {}),
        ("conv_op", "torch.nn.LazyConv3d", {}),
        ("nonlin", "torch.nn.GLU", {}),
        ("nonlin", "torch.nn.MultiheadAttention", {"embed_dim": 4, "num_heads": 2}),
        ("nonlin", "torch.nn.LeakyReLU", {"slope": 1}),
        ("nonlin", "torch.nn.PReLU", {"num_parameters": 3}),
        ("dropout_op", "torch.nn.Dropout3d", {"p": 3.0}),
    ],
)
def test_layers_that_can_not_work_here_are_told_by_name(key, name, arguments, make_model):
    folder = make_model((0,))
    edit(folder, (*NETWORK, key), name)
    edit(folder, (*NETWORK, f"{key}_kwargs"), arguments, missing=key == "conv_op")
    said = name.rpartition(".")[2]
    with pytest.raises(ModelError, match=rf"plans\.json (asks for {said}|can't be used.*{key})"):
        load_ensemble(folder, device="cpu")


def test_arguments_of_resampling_are_those_of_the_function(make_model):
    folder = make_model((0,))
    edit(folder, (*FULLRES, "resampling_fn_data"), "no_resampling_hack")
    with pytest.raises(ModelError, match="asks for no_resampling_hack in a way"):
        load_ensemble(folder, device="cpu")


def test_a_network_that_has_moved_is_found(make_model):
    folder = make_model((0,))
    moved = "dynamic_network_architectures.architectures.elsewhere.PlainConvUNet"
    edit(folder, (*FULLRES, "architecture", "network_class_name"), moved)
    assert len(load_ensemble(folder, device="cpu").organs) == 4


@pytest.mark.parametrize("trainer", ["../../elsewhere", "os.system", "", 3])
def test_a_trainer_is_a_name(trainer, make_model):
    with pytest.raises(ModelError, match=r"checkpoint_final\.pth is not as nnU-Net v2 writes it"):
        load_ensemble(make_model((0,), trainer=trainer))


def test_a_trainer_from_outside_of_nnunet_is_not_imported(make_model, tmp_path, monkeypatch):
    """Nor is a file beside the model, though nnU-Net would look for trainers there."""
    mark = tmp_path / "was_run"
    (tmp_path / "trainers").mkdir()
    (tmp_path / "trainers" / "mine.py").write_text(f"import os; os.mkdir({str(mark)!r})")
    monkeypatch.setenv("nnUNet_extTrainer", str(tmp_path / "trainers"))
    load_ensemble(make_model((0,), trainer="MyTrainer"), device="cpu")
    assert not mark.exists()


def edit(folder: Path, keys: tuple[str, ...], to: Any, missing: bool = False) -> None:
    """Change one value of the plans, unless it is not to be there."""
    if missing:
        return
    content = json.loads((folder / "plans.json").read_text())
    holder = content
    for key in keys[:-1]:
        holder = holder[key]
    holder[keys[-1]] = to
    (folder / "plans.json").write_text(json.dumps(content))


def test_weights_of_a_checkpoint_are_tensors_of_numbers(make_model):
    folder = make_model((0,))
    path = folder / "fold_0" / "checkpoint_final.pth"
    content = torch.load(path, weights_only=True)
    name = next(iter(content["network_weights"]))
    for wrong in ("text", None, torch.zeros(3, device="meta")):
        changed = {**content["network_weights"], name: wrong}
        torch.save({**content, "network_weights": changed}, path)
        with pytest.raises(ModelError, match="is not as nnU-Net v2 writes it"):
            load_ensemble(folder, device="cpu")
