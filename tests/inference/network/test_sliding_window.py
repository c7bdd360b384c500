"""The tile loop against nnU-Net's own, and its manners."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from working import load_configuration, run

from napari_abdoseg.errors import DeviceError, ModelError
from napari_abdoseg.inference.network import sliding_window
from napari_abdoseg.inference.network.accumulator import Accumulator
from napari_abdoseg.inference.network.class_map import map_winners
from napari_abdoseg.inference.network.network import Network
from napari_abdoseg.inference.network.sliding_window import predict_everywhere
from napari_abdoseg.inference.network.tiling import Tiling
from napari_abdoseg.inference.preset import PRESETS
from napari_abdoseg.progress import drain


def image(*shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).normal(size=(1, *shape)).astype(np.float32))


def exact(folder: Path, data: torch.Tensor, device: str = "cpu") -> torch.Tensor:
    trained = load_configuration(folder, device=device)
    return drain(predict_everywhere(data, trained, PRESETS["exact"])).logits


def nnunet_logits(folder: Path, data: torch.Tensor, folds: tuple[int, ...]) -> torch.Tensor:
    predictor = nnUNetPredictor(
        device=torch.device("cpu"), perform_everything_on_device=False, allow_tqdm=False
    )
    predictor.initialize_from_trained_model_folder(str(folder), folds)
    return predictor.predict_logits_from_preprocessed_data(data)


@pytest.mark.parametrize(
    ("patch", "shape", "axes"),
    [
        ((16, 16, 16), (20, 37, 16), (0, 1, 2)),
        ((16, 16, 16), (9, 40, 25), None),
        ((16, 16, 16), (17, 18, 33), (1,)),
        ((24, 16), (5, 40, 20), (0, 1)),
    ],
)
def test_logits_are_nnunets_as_far_as_half_precision_tells(make_model, patch, shape, axes):
    folder = make_model(patch=patch, spacing=(8.0,) * len(patch), mirror_axes=axes)
    ours = exact(folder, image(*shape))
    theirs = nnunet_logits(folder, image(*shape), (0, 1))
    assert ours.dtype == torch.half
    assert torch.allclose(ours, theirs, rtol=2**-10, atol=2**-10)


def test_so_they_are_with_threads_that_each_make_a_pass(make_model, threads):
    folder, data = make_model(mirror_axes=(0, 1, 2)), image(20, 37, 16)
    alone = exact(folder, data)
    threads(3)
    assert torch.equal(exact(folder, data), alone)


@pytest.mark.usefixtures("single_precision")
def test_fast_is_the_first_fold_without_mirroring(make_model):
    folder = make_model(mirror_axes=(0, 1, 2))
    plain = make_model(folds=(0,), mirror_axes=None, name="plain")
    fast = drain(
        predict_everywhere(image(20, 20, 20), load_configuration(folder), PRESETS["fast"])
    ).logits
    one = exact(plain, image(20, 20, 20))
    assert torch.equal(fast, one)


def test_progress_counts_passes_over_all_folds(make_model):
    ensemble = load_configuration(make_model(mirror_axes=(0, 1)))
    steps = list(predict_everywhere(image(16, 16, 40), ensemble, PRESETS["exact"]))
    tiles, mirrors, folds = 4, 4, 2
    passes = [step for step in steps if step.interim is None]
    assert [step.done for step in passes] == list(range(1, tiles * mirrors * folds + 1))
    assert {step.total for step in steps} == {tiles * mirrors * folds}
    of_each = tiles * mirrors
    parts = [step.part for step in passes]
    assert parts == ["1 of 2 folds"] * of_each + ["2 of 2 folds"] * of_each


@pytest.mark.parametrize("count", [1, 3])
def test_closing_stops_at_once_and_frees_memory(make_model, threads, count):
    threads(count)
    data = image(40, 40, 40)
    alive = weakref.ref(data)
    work = predict_everywhere(data, load_configuration(make_model()), PRESETS["exact"])
    for _ in range(10):
        next(work)
    tensors = sum(tensor.numel() for tensor in _tensors())
    work.close()
    del work, data
    gc.collect()
    assert alive() is None
    assert sum(tensor.numel() for tensor in _tensors()) < tensors - 5 * 40**3


def _tensors() -> list[torch.Tensor]:
    return [thing for thing in gc.get_objects() if isinstance(thing, torch.Tensor)]


def test_running_out_of_memory_gathers_on_the_cpu_and_says_so(make_model, monkeypatch):
    folder = make_model()
    whole = exact(folder, image(20, 20, 20))
    add = Accumulator.add
    calls = 0

    def full_once(*arguments):
        nonlocal calls
        calls += 1
        if calls == 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        add(*arguments)

    monkeypatch.setattr(Accumulator, "add", full_once)
    cpu = torch.device("cpu")
    monkeypatch.setattr(sliding_window, "gathering_places", lambda _: [cpu, cpu])
    work = predict_everywhere(image(20, 20, 20), load_configuration(folder), PRESETS["exact"])
    steps, result = run(work)
    said = [step.notice for step in steps if step.notice]
    assert len(said) == 1
    assert "ran out of memory" in said[0]
    assert torch.equal(result.logits, whole)


def test_a_tile_too_large_for_the_device_is_a_clear_error(make_model, monkeypatch):
    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Network, "run", full)
    work = predict_everywhere(image(20, 20, 20), load_configuration(make_model()), PRESETS["exact"])
    with pytest.raises(DeviceError, match="too little memory for one tile of 16 x 16 x 16"):
        drain(work)


def test_weights_beyond_half_precision_are_a_clear_error(make_model):
    folder = make_model(folds=(0,))
    path = folder / "fold_0" / "checkpoint_final.pth"
    checkpoint = torch.load(path, weights_only=True)
    for name, value in checkpoint["network_weights"].items():
        if "seg_layers" in name:
            value *= 1e9
    torch.save(checkpoint, path)
    work = predict_everywhere(image(20, 20, 20), load_configuration(folder), PRESETS["exact"])
    with pytest.raises(ModelError, match="half precision"):
        drain(work)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_cuda_logits_agree_with_the_cpu(make_model):
    folder = make_model()
    on_cuda = drain(
        predict_everywhere(
            image(20, 37, 16), load_configuration(folder, device="cuda"), PRESETS["exact"]
        )
    )
    on_cpu = drain(
        predict_everywhere(
            image(20, 37, 16), load_configuration(folder, device="cpu"), PRESETS["exact"]
        )
    )
    assert torch.allclose(on_cuda.float(), on_cpu.float(), atol=0.05)


@pytest.mark.parametrize("regions", [True, False])
def test_what_no_tile_looks_at_is_background(regions):
    tiling = Tiling(torch.zeros(1, 4, 4, 4), (slice(0, 4),) * 3, [])
    seen = torch.zeros(4, 4, 4)
    seen[0] = 1
    logits = torch.full((3, 4, 4, 4), -3.0)
    logits[1] = 3
    mean = Accumulator(logits * seen, seen, torch.ones(2, 2, 2), tiling, regions).mean()
    winners = map_winners(mean, regions)
    assert (winners[0] == (2 if regions else 1)).all()
    assert not winners[1:].any()
