"""Slots for folds on the devices that are named."""

from __future__ import annotations

import pytest
import torch

from napari_abdoseg.errors import DeviceError, TrainingError
from napari_abdoseg.evaluation.processes import available_cores
from napari_abdoseg.training.devices import Slot, make_slots

ONLY_CPU = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")


@ONLY_CPU
def test_without_a_gpu_it_is_the_cpu():
    assert make_slots("auto", False) == (Slot("cpu", (), available_cores()),)


def test_two_folds_share_a_cpu():
    slots = make_slots("cpu, cpu", False)
    assert slots == (Slot("cpu", (), max(1, available_cores() // 2)),) * 2
    assert slots[0].environment()["nnUNet_n_proc_DA"] == "0"


@ONLY_CPU
def test_a_gpu_that_is_not_there():
    with pytest.raises(DeviceError, match="CUDA is not at hand"):
        make_slots("cuda:0,cuda:1", False)


def test_a_fold_on_several_devices_needs_gpus():
    with pytest.raises(TrainingError, match="two GPUs at least"):
        make_slots("cpu,cpu", True)


def test_a_process_sees_its_own_gpus_alone(monkeypatch):
    slot = Slot("cuda", (0, 2), 4)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert slot.environment()["CUDA_VISIBLE_DEVICES"] == "0,2"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,6,7")
    assert slot.environment()["CUDA_VISIBLE_DEVICES"] == "5,7"


def test_every_gpu_is_a_slot(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "a GPU")
    assert [slot.gpus for slot in make_slots("auto", False)] == [(0,), (1,)]
    (shared,) = make_slots("cuda:0,cuda:1", True)
    assert shared.gpus == (0, 1)
