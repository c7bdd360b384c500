"""The ensemble that is kept for the next run, and the files that it depends on."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from small_models import cascade

from napari_abdoseg.inference.model.ensemble import Ensemble
from napari_abdoseg.inference.model.model_folder import Model, read_model
from napari_abdoseg.plugin.segment.last_ensemble import LastEnsemble
from napari_abdoseg.progress import drain

LOWRES = "../nnUNetTrainer__nnUNetPlans__3d_lowres"
FINAL, BEST = "checkpoint_final.pth", "checkpoint_best.pth"


@pytest.fixture
def model(make_model) -> Model:
    return read_model(cascade(make_model))


@pytest.fixture
def load(model):
    """A function that loads the last ensemble, kept or anew."""
    last = LastEnsemble()
    return lambda: drain(last.loading(model, ["1"], "cpu"))


def describe_anew(path: Path) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | {"description": "another"}))


def save_other_weights(path: Path) -> None:
    """As large as before, and written at the same time."""
    before, content = path.stat(), torch.load(path, weights_only=True)
    for value in content["network_weights"].values():
        value.zero_()
    torch.save(content, path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def copy_fold(path: Path) -> None:
    shutil.copytree(path, path.with_name("fold_2"))


def keep_the_best_alone(path: Path) -> None:
    path.rename(path.with_name(BEST))


def test_it_is_kept_and_the_chosen_model_is_not_read_again(model, load):
    ensemble = load()
    assert load() is ensemble
    assert ensemble.configurations[0].model is model


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("dataset.json", describe_anew),
        ("plans.json", describe_anew),
        (f"fold_1/{FINAL}", save_other_weights),
        (f"fold_1/{FINAL}", keep_the_best_alone),
        (f"{LOWRES}/dataset.json", describe_anew),
        (f"{LOWRES}/plans.json", describe_anew),
        (f"{LOWRES}/fold_0/{FINAL}", save_other_weights),
        (f"{LOWRES}/fold_0", copy_fold),
        (LOWRES, lambda path: path.rename(path.with_name("3d_cascade_fullres") / path.name)),
    ],
)
def test_a_change_of_any_file_that_it_depends_on_is_noticed(path, change, model, load):
    before = load()
    change((model.folder / path).resolve())
    after = load()
    assert after is not before
    assert load() is after
    assert content_of(after) == content_of(drain(LastEnsemble().loading(model, ["1"], "cpu")))
    assert content_of(after) != content_of(before)


def content_of(ensemble: Ensemble) -> list[object]:
    """All that files may change of an ensemble."""
    return [
        (
            stage.model.folder,
            stage.model.description,
            stage.model.plans.get("description"),
            stage.folds,
            [
                (member.stamp.path, float(sum(value.sum() for value in member.weights.values())))
                for member in stage.members
            ],
        )
        for stage in ensemble.stages
    ]


def test_a_fold_beside_those_that_work_changes_nothing(model, load):
    ensemble = load()
    save_other_weights(model.checkpoint("0"))
    assert load() is ensemble
