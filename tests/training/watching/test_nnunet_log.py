"""What the installed nnU-Net writes is what is read, number by number."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.training.watching.curves import Stage
from napari_abdoseg.training.watching.watch import Watch

CASES, EPOCHS, INTERRUPTED = ("one", "two", "three"), 4, 3


@pytest.fixture
def plans(make_model, tmp_path, monkeypatch) -> tuple[dict[str, Any], dict[str, Any]]:
    """Plans and dataset.json of a small network, phantoms preprocessed for it."""
    for name in ("raw", "preprocessed", "results"):
        monkeypatch.setenv(f"nnUNet_{name}", str(tmp_path / name))
    monkeypatch.setenv("nnUNet_n_proc_DA", "0")
    model = make_model()
    plans, dataset = (json.loads((model / f"{n}.json").read_text()) for n in ("plans", "dataset"))
    preprocessed = tmp_path / "preprocessed" / plans["dataset_name"]
    identifier = plans["configurations"]["3d_fullres"]["data_identifier"]
    preprocess(preprocessed / identifier)
    shutil.copy(model / "dataset.json", preprocessed / "dataset_fingerprint.json")
    split = {"train": CASES[:2], "val": CASES[2:]}
    (preprocessed / "splits_final.json").write_text(json.dumps([split]))
    return plans, dataset


def preprocess(folder: Path) -> None:
    from nnunetv2.training.dataloading.nnunet_dataset import nnUNetDatasetBlosc2

    folder.mkdir(parents=True)
    for seed, case in enumerate(CASES):
        volume, labels = make_phantom(seed, (12.0, 10.0, 10.0))
        data, seg = (volume.data[None] / 100).astype(np.float32), labels.data[None].astype(np.int8)
        places = {organ.value: np.argwhere(seg == organ.value) for organ in labels.organs}
        nnUNetDatasetBlosc2.save_case(data, seg, {"class_locations": places}, str(folder / case))


def make_trainer(plans: dict[str, Any], dataset: dict[str, Any], goes_on: bool = False):
    import torch
    from nnunetv2.run.run_training import maybe_load_checkpoint
    from nnunetv2.training.nnUNetTrainer.variants.data_augmentation.nnUNetTrainerNoDA import (
        nnUNetTrainerNoDA,
    )

    plans = plans | {"continue_training": goes_on}
    trainer = nnUNetTrainerNoDA(plans, "3d_fullres", 0, dataset, torch.device("cpu"))
    trainer.num_epochs, trainer.save_every = EPOCHS, 2
    trainer.num_iterations_per_epoch = trainer.num_val_iterations_per_epoch = 2
    maybe_load_checkpoint(trainer, goes_on, False)
    return trainer


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning:nnunetv2", "ignore::RuntimeWarning:nnunetv2")
def test_a_training_that_is_interrupted_and_continued(plans, tmp_path):
    trainer = make_trainer(*plans)
    watch = Watch(tmp_path / "results")
    assert watch.look()[0].curves.stage is Stage.STARTING
    begin_epoch = trainer.on_train_epoch_start

    def interrupt() -> None:
        begin_epoch()
        if trainer.current_epoch == INTERRUPTED:
            raise KeyboardInterrupt

    trainer.on_train_epoch_start = interrupt
    with pytest.raises(KeyboardInterrupt):
        trainer.run_training()
    (fold,) = watch.look()
    assert len(fold.curves.epochs) == INTERRUPTED
    assert fold.curves.stage is Stage.TRAINING
    assert fold.curves.seconds_left > 0

    trainer = make_trainer(*plans, goes_on=True)
    trainer.run_training()
    (fold,) = watch.look()
    curves, logged = fold.curves, trainer.logger.local_logger.my_fantastic_logging
    assert fold.is_finished
    assert curves.planned == EPOCHS
    assert curves.organs == ABDOMINAL_ORGANS
    for values, name in (
        (curves.train_loss, "train_losses"),
        (curves.val_loss, "val_losses"),
        (curves.learning_rate, "lrs"),
        (curves.mean_dice, "mean_fg_dice"),
        (curves.mean_dice_ema, "ema_fg_dice"),
        (curves.dice, "dice_per_class_or_region"),
    ):
        np.testing.assert_allclose(values, logged[name], atol=1e-4)
    ends, starts = logged["epoch_end_timestamps"], logged["epoch_start_timestamps"]
    np.testing.assert_allclose(curves.seconds, np.subtract(ends, starts), atol=0.01)
