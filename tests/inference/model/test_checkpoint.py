"""Checkpoints are read without trusting them."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.model.checkpoint import read_checkpoint

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


@pytest.mark.parametrize("number", ["float16", "uint8", "int16", "complex64", "longdouble"])
def test_so_are_numbers_of_any_other_type(tmp_path, number):
    log = {"loss": [np.dtype(number).type(1)], "curve": np.ones(3, number)}
    assert read_checkpoint(save(tmp_path / "c.pth", logging=log)).trainer == "nnUNetTrainer"


@pytest.mark.parametrize("wrapper", ["_orig_mod.", "module.", "module._orig_mod."])
def test_names_of_weights_lose_what_torch_put_before_them(tmp_path, wrapper):
    weights = {f"{wrapper}encoder.weight": torch.ones(2)}
    saved = save(tmp_path / "c.pth", network_weights=weights)
    assert "encoder.weight" in read_checkpoint(saved).weights


@pytest.mark.parametrize("axes", [(0, 0), (-1,), (True,), ("0",), (0.5,)])
def test_mirrored_axes_are_numbers_of_axes(tmp_path, axes):
    path = save(tmp_path / "c.pth", inference_allowed_mirroring_axes=axes)
    with pytest.raises(ModelError, match="not as nnU-Net v2 writes it"):
        read_checkpoint(path)


def test_a_checkpoint_larger_than_the_memory_is_not_read(tmp_path):
    with (tmp_path / "c.pth").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(ModelError, match=r"c\.pth takes 1099\.5 GB of memory"):
        read_checkpoint(tmp_path / "c.pth")


def test_nor_is_one_that_is_compressed(tmp_path):
    with zipfile.ZipFile(tmp_path / "c.pth", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("archive/data/0", bytes(10**6))
    content = (tmp_path / "c.pth").read_bytes()
    (tmp_path / "c.pth").write_bytes(content.replace(b"@B\x0f\x00", b"\x00\x00\x00\xf0"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("napari_abdoseg.inference.model.checkpoint.available_bytes", lambda: 2**31)
        with pytest.raises(ModelError, match=r"takes 4\.0 GB of memory"):
            read_checkpoint(tmp_path / "c.pth")


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


OTHERS = [{"state_dict": {}}, [1], "text", torch.ones(3), {"network_weights": torch.ones(3)}]


@pytest.mark.parametrize("content", OTHERS)
def test_weights_of_another_program_are_a_clear_error(tmp_path, content):
    torch.save(content, tmp_path / "other.pth")
    with pytest.raises(ModelError, match="not from nnU-Net v2"):
        read_checkpoint(tmp_path / "other.pth")


@pytest.mark.parametrize("axes", [torch.ones(3), np.ones(2), 3])
def test_so_are_mirrored_axes_of_another_kind(tmp_path, axes):
    path = save(tmp_path / "other.pth", inference_allowed_mirroring_axes=axes)
    with pytest.raises(ModelError, match="nnU-Net v2"):
        read_checkpoint(path)
