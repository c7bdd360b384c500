"""Whether a batch fits into a device's memory, found by training on one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from napari_abdoseg.inference.hardware.memory import available_bytes, watch_growth
from napari_abdoseg.training.nnunet.trainer import build_trainer

Fit = dict[str, int]


def try_step(
    preprocessed: str, plans: str, configuration: str, trainer: str, device: str, gpus: int
) -> Fit:
    """Train a step on random voxels.

    On a GPU the batch is tried as it is, and smaller ones where it does not fit. On a CPU
    memory for one patch and for two tells that for all of them.

    Parameters
    ----------
    preprocessed : str
        Folder of the data set.
    plans, configuration, trainer : str
    device : str
        ``cpu``, ``cuda`` or ``mps``.
    gpus : int
        GPUs that share a batch.

    Returns
    -------
    dict
        ``wanted`` and ``largest`` batch on a device, ``needed`` and ``available`` bytes.
    """
    with tempfile.TemporaryDirectory() as folder:
        os.environ["nnUNet_results"] = folder  # noqa: SIM112
        worker = build_trainer(Path(preprocessed), plans, configuration, 0, trainer, device)
        _build(worker)
        wanted = -(-worker.configuration_manager.batch_size // max(gpus, 1))
        return _on_gpu(worker, wanted) if device == "cuda" else _on_cpu(worker, wanted)


def _build(trainer: Any) -> None:
    """Network, optimiser and loss, without the data that nnU-Net would look for."""
    manager = trainer.configuration_manager
    trainer.network = trainer.build_network_architecture(
        trainer.plans_manager,
        manager,
        _channels(trainer),
        trainer.label_manager.num_segmentation_heads,
        trainer.enable_deep_supervision,
    ).to(trainer.device)
    trainer.optimizer, _ = trainer.configure_optimizers()
    trainer.loss = trainer._build_loss()
    trainer.network.train()


def _channels(trainer: Any) -> int:
    from nnunetv2.utilities.label_handling.label_handling import determine_num_input_channels

    return int(
        determine_num_input_channels(
            trainer.plans_manager, trainer.configuration_manager, trainer.dataset_json
        )
    )


def _step(trainer: Any, batch: int) -> None:
    import torch

    patch = trainer.configuration_manager.patch_size
    heads = trainer.label_manager.num_segmentation_heads
    regions = trainer.label_manager.has_regions
    scales = trainer._get_deep_supervision_scales() or [[1] * len(patch)]
    targets = [
        torch.randint(
            0,
            2 if regions else heads,
            (batch, heads if regions else 1, *(round(n * s) for n, s in zip(patch, scale))),
        ).float()
        for scale in scales
    ]
    data = torch.randn((batch, _channels(trainer), *patch))
    target = targets if trainer.enable_deep_supervision else targets[0]
    trainer.train_step({"data": data, "target": target})


def _on_cpu(trainer: Any, wanted: int) -> Fit:
    available = available_bytes()
    needed: list[int] = []
    for batch in (1, 2):
        with watch_growth() as growth:
            _step(trainer, batch)
        needed.append(growth.bytes + (needed[-1] if needed else 0))
    one = max(needed[1] - needed[0], needed[0] // 2, 1)
    fixed = max(needed[0] - one, 0)
    return {
        "wanted": wanted,
        "largest": max((available - fixed) // one, 0),
        "needed": fixed + wanted * one,
        "available": available,
    }


def _on_gpu(trainer: Any, wanted: int) -> Fit:
    import torch

    available = torch.cuda.mem_get_info()[0]
    needed = 0
    for largest in range(wanted, 0, -1):
        try:
            _step(trainer, largest)
            needed = needed or torch.cuda.max_memory_reserved()
            break
        except torch.OutOfMemoryError:
            needed = available + 1
            torch.cuda.empty_cache()
    else:
        largest = 0
    return {"wanted": wanted, "largest": largest, "needed": needed, "available": available}
