"""Devices are chosen aloud."""

from __future__ import annotations

import pytest
import torch

from napari_abdoseg.errors import AbdosegError, DeviceError
from napari_abdoseg.inference.hardware.device import choose_device
from napari_abdoseg.inference.preset import find_preset


def test_auto_takes_the_fastest_and_says_why():
    device = choose_device()
    expected = (
        "cuda"
        if torch.cuda.is_available()
        else "mps"
        if torch.backends.mps.is_available()
        else "cpu"
    )
    assert device.name.startswith(expected)
    assert device.reason.endswith(".")
    if expected == "cpu":
        assert "since torch" in device.reason


def test_the_wish_is_followed():
    assert choose_device("cpu").name == "cpu"


@pytest.mark.parametrize("wish", ["gpu", "cuda:x", ""])
def test_an_unknown_device_is_a_clear_error(wish):
    with pytest.raises(DeviceError, match="is no device: choose auto"):
        choose_device(wish)


@pytest.mark.skipif(torch.cuda.is_available(), reason="has a CUDA device")
def test_missing_cuda_is_a_clear_error():
    with pytest.raises(DeviceError, match="CUDA is not at hand: torch"):
        choose_device("cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_that_is_not_there_is_a_clear_error():
    with pytest.raises(DeviceError, match="There is no cuda:99"):
        choose_device("cuda:99")


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="has an Apple GPU")
def test_missing_mps_is_a_clear_error():
    with pytest.raises(DeviceError, match="MPS is not at hand"):
        choose_device("mps")


def test_an_unknown_preset_is_a_clear_error():
    with pytest.raises(AbdosegError, match="'best' is no preset: choose balanced, exact, fast"):
        find_preset("best")
