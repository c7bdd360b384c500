"""Train the demo ensemble on with mirroring, for benchmarks of ensembles that mirror.

The demo's own folds are trained without mirroring and predict without it, so that they
are quick. These take up their weights and see each batch mirrored along random axes.

    python scripts/train_mirrored_demo.py WORK_FOLDER MODEL_FOLDER
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import train_demo
from train_demo import CONFIGURATION, DATASET, FOLDS, LEARNING_RATE

DEMO = Path(__file__).parent.parent / "src" / "napari_abdoseg" / "models" / "demo"
AXES = (0, 1, 2)


def train_fold(fold: int, preprocessed: Path, epochs: int, iterations: int) -> None:
    """Train a fold from the demo's weights."""
    os.environ["nnUNet_n_proc_DA"] = "0"  # noqa: SIM112
    import torch
    from nnunetv2.training.lr_scheduler.polylr import PolyLRScheduler
    from nnunetv2.training.nnUNetTrainer.variants.data_augmentation.nnUNetTrainerNoDA import (
        nnUNetTrainerNoDA,
    )

    torch.set_num_threads(1)
    plans = json.loads((preprocessed / DATASET / "nnUNetPlans.json").read_text())
    dataset = json.loads((preprocessed / DATASET / "dataset.json").read_text())
    plans["continue_training"] = False
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    trainer = nnUNetTrainerNoDA(plans, CONFIGURATION, fold, dataset, device)
    trainer.num_epochs = epochs
    trainer.num_iterations_per_epoch = iterations
    trainer.num_val_iterations_per_epoch = 2
    trainer.oversample_foreground_percent = 0.66
    trainer.initialize()
    demo = torch.load(DEMO / f"fold_{fold}" / "checkpoint_final.pth", device, weights_only=True)
    trainer.network.load_state_dict(demo["network_weights"])
    trainer.optimizer = torch.optim.AdamW(trainer.network.parameters(), lr=LEARNING_RATE)
    trainer.lr_scheduler = PolyLRScheduler(trainer.optimizer, LEARNING_RATE, epochs)
    trainer.train_step = mirrored(trainer.train_step)
    trainer.run_training()


def mirrored(train_step: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """A training step on a batch mirrored along random axes."""
    import torch

    def step(batch: dict[str, Any]) -> Any:
        axes = [axis + 2 for axis in AXES if random.random() < 0.5]
        target = batch["target"]
        turned = (
            [torch.flip(scale, axes) for scale in target]
            if isinstance(target, list)
            else torch.flip(target, axes)
        )
        return train_step(batch | {"data": torch.flip(batch["data"], axes), "target": turned})

    return step


def allow_mirroring(model: Path) -> None:
    """Let predictions mirror along all axes."""
    import torch

    for fold in FOLDS:
        path = model / f"fold_{fold}" / "checkpoint_final.pth"
        checkpoint = torch.load(path, weights_only=True)
        torch.save(checkpoint | {"inference_allowed_mirroring_axes": AXES}, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, help="folder for the data set and the training")
    parser.add_argument("target", type=Path, help="model folder to write")
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--iterations", type=int, default=20, help="steps an epoch")
    parser.add_argument("--parallel", type=int, default=2, help="folds trained at a time")
    given = parser.parse_args()

    folders = train_demo.prepare(given.work, given.cases)
    jobs = [(fold, folders["preprocessed"], given.epochs, given.iterations) for fold in FOLDS]
    with multiprocessing.get_context("spawn").Pool(given.parallel, maxtasksperchild=1) as pool:
        pool.starmap(train_fold, jobs, chunksize=1)
    train_demo.export(folders["results"], given.target)
    allow_mirroring(given.target)


if __name__ == "__main__":
    main()
