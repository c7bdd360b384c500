"""What makes networks slow on this machine is named."""

from __future__ import annotations

import pytest
import torch

from napari_abdoseg.inference.hardware import machine
from napari_abdoseg.inference.hardware.device import Device
from napari_abdoseg.inference.hardware.machine import CPU_ONLY, SLOW_CONVOLUTION, machine_warnings

CPU, CUDA = Device("cpu", "As asked for."), Device("cuda:0", "As asked for.")


@pytest.fixture
def no_driver(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "NVIDIA_DRIVER", tmp_path / "version")
    monkeypatch.setenv("SYSTEMROOT", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(torch.version, "hip", None)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    return tmp_path


def test_a_machine_without_a_gpu_has_the_right_torch(no_driver):
    assert machine_warnings(CPU) == ()


@pytest.mark.parametrize("found", ["version", "System32/nvcuda.dll", "nvidia-smi"])
def test_a_gpu_that_torch_is_not_built_for_is_named(found, no_driver):
    path = no_driver / found
    path.parent.mkdir(exist_ok=True)
    path.touch(mode=0o755)
    assert machine_warnings(CPU) == (CPU_ONLY,)


def test_torch_with_cuda_is_fine(no_driver, monkeypatch):
    (no_driver / "version").touch()
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    assert machine_warnings(CPU) == ()


@pytest.mark.parametrize(
    ("version", "device", "warnings"),
    [
        ("2.9.1+cu128", CUDA, (SLOW_CONVOLUTION,)),
        ("2.9.0", CPU, ()),
        ("2.13.0+cu130", CUDA, ()),
        ("2.90.0", CUDA, ()),
    ],
)
def test_torch_2_9_is_slow_on_cuda_alone(version, device, warnings, monkeypatch):
    monkeypatch.setattr(torch, "__version__", version)
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    assert machine_warnings(device) == warnings
