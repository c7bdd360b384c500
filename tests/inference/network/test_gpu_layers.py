"""Networks with layers for CUDA, on the CPU as far as these have their like there."""

from __future__ import annotations

import copy

import pytest
import torch
from dynamic_network_architectures.architectures.unet import PlainConvUNet, ResidualEncoderUNet
from torch import nn
from torch.nn import functional

from napari_abdoseg.inference.network.gpu_layers import (
    InPieces,
    WithoutBias,
    count_pieces,
    suit_block,
    suit_gpu,
)
from napari_abdoseg.inference.network.norm_kernels import NormKernels, norm_kernels
from napari_abdoseg.inference.network.recording import Recorder

CPU = torch.device("cpu")
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def network(kind: type[nn.Module], axes: int = 3, slope: float = 0.01) -> nn.Module:
    convolution, norm = {2: (nn.Conv2d, nn.InstanceNorm2d), 3: (nn.Conv3d, nn.InstanceNorm3d)}[axes]
    torch.manual_seed(0)
    made = kind(
        *(1, 3, (8, 16, 32), convolution, 3, [1, 2, 2], 2, 5, 2),
        conv_bias=True,
        norm_op=norm,
        norm_op_kwargs={"eps": 1e-5, "affine": True},
        nonlin=nn.LeakyReLU,
        nonlin_kwargs={"inplace": True, "negative_slope": slope},
    ).eval()
    for layer in made.modules():
        if isinstance(layer, norm):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.uniform_(layer.bias, -0.2, 0.2)
    return made


def images(axes: int = 3) -> torch.Tensor:
    size = (8, 16, 24)[-axes:]
    return torch.randn((2, 1, *size), generator=torch.Generator().manual_seed(1))


class TorchKernels(NormKernels):
    """What the kernels do, by torch's own functions, in half precision as they do it."""

    def normalise(self, images, weight, bias, epsilon, slope):
        normal = functional.instance_norm(
            images.float(), weight=weight, bias=bias, eps=float(epsilon)
        )
        images.copy_(functional.leaky_relu(normal, float(slope)))


@pytest.mark.parametrize("axes", [2, 3])
@pytest.mark.parametrize("kind", [PlainConvUNet, ResidualEncoderUNet])
def test_norms_in_pieces_without_the_biases_before_them(kind, axes):
    plain = network(kind, axes)
    suited = copy.deepcopy(plain)
    suit_gpu(suited, CPU)
    assert {value.dtype for value in suited.parameters()} == {torch.half, torch.float32}
    suited.float().load_state_dict(plain.state_dict())
    layers = list(suited.modules())
    norms = sum(isinstance(layer, InPieces) for layer in layers)
    assert norms == sum(isinstance(layer, WithoutBias) for layer in layers) > 9
    with torch.inference_mode():
        torch.testing.assert_close(suited(images(axes)), plain(images(axes)), atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("slope", [0.01, 0.3])
@pytest.mark.parametrize("kind", [PlainConvUNet, ResidualEncoderUNet])
def test_kernels_take_the_place_of_norms_and_the_activations_after_them(kind, slope):
    plain = network(kind, slope=slope)
    suited = copy.deepcopy(plain)
    for block in suited.modules():
        suit_block([*getattr(block, "all_modules", ())], TorchKernels(*[None] * 3))
    assert suited.state_dict().keys() == plain.state_dict().keys()
    with torch.inference_mode():
        in_single = suited(images())
        with torch.autocast("cpu", torch.half):
            in_half = suited(images())
        expected = plain(images())
    torch.testing.assert_close(in_single, expected, atol=2e-5, rtol=1e-4)
    assert (in_half.float() - expected).abs().max() < 0.02


def test_norms_that_kernels_are_not_for_stay():
    def block(norm: nn.Module) -> list[nn.Module]:
        return [nn.Conv3d(1, norm.num_features, 3), norm, nn.LeakyReLU()]

    odd = nn.InstanceNorm3d(12, affine=True)
    keeping = nn.InstanceNorm3d(16, affine=True, track_running_stats=True)
    bare = nn.InstanceNorm3d(16)
    for norm in (odd, keeping, bare):
        _, stays, activation = layers = block(norm)
        suit_block(layers, TorchKernels(*[None] * 3))
        assert type(stays) is nn.InstanceNorm3d
        assert type(activation) is nn.LeakyReLU


@pytest.mark.parametrize(("rows", "voxels"), [(32, 128**3), (1, 3 * 2**20), (5, 999), (320, 64)])
def test_pieces_are_equal(rows, voxels):
    pieces = count_pieces(rows, voxels)
    assert voxels % pieces == 0
    assert pieces == 1 or voxels // pieces >= 1024


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_without_cuda_there_are_no_kernels():
    assert norm_kernels(torch.device("cuda:0")) is None


@needs_cuda
@pytest.mark.parametrize(
    "shape",
    [
        (1, 8, 5, 7, 9),
        (3, 320, 4, 4, 4),
        (2, 2048, 3, 3, 2),
        (1, 32, 128, 128, 128),
        (2, 64, 33, 31),
    ],
)
def test_kernels_give_what_torch_gives(shape):
    kernels = norm_kernels(torch.device("cuda:0"))
    assert kernels is not None
    layout = torch.channels_last_3d if len(shape) == 5 else torch.channels_last
    given = (torch.randn(shape, device="cuda") * 3 + 1).half().contiguous(memory_format=layout)
    weight, bias = torch.rand((2, shape[1]), device="cuda")
    normal = functional.instance_norm(given.float(), weight=weight, bias=bias)
    numbers = torch.tensor((1e-5, 0.01), device="cuda")
    kernels.normalise(given, weight, bias, *numbers)
    assert (given.float() - functional.leaky_relu(normal, 0.01)).abs().max() < 0.005


@needs_cuda
@pytest.mark.parametrize("kind", [PlainConvUNet, ResidualEncoderUNet])
def test_a_recording_holds_for_other_weights_and_images(kind):
    device = torch.device("cuda:0")
    first, second = network(kind).to(device), network(kind, slope=0.01).to(device)
    for layer in second.parameters():
        layer.data += 0.01
    suited = copy.deepcopy(first)
    suit_gpu(suited, device)
    recorder = Recorder(suited)
    with torch.inference_mode(), torch.autocast("cuda", cache_enabled=False):
        for plain in (first, second):
            suited.load_state_dict(plain.state_dict())
            for factor in (1, 2):
                given = images().to(device) * factor
                assert (recorder(given) - plain(given)).abs().max() < 0.05
    recorder.forget()


@needs_cuda
def test_what_can_not_be_recorded_is_asked_as_it_is(caplog):
    class Looking(nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return image * 2 if image.sum().item() > 0 else image

    recorder, given = Recorder(Looking()), torch.ones((1, 1, 4, 4, 4), device="cuda")
    assert all(torch.equal(recorder(given), given * 2) for _ in range(4))
    assert torch.equal(recorder(-given), -given)
    assert "can't be recorded" in caplog.text
