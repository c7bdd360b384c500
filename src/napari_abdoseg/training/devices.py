"""Devices that folds are trained on."""

from __future__ import annotations

import os
from dataclasses import dataclass

from napari_abdoseg.errors import TrainingError
from napari_abdoseg.evaluation.processes import available_cores
from napari_abdoseg.inference.hardware.device import choose_devices


@dataclass(frozen=True)
class Slot:
    """Where one fold at a time is trained.

    Parameters
    ----------
    kind : str
        ``cpu``, ``cuda`` or ``mps``.
    gpus : tuple of int
        Numbers of its GPUs, of those that this process sees.
    threads : int
        Of a CPU.
    """

    kind: str
    gpus: tuple[int, ...]
    threads: int

    @property
    def device(self) -> str:
        """The device that work of one process goes to, as `choose_device` takes it."""
        return f"{self.kind}:{self.gpus[0]}" if self.gpus else self.kind

    def environment(self) -> dict[str, str]:
        """Variables that show nnU-Net this slot's device alone."""
        processes = str(max(2, min(self.threads, 8)))
        if self.kind != "cuda":
            return {"nnUNet_n_proc_DA": "0", "nnUNet_def_n_proc": processes}
        seen = os.environ.get("CUDA_VISIBLE_DEVICES")
        names = seen.split(",") if seen else None
        shown = [names[number] if names else str(number) for number in self.gpus]
        return {"CUDA_VISIBLE_DEVICES": ",".join(shown), "nnUNet_def_n_proc": processes}


def make_slots(devices: str, together: bool) -> tuple[Slot, ...]:
    """Slots on the devices that are named.

    Parameters
    ----------
    devices : str
        ``auto`` or ``cuda`` for all GPUs, or names with commas between them. ``cpu,cpu``
        trains two folds at a time on a CPU.
    together : bool
        Whether all GPUs train one fold together.

    Raises
    ------
    DeviceError
        One is not on this machine.
    TrainingError
        They can't work together.
    """
    names = [device.name for device in choose_devices(devices)]
    threads = max(1, available_cores() // len(names))
    gpus = tuple(int(name.removeprefix("cuda:")) for name in names if name.startswith("cuda"))
    if together:
        if len(gpus) < 2 or len(gpus) != len(names) or len(set(gpus)) != len(gpus):
            raise TrainingError(
                f"One fold can be trained on several GPUs together, not on {', '.join(names)}: "
                "name two GPUs at least, such as --devices cuda:0,cuda:1."
            )
        return (Slot("cuda", gpus, threads),)
    return tuple(_slot(name, threads) for name in names)


def _slot(name: str, threads: int) -> Slot:
    kind, _, number = name.partition(":")
    return Slot(kind, (int(number),) if kind == "cuda" else (), threads)
