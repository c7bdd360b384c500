"""nnU-Net's trainers, so that they can be stopped at any moment and go on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

LATEST, FINAL = "checkpoint_latest.pth", "checkpoint_final.pth"
PART = ".part"
"""Ends the name of a checkpoint while it is written."""


def resumable(name: str) -> type[Any]:
    """A trainer of nnU-Net's with a choice of optimisers, whose checkpoints are whole or not there.

    Parameters
    ----------
    name : str
        Of the trainer, which it keeps.
    """
    import torch
    from nnunetv2.training.lr_scheduler.polylr import PolyLRScheduler
    from nnunetv2.utilities.find_objects import recursive_find_trainer_class_by_name

    base: Any = recursive_find_trainer_class_by_name(name)

    class ResumableTrainer(base):  # type: ignore[misc]
        optimizer_name = "SGD"

        def configure_optimizers(self) -> tuple[Any, Any]:
            if self.optimizer_name == "SGD":
                return tuple(super().configure_optimizers())
            optimizer = torch.optim.AdamW(self.network.parameters(), lr=self.initial_lr)
            return optimizer, PolyLRScheduler(optimizer, self.initial_lr, self.num_epochs)

        def save_checkpoint(self, filename: str) -> None:
            part = f"{filename}{PART}"
            super().save_checkpoint(part)
            if self.local_rank == 0 and not self.disable_checkpointing:
                Path(part).replace(filename)

    ResumableTrainer.__name__ = name
    return ResumableTrainer


def build_trainer(
    preprocessed: Path, plans: str, configuration: str, fold: int, name: str, device: str
) -> Any:
    """A trainer that goes on from its latest checkpoint, if it has one.

    What an earlier one was killed while it wrote is removed.

    Parameters
    ----------
    preprocessed : Path
        Folder of the data set.
    plans, configuration : str
    fold : int
    name : str
        Of the trainer.
    device : str
    """
    import torch
    from batchgenerators.utilities.file_and_folder_operations import load_json

    content = load_json(str(preprocessed / f"{plans}.json"))
    dataset = load_json(str(preprocessed / "dataset.json"))
    folder = Path(os.environ["nnUNet_results"]) / preprocessed.name  # noqa: SIM112
    folder = folder / f"{name}__{plans}__{configuration}" / f"fold_{fold}"
    for half_written in folder.glob(f"*{PART}"):
        half_written.unlink()
    content["continue_training"] = (folder / LATEST).exists() or (folder / FINAL).exists()
    trainer = resumable(name)(content, configuration, fold, dataset, torch.device(device))
    trainer.save_every = 1
    return trainer
