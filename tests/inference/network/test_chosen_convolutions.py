"""Each convolution on a CPU goes the way that was the fastest there."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from torch import nn

from napari_abdoseg.inference.hardware.kept import kept_folder
from napari_abdoseg.inference.network.chosen_convolutions import (
    DIRECT,
    FOLDER,
    TOGETHER,
    Choices,
    Chosen,
    choose_convolutions,
)
from napari_abdoseg.inference.network.cpu_layers import suit_cpu

pytestmark = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="needs a torch with oneDNN"
)

SIZE = "32 32 20 28 28"
IMAGE = (1, 32, 20, 28, 28)
"""One that is large enough for ways to be compared."""


@pytest.fixture(autouse=True)
def _nothing_kept(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def convolution(*given: int, **settings: object) -> nn.Module:
    """One whose weights are the same each time."""
    torch.manual_seed(3)
    return nn.Conv3d(*(given or (32, 32, 3)), **{"padding": 1, **settings})  # type: ignore[arg-type]


def suited(layer: nn.Module) -> nn.Module:
    ours = nn.Sequential(copy.deepcopy(layer))
    suit_cpu(ours)
    choose_convolutions(ours)
    return ours


def ask(layer: nn.Module, shape: tuple[int, ...] = IMAGE) -> torch.Tensor:
    image = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        return layer(image)  # type: ignore[no-any-return]


def keep(way: int) -> None:
    """Have a way of `SIZE` be the fastest."""
    Choices.of_this_machine().way(SIZE, lambda: way)


@pytest.mark.parametrize("way", TOGETHER)
def test_another_way_gives_the_same_up_to_rounding(way):
    layer = convolution()
    keep(way)
    ours, direct = ask(suited(layer)), ask(layer)
    assert not torch.equal(ours, direct)
    assert torch.allclose(ours, direct, atol=1e-4)


def test_what_was_found_is_kept(monkeypatch):
    layer, measured = convolution(), []
    monkeypatch.setattr(Chosen, "_fastest", lambda _, image: measured.append(image) or TOGETHER[0])
    for _ in range(2):
        network = suited(layer)
        ask(network)
        ask(network)
    assert [tuple(image.shape) for image in measured] == [(1, 32, 16, 28, 28)]
    assert Choices.of_this_machine().known == {SIZE: TOGETHER[0]}


def test_the_fastest_way_is_measured():
    layer = suited(convolution())
    ask(layer)
    ((size, way),) = Choices.of_this_machine().known.items()
    assert size == SIZE
    assert way in (DIRECT, *TOGETHER)


@pytest.mark.parametrize("slowed", [DIRECT, *TOGETHER])
def test_a_slower_way_is_not_taken(slowed, monkeypatch):
    layer = suited(convolution())
    ways = Chosen._ways

    def with_a_slow_one(self: Chosen) -> dict[int, object]:
        found = ways(self)

        def slow(image: torch.Tensor) -> torch.Tensor:
            for _ in range(20):
                found[slowed](image)
            return found[slowed](image)

        return {**found, slowed: slow}

    monkeypatch.setattr(Chosen, "_ways", with_a_slow_one)
    ask(layer)
    assert Choices.of_this_machine().known[SIZE] != slowed


def test_weights_of_another_fold_are_taken():
    layer = convolution()
    keep(TOGETHER[0])
    network = suited(layer)
    before = ask(network)
    layer.weight.data *= 2
    network.load_state_dict({f"0.{name}": value for name, value in layer.state_dict().items()})
    after = ask(network)
    assert torch.allclose(after, ask(layer), atol=2e-4)
    assert not torch.allclose(after, before, atol=1e-2)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (convolution(32, 32, 3, stride=2), IMAGE),
        (convolution(32, 32, 3, stride=(1, 2, 2)), IMAGE),
        (convolution(32, 32, 3, padding=0), IMAGE),
        (convolution(32, 32, 3, dilation=2), IMAGE),
        (convolution(32, 32, 3, groups=2), IMAGE),
        (convolution(32, 32, 3, padding_mode="replicate"), IMAGE),
        (convolution(32, 32, (1, 3, 3), padding=(0, 1, 1)), IMAGE),
        (convolution(32, 32, 1, padding=0), IMAGE),
        (convolution(1, 32, 3), (1, 1, 20, 28, 28)),
        (convolution(), (1, 32, 2, 2, 2)),
        (convolution(), (2, *IMAGE[1:])),
        (nn.Conv2d(32, 32, 3, padding=1), (1, 32, 60, 60)),
    ],
    ids=str,
)
def test_others_convolve_as_ever(layer, shape):
    """Other strides, kernels and edges, few channels, small images, several images, 2D networks."""
    ours = nn.Sequential(copy.deepcopy(layer))
    suit_cpu(ours)
    assert torch.equal(ask(suited(layer), shape), ask(ours, shape))
    assert not kept_folder(FOLDER).exists()


@pytest.mark.parametrize(
    ("content", "known"),
    [
        (b"", {}),
        (b"[]", {}),
        (b'{"32 32 20 28 28": "x"}', {}),
        (b'{"32 32 20 28 28": 7, "32 32 4 4 4": 0}', {"32 32 4 4 4": 0}),
    ],
)
def test_a_damaged_file_is_measured_again(content, known):
    keep(TOGETHER[0])
    path = Choices.of_this_machine().path
    path.write_bytes(content)
    assert Choices.of_this_machine().known == known
    keep(TOGETHER[1])
    assert Choices.of_this_machine().known[SIZE] == TOGETHER[1]


def test_where_nothing_can_be_kept_it_is_measured_each_time():
    folder = kept_folder(FOLDER)
    folder.parent.mkdir(parents=True)
    folder.write_text("a file in its place")
    layer = convolution()
    for _ in range(2):
        assert torch.allclose(ask(suited(layer)), ask(layer), atol=1e-4)
