"""Ensembles are what their plans say, or are refused."""

from __future__ import annotations

import shutil

import pytest
import torch
from working import run

from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.model.ensemble import load_ensemble, loading_ensemble


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


LOWRES = "nnUNetTrainer__nnUNetPlans__3d_lowres"


def make_cascade(make_model):
    return make_model((0, 1), name="cascade", previous_stage="3d_lowres")


def test_a_cascade_brings_all_folds_of_its_first_stage(make_model):
    lowres, folder = make_model((0, 2), name=LOWRES, kind="3d_lowres"), make_cascade(make_model)
    (second,) = load_ensemble(folder, folds=[1], device="cpu").configurations
    assert second.folds == ("1",)
    first = second.previous_stage
    assert first.model.folder == lowres
    assert (first.name, first.folds, first.previous_stage) == ("3d_lowres", ("0", "2"), None)


def test_a_cascade_without_its_first_stage_says_where_that_is_looked_for(make_model):
    folder = make_cascade(make_model)
    with pytest.raises(ModelError, match=f"{folder.parent / LOWRES}, is not there: copy it"):
        load_ensemble(folder)


def test_the_stages_of_a_cascade_must_have_the_same_labels(make_model):
    make_model((0,), name=LOWRES, kind="3d_lowres", labels=TWO)
    with pytest.raises(ModelError, match=f"cascade and .*{LOWRES} can't work together"):
        load_ensemble(make_cascade(make_model))


TWO = {"labels": {"background": 0, "liver": 1, "spleen": 2}}
REGIONS = {
    "labels": {"background": 0, "both": [1, 2], "spleen": 2},
    "regions_class_order": [1, 2],
}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (None, TWO),
        (TWO, {"labels": {"background": 0, "liver": 2, "spleen": 1}}),
        (TWO, {"labels": {"background": 0, "liver": 1, "Milz": 2}}),
        (TWO, REGIONS),
        (REGIONS, REGIONS | {"regions_class_order": [2, 1]}),
        (REGIONS, REGIONS | {"labels": {"background": 0, "spleen": 2, "both": [1, 2]}}),
    ],
)
def test_models_of_other_labels_are_not_averaged(one, other, make_model):
    folders = [make_model((0,), name=name, labels=of) for name, of in (("a", one), ("b", other))]
    with pytest.raises(ModelError, match=r"a and .*b can't work together, since their labels"):
        load_ensemble(folders, device="cpu")


def test_the_order_of_labels_makes_no_difference(make_model):
    turned = {"labels": {"spleen": 2, "background": 0, "liver": 1}}
    folders = [make_model((0,), name=name, labels=of) for name, of in (("a", TWO), ("b", turned))]
    ensemble = load_ensemble(folders, device="cpu")
    assert [trained.model.folder for trained in ensemble.configurations] == folders


def test_a_first_stage_has_none_before_it(make_model):
    make_model((0,), name=LOWRES, kind="3d_lowres", previous_stage="3d_lowres")
    with pytest.raises(ModelError, match="first stage of a cascade, and its plans"):
        load_ensemble(make_cascade(make_model))


def test_weights_that_are_not_the_final_ones_are_told(make_model):
    folder = make_model((0, 1))
    fold = folder / "fold_1"
    (fold / "checkpoint_final.pth").rename(fold / "checkpoint_best.pth")
    steps, ensemble = run(loading_ensemble(folder, device="cpu"))
    assert len(ensemble.configurations[0].members) == 2
    assert [step.notice for step in steps if step.notice][-1] == (
        f"{fold} has no checkpoint_final.pth: checkpoint_best.pth is used."
    )


def test_axes_that_patches_do_not_have_are_not_mirrored(make_model):
    folder = make_model((0,), patch=(16, 16), spacing=(8.0, 8.0))
    path = folder / "fold_0" / "checkpoint_final.pth"
    content = torch.load(path, weights_only=True)
    torch.save({**content, "inference_allowed_mirroring_axes": (0, 1, 2)}, path)
    with pytest.raises(ModelError, match=r"does not fit plans\.json"):
        load_ensemble(folder, device="cpu")
