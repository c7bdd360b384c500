"""Checkpoints are read without trusting them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.checkpoint import read_checkpoint

CONTENT = {
    "network_weights": {"weight": torch.arange(3.0)},
    "trainer_name": "nnUNetTrainer",
    "init_args": {"configuration": "3d_fullres", "device": torch.device("cpu")},
    "inference_allowed_mirroring_axes": (0, 2),
}


def save(path: Path, **more: object) -> Path:
    torch.save(CONTENT | more, path)
    return path


def test_reads_what_inference_needs(tmp_path):
    checkpoint = read_checkpoint(save(tmp_path / "c.pth"))
    assert checkpoint.trainer == "nnUNetTrainer"
    assert checkpoint.configuration == "3d_fullres"
    assert checkpoint.mirror_axes == (0, 2)
    assert torch.equal(checkpoint.weights["weight"], torch.arange(3.0))


def test_mirroring_may_be_off(tmp_path):
    checkpoint = read_checkpoint(save(tmp_path / "c.pth", inference_allowed_mirroring_axes=None))
    assert checkpoint.mirror_axes == ()


def test_numbers_of_nnunets_training_log_are_harmless(tmp_path):
    log = {
        "dice": [np.float32(0.5), np.float64(0.25), np.int64(3), np.bool_(True)],
        "curve": np.arange(4.0),
    }
    assert read_checkpoint(save(tmp_path / "c.pth", logging=log)).trainer == "nnUNetTrainer"


class Harmful:
    def __reduce__(self):
        return os.mkdir, (self.folder,)

    folder = ""


def test_code_in_a_checkpoint_is_refused_and_not_run(tmp_path):
    Harmful.folder = str(tmp_path / "was_run")
    path = save(tmp_path / "evil.pth", extra=Harmful())
    with pytest.raises(ModelError, match=r"evil\.pth holds more than weights.*mkdir"):
        read_checkpoint(path)
    assert not (tmp_path / "was_run").exists()


@pytest.mark.parametrize("size", [0, 100, 1000])
def test_a_damaged_checkpoint_is_a_clear_error(tmp_path, size):
    path = save(tmp_path / "cut.pth")
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ModelError, match=r"cut\.pth can't be read .* copy the model folder again"):
        read_checkpoint(path)


def test_a_missing_checkpoint_is_a_clear_error(tmp_path):
    with pytest.raises(ModelError, match=r"none\.pth can't be read"):
        read_checkpoint(tmp_path / "none.pth")


def test_weights_of_another_program_are_a_clear_error(tmp_path):
    torch.save({"state_dict": {}}, tmp_path / "other.pth")
    with pytest.raises(ModelError, match="not from nnU-Net v2"):
        read_checkpoint(tmp_path / "other.pth")
