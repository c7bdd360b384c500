"""3D convolutions on a CPU by oneDNN."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile
from working import load_configuration

from napari_abdoseg.inference.architecture import build_network
from napari_abdoseg.inference.cpu_convolution import convolve_by_onednn

pytestmark = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="needs a torch with oneDNN"
)


def operations(network: nn.Module, image: torch.Tensor) -> set[str]:
    with torch.inference_mode(), profile(activities=[ProfilerActivity.CPU]) as done:
        network(image)
    return {event.key for event in done.key_averages()}


def test_a_network_says_the_same_by_onednn_alone():
    trained = load_configuration("demo", [0])
    torchs = build_network(trained)
    torchs.load_state_dict(trained.members[0].weights)
    ours = copy.deepcopy(torchs)
    convolve_by_onednn(ours)
    assert ours.state_dict().keys() == torchs.state_dict().keys()
    image = torch.randn(1, 1, 48, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        assert torch.allclose(ours(image), torchs(image), rtol=1e-4, atol=1e-4)
    assert "aten::slow_conv3d_forward" in operations(torchs, image)
    assert "aten::slow_conv3d_forward" not in operations(ours, image)


@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 3, "padding": 1, "stride": (1, 2, 2)},
        {"kernel_size": (1, 3, 3), "padding": (0, 1, 1), "bias": False},
        {"kernel_size": 3, "padding": 2, "dilation": 2, "groups": 2},
        {"kernel_size": 1},
        {"kernel_size": 3, "padding": 1, "padding_mode": "reflect"},
        {"kernel_size": 3, "padding": "same"},
    ],
)
def test_convolutions_of_all_kinds(options):
    torch.manual_seed(0)
    torchs = nn.Conv3d(4, 6, **options)
    ours = copy.deepcopy(torchs)
    convolve_by_onednn(ours)
    image = torch.randn(1, 4, 9, 8, 7)
    with torch.inference_mode():
        assert torch.allclose(ours(image), torchs(image), atol=1e-5)
