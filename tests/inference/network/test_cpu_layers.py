"""Layers of nnU-Net's networks, made for a CPU."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile
from working import load_configuration

from napari_abdoseg.inference.model.architecture import build_network
from napari_abdoseg.inference.network import cpu_layers
from napari_abdoseg.inference.network.cpu_layers import mean_and_variance, suit_cpu

pytestmark = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="needs a torch with oneDNN"
)

LEFT_BY_ONEDNN = {"aten::slow_conv3d_forward", "aten::slow_conv_transpose3d"}


def suited(layer: nn.Module) -> nn.Module:
    ours = copy.deepcopy(layer)
    suit_cpu(ours)
    return ours


def operations(network: nn.Module, image: torch.Tensor) -> set[str]:
    with torch.inference_mode(), profile(activities=[ProfilerActivity.CPU]) as done:
        network(image)
    return {event.key for event in done.key_averages()}


def require_same(layer: nn.Module, *shape: int, tolerance: float = 1e-5) -> None:
    image = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        assert torch.allclose(suited(layer)(image), layer(image), rtol=tolerance, atol=tolerance)


def test_a_network_says_the_same_in_fewer_steps():
    trained = load_configuration("demo", [0])
    torchs = build_network(trained)
    torchs.load_state_dict(trained.members[0].weights)
    require_same(torchs, 1, 1, 48, 32, 32, tolerance=1e-4)
    ours, image = suited(torchs), torch.randn(1, 1, 48, 32, 32)
    assert ours.state_dict().keys() == torchs.state_dict().keys()
    assert operations(torchs, image) >= LEFT_BY_ONEDNN
    assert not operations(ours, image) & LEFT_BY_ONEDNN


def test_weights_of_another_fold_find_their_places():
    trained = load_configuration("demo", [0, 1])
    ours = suited(build_network(trained))
    for member in trained.members:
        ours.load_state_dict(member.weights)
        for name, weights in ours.state_dict().items():
            assert torch.equal(weights, member.weights[name])


@pytest.mark.parametrize("layer", [nn.Conv2d, nn.Conv3d])
@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 3, "padding": 1, "stride": 2},
        {"kernel_size": 3, "padding": 1, "bias": False},
        {"kernel_size": 3, "padding": 2, "dilation": 2, "groups": 2},
        {"kernel_size": 1},
        {"kernel_size": 3, "padding": 1, "padding_mode": "reflect"},
        {"kernel_size": 3, "padding": "same"},
    ],
)
def test_convolutions_of_all_kinds(layer, options):
    torch.manual_seed(0)
    convolution = layer(4, 6, **options)
    require_same(convolution, 1, 4, 9, 8, *[7] * (layer is nn.Conv3d))


@pytest.mark.parametrize("channels", [3, 8])
@pytest.mark.parametrize(
    "options", [{}, {"bias": False}, {"stride": (2, 1, 1)}, {"padding": (0, 2, 1)}]
)
def test_few_channels_of_neighbours_are_summed_alike(channels, options, monkeypatch):
    """Two by two, as where oneDNN computes sixteen numbers together, or one by one."""
    torch.manual_seed(0)
    ours = suited(nn.Conv3d(4, channels, 3, **{"padding": 1, **options}))
    image, found = torch.randn(1, 4, 7, 9, 8), []
    for lanes in (16, 1):
        monkeypatch.setattr(cpu_layers, "lanes", lambda lanes=lanes: lanes)
        with torch.inference_mode():
            found.append(ours(image))
    assert found[0].shape == found[1].shape
    assert found[0].stride() == found[1].stride()
    torch.testing.assert_close(*found, rtol=1e-6, atol=1e-6)


def test_kernels_that_are_not_cubes():
    torch.manual_seed(0)
    require_same(nn.Conv3d(4, 6, (1, 3, 3), (1, 2, 2), (0, 1, 1)), 1, 4, 9, 8, 7)
    require_same(nn.ConvTranspose3d(4, 6, (1, 2, 2), (1, 2, 2)), 1, 4, 9, 8, 7)


@pytest.mark.parametrize("layer", [nn.InstanceNorm2d, nn.InstanceNorm3d])
@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("options", [{}, {"affine": True}, {"track_running_stats": True}])
def test_instances_are_normalised_one_by_one(layer, batch, options):
    norm = layer(4, **options)
    for weights in norm.parameters():
        nn.init.uniform_(weights, 0.5, 2)
    require_same(norm, batch, 4, 9, 8, *[7] * (layer is nn.InstanceNorm3d))


def test_statistics_of_large_images_are_precise():
    numbers = torch.Generator().manual_seed(1)
    image = torch.randn((1, 8, 64, 64, 64), generator=numbers) * 2
    image += torch.arange(8).view(8, 1, 1, 1)
    image = image.to(memory_format=torch.channels_last_3d)
    variance, mean = torch.var_mean(image.double(), (0, 2, 3, 4), correction=0)
    found = mean_and_variance(image)
    torch.testing.assert_close(found[0].double(), mean, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(found[1].double(), variance, rtol=1e-6, atol=0)


@pytest.mark.parametrize("layer", [nn.ConvTranspose2d, nn.ConvTranspose3d])
@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 2, "stride": 2},
        {"kernel_size": 3, "stride": 3, "bias": False},
        {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1},
        {"kernel_size": 2, "stride": 2, "dilation": 2},
        {"kernel_size": 2, "stride": 2, "groups": 2},
    ],
)
def test_transposed_convolutions_of_all_kinds(layer, batch, options):
    torch.manual_seed(0)
    transposed = layer(4, 6, **options)
    require_same(transposed, batch, 4, 5, 4, *[3] * (layer is nn.ConvTranspose3d))
