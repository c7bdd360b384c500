"""A pass of a network of nnU-Net's usual size on a CPU, as `exact` and as `balanced` asks for it.

Time is that of the processor, which other work on the machine changes little; each is the best of
some rounds in turns. Weights are random: what is compared is how far answers differ.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
from dynamic_network_architectures.architectures.unet import PlainConvUNet
from torch import nn

from napari_abdoseg.inference.network.chosen_convolutions import choose_convolutions
from napari_abdoseg.inference.network.cpu_layers import suit_cpu
from napari_abdoseg.inference.network.u_net import UNet

FEATURES = (32, 64, 128, 256, 320, 320)
CLASSES = 5
ONEDNN = "oneDNN's"


def main() -> None:
    """Print processor seconds a pass, and how far answers differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patch", type=int, default=128, help="voxels along each side")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    torch.manual_seed(0)
    image = torch.randn(1, 1, *[chosen.patch] * 3)
    plain, quick = network(), network()
    quick.load_state_dict(plain.state_dict())
    for each in (plain, quick):
        suit_cpu(each)
    choose_convolutions(quick)
    asked = {ONEDNN: asking(plain), "the fastest": asking(quick)}
    answers = {name: ask(image) for name, ask in asked.items()}
    seconds = {name: [] for name in asked}
    for _ in range(chosen.rounds):
        for name, ask in asked.items():
            begin = time.process_time()
            ask(image)
            seconds[name].append(time.process_time() - begin)
    best = {name: min(each) for name, each in seconds.items()}
    print(f"{torch.backends.cpu.get_cpu_capability()}, {torch.get_num_threads()} thread(s)")
    for name, each in best.items():
        print(f"{name} convolutions: {each:.2f} s, {best[ONEDNN] / each:.2f} x")
    first, second = answers.values()
    differ = (first.argmax(1) != second.argmax(1)).sum().item()
    print(f"largest difference {(first - second).abs().max() / first.std():.1e} of the standard")
    print(f"deviation; {differ} of {chosen.patch**3} voxels differ")


def network() -> nn.Module:
    """An untrained U-Net as nnU-Net plans it by default."""
    stages = len(FEATURES)
    return PlainConvUNet(
        1,
        stages,
        FEATURES,
        nn.Conv3d,
        3,
        [1, *[2] * (stages - 1)],
        2,
        CLASSES,
        2,
        conv_bias=True,
        norm_op=nn.InstanceNorm3d,
        norm_op_kwargs={"eps": 1e-5, "affine": True},
        nonlin=nn.LeakyReLU,
        nonlin_kwargs={"inplace": True},
    ).eval()


def asking(network: nn.Module) -> Callable[[torch.Tensor], torch.Tensor]:
    """Logits of all classes, layer by layer."""
    layers = UNet.of(network)
    assert layers is not None

    def ask(image: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode():
            return layers.logits(layers.features(image), slice(CLASSES))

    return ask


if __name__ == "__main__":
    main()
