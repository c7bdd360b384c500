"""What runs in nnU-Net's processes, called here in this one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from raw_datasets import write_case

from napari_abdoseg.errors import TrainingError
from napari_abdoseg.training.nnunet import preprocessing as preprocessing_module
from napari_abdoseg.training.nnunet import trial
from napari_abdoseg.training.nnunet.cross_validation import cross_validate
from napari_abdoseg.training.nnunet.planning import extract_fingerprint, find_planner, plan
from napari_abdoseg.training.nnunet.preprocessing import preprocess
from napari_abdoseg.training.nnunet.train_fold import load_weights, train_fold
from napari_abdoseg.training.nnunet.trainer import build_trainer, resumable
from napari_abdoseg.training.settings import PLANNERS

PLANS = "abdosegSmallPlans_10x8x8mm"


def fold_arguments(place, **changes):
    return {
        "gpus": 0,
        "preprocessed": str(place.run().folders.preprocessed),
        "plans": PLANS,
        "configuration": "3d_fullres",
        "fold": 0,
        "trainer": "nnUNetTrainerNoDA",
        "device": "cpu",
        "epochs": 2,
        "iterations": 1,
        "optimizer": "AdamW",
        "learning_rate": 0.01,
        "threads": 1,
        "start_from": None,
        "keep_probabilities": False,
    } | changes


def folder_of(place, fold: int = 0) -> Path:
    return place.run().folder("3d_fullres") / f"fold_{fold}"


@pytest.mark.parametrize("name", PLANNERS)
def test_every_planner_is_found(name):
    assert find_planner(name).__name__ == PLANNERS[name]


def test_planning(nnunet, monkeypatch):
    monkeypatch.delenv("nnUNet_n_proc_DA")
    extract_fingerprint(nnunet.raw.name, 1)
    plan(nnunet.raw.name, "small", "again", (12.0, 9.0, 9.0))
    assert nnunet.run().folders.plans("again").is_file()


def test_finished_cases_are_not_preprocessed_again(nnunet):
    """A case is missing, and another one was left half written."""
    folders = nnunet.run().folders
    place = folders.preprocessed / f"{PLANS}_3d_fullres"
    before = {path.name: path.stat().st_mtime_ns for path in place.iterdir()}
    (place / "p_002.pkl").unlink()
    (place / "p_004.part").mkdir()
    preprocess(str(folders.preprocessed), str(nnunet.raw), PLANS, "3d_fullres", 2)
    after = {path.name: path.stat().st_mtime_ns for path in place.iterdir()}
    assert after.keys() == before.keys()
    changed = {name for name, time in after.items() if time != before[name]}
    assert changed == {"p_002.pkl", "p_002.b2nd", "p_002_seg.b2nd"}
    labels = folders.preprocessed / "gt_segmentations"
    assert len(list(labels.iterdir())) == 5


def test_a_case_that_can_not_be_preprocessed_is_named(nnunet, monkeypatch, tmp_path):
    folders = nnunet.run().folders
    image = tmp_path / "other" / "imagesTr" / "p_009_0000.nii.gz"
    write_case(tmp_path / "other", "Tr", "p_009", 9)
    image.write_bytes(image.read_bytes()[:1000])
    case = ("p_009", {"images": [str(image)], "label": "none"})
    plans = nnunet.run().plans
    with pytest.raises(TrainingError, match=r"The case p_009 can't be preprocessed .* check"):
        preprocessing_module.preprocess_case(
            folders.preprocessed, plans, "3d_fullres", str(nnunet.raw), case
        )


def test_a_fold_is_trained_and_validated(nnunet):
    train_fold(**fold_arguments(nnunet))
    folder = folder_of(nnunet)
    assert (folder / "checkpoint_final.pth").is_file()
    assert (folder / "validation" / "summary.json").is_file()
    assert not list(folder.glob("*.part"))


@pytest.mark.slow
def test_a_fold_goes_on_from_its_latest_epoch(nnunet, monkeypatch):
    """Killed in its second epoch, and then in its validation."""
    trainer = resumable("nnUNetTrainerNoDA").__mro__[1]
    with monkeypatch.context() as patch:
        patch.setattr(trainer, "on_epoch_start", killed_at(trainer.on_epoch_start, 2))
        with pytest.raises(KeyboardInterrupt):
            train_fold(**fold_arguments(nnunet))
    first = torch.load(folder_of(nnunet) / "checkpoint_latest.pth", weights_only=False)
    assert first["current_epoch"] == 1
    with monkeypatch.context() as patch:
        patch.setattr(trainer, "perform_actual_validation", killed_at(None, 1))
        with pytest.raises(KeyboardInterrupt):
            train_fold(**fold_arguments(nnunet))
    final = folder_of(nnunet) / "checkpoint_final.pth"
    last = torch.load(final, weights_only=False)
    assert last["logging"]["train_losses"][:1] == first["logging"]["train_losses"]
    assert len(last["logging"]["train_losses"]) == 2
    before = final.read_bytes()
    train_fold(**fold_arguments(nnunet))
    assert final.read_bytes() == before
    assert (folder_of(nnunet) / "validation" / "summary.json").is_file()


def killed_at(function, number: int):
    calls = []

    def call(self, *arguments):
        calls.append(1)
        if len(calls) == number:
            raise KeyboardInterrupt
        return function(self, *arguments)

    return call


def test_a_checkpoint_is_whole_or_the_one_before(nnunet, monkeypatch):
    trainer = build_trainer(
        nnunet.run().folders.preprocessed, PLANS, "3d_fullres", 0, "nnUNetTrainerNoDA", "cpu"
    )
    trainer.initialize()
    path = folder_of(nnunet) / "checkpoint_latest.pth"
    trainer.save_checkpoint(str(path))
    before = path.read_bytes()

    def half(_, target):
        Path(target).write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(OSError, match="disk full"):
        trainer.save_checkpoint(str(path))
    assert path.read_bytes() == before


@pytest.mark.slow
def test_a_fold_begins_with_another_models_weights(nnunet):
    train_fold(**fold_arguments(nnunet))
    weights = folder_of(nnunet) / "checkpoint_final.pth"
    trainer = build_trainer(
        nnunet.run().folders.preprocessed, PLANS, "3d_fullres", 1, "nnUNetTrainerNoDA", "cpu"
    )
    trainer.initialize()
    load_weights(trainer, weights)
    loaded = trainer.network.state_dict()
    for name, value in torch.load(weights, weights_only=False)["network_weights"].items():
        assert torch.equal(loaded[name], value)


def test_weights_of_another_network_are_refused(nnunet, make_model):
    other = make_model(folds=(0,)) / "fold_0" / "checkpoint_final.pth"
    arguments = fold_arguments(nnunet, fold=2, start_from=str(other))
    with pytest.raises(TrainingError, match="don't fit this data set's network"):
        train_fold(**arguments)


def test_five_folds_are_compared(nnunet):
    """Folds that have found each label as it is."""
    run = nnunet.run()
    trained = run.folder("3d_fullres")
    for fold, case in enumerate(run.folders.dataset.training):
        (trained / f"fold_{fold}" / "validation").mkdir(parents=True)
        shutil.copy(case.labels, trained / f"fold_{fold}" / "validation" / case.labels.name)
    shutil.copy(run.folders.plans(PLANS), trained / "plans.json")
    shutil.copy(run.folders.preprocessed / "dataset.json", trained)
    found = cross_validate(nnunet.raw.name, PLANS, "nnUNetTrainerNoDA", ["3d_fullres"], range(5), 1)
    assert found == {"scores": {"3d_fullres": 1.0}, "best": ["3d_fullres"]}
    assert (run.folders.results / "inference_instructions.txt").is_file()
    assert (trained / "crossval_results_folds_0_1_2_3_4" / "postprocessing.pkl").is_file()


@pytest.mark.parametrize("configuration", ["2d", "3d_fullres"])
def test_memory_of_a_step_is_measured(nnunet, configuration, monkeypatch):
    monkeypatch.setenv("nnUNet_results", os.environ["nnUNet_results"])  # noqa: SIM112
    preprocessed = str(nnunet.run().folders.preprocessed)
    fit = trial.try_step(preprocessed, PLANS, configuration, "nnUNetTrainer", "cpu", 0)
    assert fit["wanted"] >= 2
    assert fit["largest"] >= fit["wanted"]
    assert 0 < fit["needed"] < fit["available"]


@pytest.mark.parametrize(("available", "largest"), [(1000, 0), (150_000_000, 1)])
def test_more_than_the_memory_does_not_fit(available, largest, monkeypatch):
    held = []
    monkeypatch.setattr(trial, "_step", lambda *_: held.append(np.ones(100_000_000, np.uint8)))
    monkeypatch.setattr(trial, "available_bytes", lambda: available)
    fit = trial._on_cpu(None, 2)
    assert fit["largest"] == largest
    assert fit["needed"] > fit["available"]


def test_memory_of_an_earlier_step_is_not_taken_off(monkeypatch):
    bytes_taken = iter([0, 100_000_000])
    monkeypatch.setattr(trial, "_step", lambda *_: np.ones(next(bytes_taken), np.uint8))
    monkeypatch.setattr(trial, "available_bytes", lambda: 1000)
    assert trial._on_cpu(None, 2)["largest"] == 0


@pytest.mark.parametrize("fits", [2, 1, 0])
def test_smaller_batches_are_tried_on_a_gpu(fits, monkeypatch):
    def step(_, batch):
        if batch > fits:
            raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(trial, "_step", step)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (8000, 9000))
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda: 5000)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    fit = trial._on_gpu(None, 2)
    assert fit["largest"] == fits
    assert fit["needed"] == (5000 if fits == 2 else 8001)
    assert np.all([isinstance(value, int) for value in fit.values()])
