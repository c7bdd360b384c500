"""One fold, trained by nnU-Net from where it was to its validation."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from napari_abdoseg.errors import TrainingError
from napari_abdoseg.inference.model.checkpoint import read_checkpoint
from napari_abdoseg.training.nnunet.trainer import FINAL, LATEST, build_trainer

VALIDATION_SHARE = 5
"""Steps of training for each of the validation in an epoch, as in nnU-Net."""


def train_fold(gpus: int, **arguments: Any) -> None:
    """Train a fold on one device, or on several GPUs together.

    Parameters
    ----------
    gpus : int
        GPUs that share the fold's batches by nnU-Net's own way, DistributedDataParallel;
        they are those that the process sees. None or one: without it.
    **arguments
        See `train`.
    """
    if gpus < 2:
        train(**arguments)
        return
    from nnunetv2.run.run_training import find_free_network_port
    from torch.multiprocessing.spawn import spawn

    os.environ["MASTER_ADDR"] = "localhost"
    os.environ.setdefault("MASTER_PORT", str(find_free_network_port()))
    spawn(_train_rank, args=(gpus, arguments), nprocs=gpus, join=True)  # type: ignore[no-untyped-call]


def _train_rank(rank: int, gpus: int, arguments: dict[str, Any]) -> None:
    import torch
    from nnunetv2.run.run_training import cleanup_ddp, setup_ddp

    setup_ddp(rank, gpus)
    torch.cuda.set_device(rank)
    train(**arguments)
    cleanup_ddp()


def train(
    preprocessed: str,
    plans: str,
    configuration: str,
    fold: int,
    trainer: str,
    device: str,
    epochs: int,
    iterations: int,
    optimizer: str,
    learning_rate: float,
    threads: int,
    start_from: str | None,
    keep_probabilities: bool,
) -> None:
    """Train a fold and predict its validation cases.

    Parameters
    ----------
    preprocessed : str
        Folder of the data set.
    plans, configuration : str
    fold : int
    trainer : str
        Name of one of nnU-Net's trainers.
    device : str
        ``cpu``, ``cuda`` or ``mps``.
    epochs, iterations : int
        Epochs in all, and steps of an epoch.
    optimizer : str
        ``SGD`` or ``AdamW``.
    learning_rate : float
        At the start.
    threads : int
        Of torch on a CPU.
    start_from : str, optional
        Checkpoint whose weights are the beginning.
    keep_probabilities : bool
        Keep those of validation cases, which ensembles of configurations are chosen by.

    Raises
    ------
    TrainingError
        The loss is no number any more, or the weights to start from are another network's.
    """
    import torch

    if device == "cpu":
        torch.set_num_threads(threads)
    torch.backends.cudnn.benchmark = True
    worker = build_trainer(Path(preprocessed), plans, configuration, fold, trainer, device)
    worker.num_epochs, worker.num_iterations_per_epoch = epochs, iterations
    worker.num_val_iterations_per_epoch = max(1, iterations // VALIDATION_SHARE)
    worker.initial_lr, worker.optimizer_name = learning_rate, optimizer
    folder = Path(worker.output_folder)
    if (folder / FINAL).exists():
        worker.load_checkpoint(str(folder / FINAL))
    else:
        worker.initialize()
        if (folder / LATEST).exists():
            worker.load_checkpoint(str(folder / LATEST))
        elif start_from:
            load_weights(worker, Path(start_from))
        worker.run_training()
    worker.perform_actual_validation(keep_probabilities)


def load_weights(trainer: Any, checkpoint: Path) -> None:
    """Begin with another training's weights, all of them.

    Raises
    ------
    TrainingError
        They are another network's.
    """
    network = getattr(trainer.network, "_orig_mod", trainer.network)
    network = getattr(network, "module", network)
    try:
        network.load_state_dict(read_checkpoint(checkpoint).weights)
    except RuntimeError as error:
        raise TrainingError(
            f"The weights of {checkpoint} don't fit this data set's network: start from a model "
            "with the same organs, channels and configuration."
        ) from error
