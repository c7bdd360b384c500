"""What keeps this machine from its speed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from napari_abdoseg.inference.hardware.device import Device

NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")
CPU_ONLY = (
    "This machine has an NVIDIA GPU, but torch is built for the CPU alone, which is many times "
    "slower: install the CUDA build that pytorch.org/get-started/locally names."
)
SLOW_CONVOLUTION = (
    "torch 2.9 runs the networks up to four times slower on NVIDIA GPUs than other versions: "
    "install torch 2.10 or newer."
)


def machine_warnings(device: Device) -> tuple[str, ...]:
    """What of this installation makes networks slow on a device.

    The slowness of torch 2.9 is https://github.com/pytorch/pytorch/issues/166122.

    Returns
    -------
    tuple of str
        A sentence each, which also says what to do.
    """
    import torch

    warnings = []
    with_gpu = torch.version.cuda or torch.version.hip or torch.backends.mps.is_available()
    if not with_gpu and has_nvidia_gpu():
        warnings.append(CPU_ONLY)
    if device.name.startswith("cuda") and torch.__version__.startswith("2.9."):
        warnings.append(SLOW_CONVOLUTION)
    return tuple(warnings)


def has_nvidia_gpu() -> bool:
    """Whether an NVIDIA driver is installed; torch is not asked."""
    windows = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"))
    driver = windows / "System32" / "nvcuda.dll"
    return NVIDIA_DRIVER.exists() or driver.exists() or shutil.which("nvidia-smi") is not None
