"""Model folders with one thing wrong end in a sentence, or give the same label map."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from itertools import islice
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest
from malformed_json import broken, malformed
from small_models import cascade

from napari_abdoseg.errors import ModelError
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.inference.model.card import ModelCard, write_card
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.inference.preflight.scan_checks import warnings_for
from napari_abdoseg.inference.segmentation import segment

FREE = (
    "spacing/",
    "intensity_properties_per_channel/0/",
    "norm_op_kwargs/eps",
    "resampling_fn_data_kwargs",
    "resampling_fn_probabilities_kwargs",
)
"""Places in plans of which another value than nnU-Net's is a right one, too."""
EVERY = 4
"""One in so many mistakes is tried in a run of the tests; another in each place."""


@pytest.fixture(scope="module")
def scan():
    return make_phantom(5, (30.0, 25.0, 25.0))[0]


def outcome(folder: Path, scan) -> tuple[str, object]:
    try:
        labels = segment(scan, load_ensemble(folder, device="cpu"), preset="fast")
    except ModelError as error:
        return "sentence", str(error)
    return "labels", (labels.data, labels.organs)


@pytest.mark.parametrize("file", ["plans.json", "dataset.json"])
def test_a_mistake_in_a_file_is_told_or_makes_no_difference(file, make_model, scan):
    folder = make_model((0,), patch=(16, 16, 16), spacing=(30.0, 25.0, 25.0))
    text = (folder / file).read_text()
    _, (expected, organs) = outcome(folder, scan)
    mistakes = islice(malformed(json.loads(text)), 0, None, EVERY)
    found = Counter()
    for what, content in mistakes:
        (folder / file).write_text(content)
        kind, result = outcome(folder, scan)
        found[kind] += 1
        if kind == "sentence":
            assert " ".join(result.split()) == result, what
            assert len(result) < 700, what
        else:
            data, names = result
            same = names == organs and np.array_equal(data, expected)
            assert same or any(place in what for place in FREE), what
    assert found["sentence"] > found["labels"]


@pytest.mark.parametrize("file", ["plans.json", "dataset.json"])
@pytest.mark.parametrize(("what", "content"), list(broken('{"labels": {"background": 0}}')))
def test_what_is_no_json_is_told(file, what, content, make_model):
    folder = make_model((0,))
    (folder / file).write_bytes(content)
    with pytest.raises(ModelError, match=file):
        read_model(folder)


def change(folder: Path, file: str, *keys: str | int, to: object) -> None:
    """Change one value of a JSON file."""
    content = json.loads((folder / file).read_text())
    holder = content
    for key in keys[:-1]:
        holder = holder[key]
    holder[keys[-1]] = to
    (folder / file).write_text(json.dumps(content))


FULLRES = ("configurations", "3d_fullres")
NETWORK = (*FULLRES, "architecture", "arch_kwargs")
PROPERTIES = ("foreground_intensity_properties_per_channel", "0")


@pytest.mark.parametrize(
    ("keys", "to", "says"),
    [
        (("transpose_forward",), [0, 1, 1], "transpose_forward and transpose_backward must"),
        (("transpose_backward",), [2, 0, 1], "transpose_forward and transpose_backward must"),
        ((*FULLRES, "patch_size"), [0, 16, 16], r"patch_size\.0 should be greater"),
        ((*FULLRES, "patch_size"), [10**5] * 3, r"patch_size\.0 should be less"),
        ((*FULLRES, "patch_size"), [15, 16, 16], "must be a multiple of"),
        ((*FULLRES, "patch_size"), [2, 2, 2], "more than one voxel"),
        ((*FULLRES, "patch_size"), [16, 16], "as many axes"),
        ((*FULLRES, "spacing"), [0, 8.0, 8.0], r"spacing\.0 should be greater"),
        ((*FULLRES, "spacing"), [nan, 8.0, 8.0], r"spacing\.0 should be"),
        ((*FULLRES, "spacing"), [inf, 8.0, 8.0], r"spacing\.0 should be"),
        ((*FULLRES, "inherits_from"), "3d_fullres", "inherits from others without an end"),
        ((*FULLRES, "inherits_from"), "3d_lowres", "inherits from a configuration that is not"),
        ((*FULLRES, "normalization_schemes"), ["CTNormalization"] * 2, "must be as many"),
        ((*FULLRES, "previous_stage"), "../../elsewhere", "is no name of a folder"),
        ((*FULLRES, "data_identifier"), "/tmp", "is no name of a folder"),
        (("plans_name",), "..", "is no name of a folder"),
        ((*NETWORK, "n_stages"), 3, "must have 3 values for 3 stages"),
        ((*NETWORK, "features_per_stage"), [10**6, 8], r"features_per_stage\.0 should be less"),
        ((*NETWORK, "kernel_sizes"), [[3, 3, 3], [2, 3, 3]], "kernel_sizes must be odd"),
        ((*NETWORK, "kernel_sizes"), [[3, 3], [3, 3]], "must have 3 axes"),
        ((*NETWORK, "strides"), [[2, 2, 2], [2, 2, 2]], "strides must begin with 1"),
        ((*NETWORK, "surprise"), 1, "surprise is unknown"),
        ((*PROPERTIES, "std"), nan, "std should be a finite number"),
        ((*PROPERTIES, "percentile_00_5"), 5000, "must be less than percentile_99_5"),
    ],
)
def test_plans_that_no_network_can_follow_are_told(keys, to, says, make_model):
    folder = make_model((0,))
    change(folder, "plans.json", *keys, to=to)
    with pytest.raises(ModelError, match=rf"plans\.json .*{says}"):
        load_ensemble(folder, device="cpu")


def test_configurations_may_inherit_from_one_another_but_not_in_a_circle(make_model):
    folder = make_model((0,))
    plans = json.loads((folder / "plans.json").read_text())
    plans["configurations"] |= {"a": {"inherits_from": "b"}, "b": {"inherits_from": "a"}}
    (folder / "plans.json").write_text(json.dumps(plans))
    with pytest.raises(ModelError, match="a inherits from others without an end"):
        read_model(folder)
    plans["configurations"]["b"] = {"inherits_from": "3d_fullres", "batch_size": 7}
    (folder / "plans.json").write_text(json.dumps(plans))
    assert read_model(folder).planned.configurations["a"].batch_size == 7


def test_a_configuration_of_another_network_is_in_nobodys_way(make_model):
    folder = make_model((0,))
    own = {"network_class_name": "mine.Transformer", "arch_kwargs": {"depth": 3}}
    plans = json.loads((folder / "plans.json").read_text())
    planned = plans["configurations"]
    planned["mine"] = {"inherits_from": "3d_fullres", "architecture": own}
    (folder / "plans.json").write_text(json.dumps(plans))
    assert len(load_ensemble(folder, device="cpu").organs) == 4


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"labels": {"liver": 1}}, "labels must have background"),
        ({"labels": {"Background": 0, "liver": 1}}, "spelt Background there"),
        ({"labels": {"background": 1, "liver": 0}}, "labels must have background"),
        ({"labels": {"background": 0}}, "labels name no organ"),
        ({"labels": {"background": 0, "ignore": 1}}, "labels name no organ"),
        ({"labels": {"background": 0, "liver": 1, "pancreas": 7}}, "0, 1, 7, and must count"),
        ({"labels": {"background": 0, "liver": 1, "Leber": 1}}, "0, 1, 1, and must count"),
        ({"labels": {"background": 0, "liver": -1}}, r"labels\.liver should be greater"),
        ({"labels": {"background": 0, "liver": True}}, r"labels\.liver should be"),
        ({"labels": {"background": 0, "liver": "1"}}, r"labels\.liver should be"),
        ({"labels": {"background": 0, "liver": 1.0}}, r"labels\.liver should be"),
        ({"labels": {"background": 0, "liver": 10**30}}, r"labels\.liver should be"),
        ({"labels": {"background": 0, "liver": []}}, r"labels\.liver should be"),
        ({"labels": {"background": 0, "liver": {}}}, r"labels\.liver should be"),
        ({"labels": {"background": [0], "liver": 1}}, "labels must have background"),
        ({"labels": {"background": 0, "liver": 1, "ignore": 3}}, "label ignore must have"),
        ({"labels": {"background": 0, "liver": 1, "ignore": [2]}}, "label ignore must have"),
        ({"labels": {"background": 0, "a": [1, 2], "b": 2}}, "each of the 2 regions"),
        (
            {"labels": {"background": 0, "a": [1, 2], "b": 2}, "regions_class_order": [1]},
            "each of the 2 regions",
        ),
        (
            {"labels": {"background": 0, "a": [1, 2], "b": 2}, "regions_class_order": [1, 1]},
            "each of the 2 regions",
        ),
        (
            {"labels": {"background": 0, "a": [1, 2], "b": 2}, "regions_class_order": [0, 1]},
            r"regions_class_order\.0 should be greater",
        ),
        ({"channel_names": ["CT"]}, "channel_names should be"),
        ({"channel_names": {"0": 3}}, r"channel_names\.0 should be"),
        ({"channel_names": {"0": ""}}, r"channel_names\.0 should have"),
        ({"modality": {"0": "CT", "1": "PET"}}, "channel_names and modality differ"),
    ],
)
def test_labels_and_channels_that_nnunet_can_not_have_are_told(content, says, make_model):
    folder = make_model((0,))
    dataset = json.loads((folder / "dataset.json").read_text())
    (folder / "dataset.json").write_text(json.dumps(dataset | content))
    with pytest.raises(ModelError, match=rf"dataset\.json .*{says}"):
        read_model(folder)


@pytest.mark.parametrize(
    ("labels", "organs"),
    [
        ({"background": 0, "spleen": 2, "liver": 1}, [(1, "liver"), (2, "spleen")]),
        ({"background": 0, "liver": [1], "ignore": 2}, [(1, "liver")]),
    ],
)
def test_values_are_those_that_the_network_gives(labels, organs, make_model):
    """A regions_class_order without regions is nobody's."""
    folder = make_model((0,))
    dataset = json.loads((folder / "dataset.json").read_text())
    changed = dataset | {"labels": labels, "regions_class_order": [2, 1]}
    (folder / "dataset.json").write_text(json.dumps(changed))
    assert [(organ.value, organ.name) for organ in read_model(folder).organs] == organs


@pytest.mark.parametrize("name", ["T1", "MRI", "mr_t2w", "PET"])
def test_a_model_for_other_scans_than_ct_is_refused(name, make_model):
    folder = make_model((0,))
    change(folder, "dataset.json", "channel_names", to={"0": name})
    with pytest.raises(ModelError, match=f'takes {name}, not CT.*"modality": "{name}"'):
        read_model(folder)


@pytest.mark.parametrize("of_cascade", [False, True])
def test_a_card_that_names_them_lets_it_work_with_a_warning(of_cascade, make_model, phantom):
    folder = cascade(make_model) if of_cascade else make_model((0,))
    for each in (*folder.parent.glob("*/dataset.json"),):
        change(each.parent, "dataset.json", "channel_names", to={"0": "T1"})
    with pytest.raises(ModelError, match="takes T1, not CT"):
        read_model(folder)
    write_card(folder, ModelCard(modality="MR"))
    ensemble = load_ensemble(folder, device="cpu")
    (told, *_) = warnings_for(phantom[0], ensemble.configurations)
    assert "takes MR, not CT" in told
    write_card(folder, ModelCard(modality="CT, portal venous"))
    assert not any(
        "not CT" in told
        for told in warnings_for(phantom[0], load_ensemble(folder, device="cpu").configurations)
    )


@pytest.mark.parametrize("name", ["CT", "ct_portal_venous", "PET/CT", "zscore", "noNorm"])
def test_names_of_channels_are_peoples_own(name, make_model):
    folder = make_model((0,))
    change(folder, "dataset.json", "channel_names", to={"0": name})
    assert read_model(folder).channels == (name,)


@pytest.mark.parametrize("file", ["plans.json", "dataset.json", "fold_0/checkpoint_final.pth"])
@pytest.mark.parametrize("what", ["folder", "pipe", "dangling link"])
def test_what_is_no_file_is_told(what, file, make_model):
    path = make_model((0,)) / file
    path.unlink()
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        pytest.importorskip("os").mkfifo(path)
    else:
        path.symlink_to(path.parent / "nowhere")
    with pytest.raises(ModelError, match=f"has no {path.name}"):
        read_model(path.parents[len(Path(file).parts) - 1])


def test_a_file_too_large_is_not_read(make_model):
    folder = make_model((0,))
    with (folder / "plans.json").open("wb") as file:
        file.truncate(10**11)
    with pytest.raises(ModelError, match="too large"):
        read_model(folder)


def test_an_archive_says_to_unpack_it(make_model, tmp_path):
    archive = shutil.make_archive(str(tmp_path / "model"), "zip", make_model((0,), name="m"))
    with pytest.raises(ModelError, match="unpack it"):
        read_model(archive)


@pytest.mark.parametrize("below", [".", "nnUNetTrainerV2__nnUNetPlansv2.1"])
def test_a_model_of_nnunet_v1_is_named(below, tmp_path):
    (tmp_path / below).mkdir(exist_ok=True)
    (tmp_path / below / "plans.pkl").touch()
    with pytest.raises(ModelError, match="nnU-Net v1"):
        read_model(tmp_path)


@pytest.mark.parametrize("name", ["a\0b", "~nobody_of_this_name/model", "x" * 5000])
def test_a_name_that_no_folder_can_have_is_told(name):
    with pytest.raises(ModelError, match="model"):
        read_model(name)


OLD_UNET = {
    "UNet_class_name": "PlainConvUNet",
    "UNet_base_num_features": 4,
    "unet_max_num_features": 8,
    "n_conv_per_stage_encoder": [1, 1],
    "n_conv_per_stage_decoder": [1],
    "num_pool_per_axis": [1, 1, 1],
    "pool_op_kernel_sizes": [[1, 1, 1], [2, 2, 2]],
    "conv_kernel_sizes": [[3, 3, 3], [3, 3, 3]],
}


def as_before_2_3(folder: Path, **other: object) -> Path:
    """A model's plans as nnU-Net wrote them before version 2.3."""
    plans = json.loads((folder / "plans.json").read_text())
    configuration = plans["configurations"]["3d_fullres"]
    configuration.pop("architecture")
    configuration |= OLD_UNET | other
    (folder / "plans.json").write_text(json.dumps(plans))
    return folder


def test_advice_on_old_plans_is_not_for_users(make_model):
    code = "import sys; from napari_abdoseg import load_ensemble; load_ensemble(sys.argv[1], [0])"
    folder = as_before_2_3(make_model((0,)))
    command = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_an_unknown_network_of_old_plans_is_told(make_model):
    folder = as_before_2_3(make_model((0,)), UNet_class_name="MyUNet")
    with pytest.raises(ModelError, match="MyUNet"):
        load_ensemble(folder, device="cpu")
