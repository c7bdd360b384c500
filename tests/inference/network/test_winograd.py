"""Convolutions of fewer multiplications give what those of torch give."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from napari_abdoseg.inference.network.winograd import AlongZ

pytestmark = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="needs a torch with oneDNN"
)

TOLERANCE = 1e-4
"""Of values of unit variance."""


@pytest.mark.parametrize(
    ("shape", "given", "made"),
    [
        ((16, 12, 8), 32, 32),
        ((13, 9, 7), 32, 48),
        ((33, 5, 6), 16, 8),
        ((4, 4, 4), 256, 64),
        ((3, 20, 20), 64, 32),
        ((1, 12, 13), 32, 32),
        ((12, 1, 13), 32, 32),
        ((12, 13, 1), 32, 32),
        ((1, 1, 1), 8, 8),
        ((2, 3, 5), 1, 1),
    ],
    ids=str,
)
@pytest.mark.parametrize("together", [1, 4])
@pytest.mark.parametrize("biased", [True, False])
def test_gives_what_torch_gives(shape, given, made, together, biased):
    """Of any size: not a multiple of four planes, a voxel thin, few and many channels."""
    draw = torch.Generator().manual_seed(1)
    image = torch.randn((1, given, *shape), generator=draw)
    weight = torch.randn((made, given, 3, 3, 3), generator=draw) / (27 * given) ** 0.5
    bias = torch.randn(made, generator=draw) if biased else None
    with torch.inference_mode():
        theirs = functional.conv3d(image.double(), weight.double(), _double(bias), padding=1)
        image = image.to(memory_format=torch.channels_last_3d)
        ours = AlongZ.of(weight, bias).convolve(image, together)
    assert ours.shape == theirs.shape
    assert ours.is_contiguous(memory_format=torch.channels_last_3d)
    assert (ours - theirs).abs().max() < TOLERANCE


def test_a_part_of_a_larger_image_is_enough():
    """Such as some planes that ways are compared on."""
    image = torch.randn(1, 8, 20, 6, 5).to(memory_format=torch.channels_last_3d)
    weight = torch.randn(8, 8, 3, 3, 3) / (27 * 8) ** 0.5
    with torch.inference_mode():
        part = image[:, :, 5:14]
        ours = AlongZ.of(weight, None).convolve(part, 2)
        theirs = functional.conv3d(part, weight, padding=1)
    assert (ours - theirs).abs().max() < TOLERANCE


def _double(bias: torch.Tensor | None) -> torch.Tensor | None:
    return None if bias is None else bias.double()
