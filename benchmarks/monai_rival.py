"""MONAI's sliding window against ours, with the same networks on the same preprocessed image.

Both get the folds of one model, its patch, half overlap, Gaussian weights and the same mirrorings,
on a CPU. Time is that of the processor in all threads, which other work on the machine changes
little; each is the best of some rounds in turns. MONAI is no dependency of ours, so it is installed
in an environment of its own, into which this project goes, too:

    python -m venv RIVALS && RIVALS/bin/pip install . monai
    RIVALS/bin/python benchmarks/monai_rival.py
    RIVALS/bin/python benchmarks/monai_rival.py --model MIRRORED --slices 60 --size 256
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
import torch
from large_scan import large_ct
from monai.inferers import sliding_window_inference

from napari_abdoseg.inference.model.architecture import build_network
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.network.sliding_window import predict_everywhere
from napari_abdoseg.inference.network.tiling import mirrorings
from napari_abdoseg.inference.preprocessing.preprocessing import preprocess_volume
from napari_abdoseg.inference.preset import Preset, find_preset
from napari_abdoseg.progress import drain

PRESETS = ("exact", "fast")
Logits = torch.Tensor
Way = Callable[[torch.Tensor, TrainedConfiguration, Preset], Logits]


def main() -> None:
    """Print a line for each preset."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="demo", help="a model's name or its folder")
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--size", type=int, default=512, help="voxels in plane")
    parser.add_argument("--rounds", type=int, default=2)
    chosen = parser.parse_args()
    (trained,) = load_ensemble(chosen.model, device="cpu").configurations
    scan, _ = large_ct(chosen.slices, chosen.size)
    image = torch.from_numpy(preprocess_volume(scan, trained).image)
    shape = " x ".join(map(str, image.shape[1:]))
    print(f"{shape} voxels, model {trained.model.name}, {torch.get_num_threads()} threads")
    print(f"torch {version('torch')}, monai {version('monai')}")
    for name in PRESETS:
        compare(image, trained, find_preset(name), chosen.rounds)


def compare(
    image: torch.Tensor, trained: TrainedConfiguration, preset: Preset, rounds: int
) -> None:
    """Print what a preset takes of the processor's time, MONAI's part in it, and what differs."""
    seconds: dict[Way, list[float]] = {monais: [], ours: []}
    labels = {}
    for _ in range(rounds):
        for way in seconds:
            begin = time.process_time()
            logits = way(image, trained, preset)
            seconds[way].append(time.process_time() - begin)
            labels[way] = logits.argmax(0).numpy()
    theirs, own = (min(seconds[way]) for way in (monais, ours))
    differ = np.count_nonzero(labels[monais] != labels[ours])
    folds = len(preset.used(trained.members))
    print(
        f"{preset.name}, {folds} fold(s): MONAI {theirs:.1f} s of the processor, ours {own:.1f} s, "
        f"{theirs / own:.2f} x; {differ:,} of {labels[ours].size:,} voxels differ, "
        f"of {np.count_nonzero(labels[ours]):,} in organs",
        flush=True,
    )


def ours(image: torch.Tensor, trained: TrainedConfiguration, preset: Preset) -> Logits:
    return drain(predict_everywhere(image, trained, preset)).whole_logits()


@torch.inference_mode()
def monais(image: torch.Tensor, trained: TrainedConfiguration, preset: Preset) -> Logits:
    """Mean logits of a preset's folds and mirrorings, each by MONAI's sliding window."""
    members = preset.used(trained.members)
    flips = mirrorings(members[0].mirror_axes if preset.mirroring else ())
    network = build_network(trained)

    def ask(patch: torch.Tensor) -> torch.Tensor:
        answers = [network(patch.flip(flip)).flip(flip) for flip in flips]
        return sum(answers[1:], start=answers[0]) / len(answers)

    mean: torch.Tensor | None = None
    for member in members:
        network.load_state_dict(member.weights)
        logits = sliding_window_inference(
            image[None],
            trained.planned.patch_size,
            sw_batch_size=1,
            predictor=ask,
            overlap=0.5,
            mode="gaussian",
        )[0]
        mean = logits if mean is None else mean.add_(logits)
    assert mean is not None
    return mean / len(members)


if __name__ == "__main__":
    main()
