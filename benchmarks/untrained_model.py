"""Untrained models, which take as much time and memory as trained ones and find nothing.

``total_fast`` is of the make of TotalSegmentator's (Dataset297, version 2). What is public of it,
by https://github.com/wasserth/TotalSegmentator: 117 classes and background at 3 x 3 x 3 mm,
nnU-Net's plain U-Net of five stages, patches of 112 x 112 x 128 voxels, one fold, no mirroring.

``full_size`` is what nnU-Net plans for CT by default, by F. Isensee et al., nnU-Net, Nature Methods
18 (2021), 203-211: six stages of 32 to 320 features, patches of 128 x 128 x 128 voxels, here at
1.5 mm with the demo's organs, five folds and mirroring over all axes.

``demo`` is the trained demo, told to mirror over all axes; ``tiny`` is for trying a script.

    python benchmarks/untrained_model.py FOLDER --like full_size
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

from napari_abdoseg.image.names.published_schemes import TOTALSEGMENTATOR
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.inference.model.known_models import PACKAGED
from napari_abdoseg.inference.model.model_folder import read_model

CONFIGURATION = "3d_fullres"


@dataclass(frozen=True)
class Make:
    """What a model is like.

    Parameters
    ----------
    organs : iterable of Organ
    features : tuple of int
        Of each stage.
    patch : tuple of int
        Voxels along (z, y, x).
    mm : float
        Spacing along all axes.
    folds : int
    mirror_axes : tuple of int, optional
    """

    organs: Iterable[Organ]
    features: tuple[int, ...]
    patch: tuple[int, ...]
    mm: float
    folds: int
    mirror_axes: tuple[int, ...] | None


MAKES = {
    "total_fast": Make(
        TOTALSEGMENTATOR.organs, (32, 64, 128, 256, 320), (112, 112, 128), 3.0, 1, None
    ),
    "full_size": Make(
        read_model("demo").organs,
        (32, 64, 128, 256, 320, 320),
        (128, 128, 128),
        1.5,
        5,
        (0, 1, 2),
    ),
    "tiny": Make(read_model("demo").organs, (8, 16), (32, 32, 32), 8.0, 2, (0, 1, 2)),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="to be made")
    parser.add_argument("--like", choices=("demo", *MAKES), default="total_fast")
    chosen = parser.parse_args()
    if chosen.like == "demo":
        mirror_demo(chosen.folder)
    else:
        write_model(chosen.folder, MAKES[chosen.like])


def mirror_demo(folder: Path) -> None:
    """The demo's model, trained without mirroring, whose checkpoints say that they mirror."""
    shutil.copytree(PACKAGED / "demo", folder)
    for path in folder.glob("fold_*/checkpoint_final.pth"):
        content = torch.load(path, weights_only=False)
        torch.save(content | {"inference_allowed_mirroring_axes": (0, 1, 2)}, path)


def write_model(folder: Path, make: Make) -> None:
    folder.mkdir(parents=True)
    dataset, plans = described(make), planned(make)
    (folder / "dataset.json").write_text(json.dumps(dataset, indent=1))
    (folder / "plans.json").write_text(json.dumps(plans, indent=1))
    for number in range(make.folds):
        content = {
            "network_weights": random_network(plans, dataset, number).state_dict(),
            "trainer_name": "nnUNetTrainer",
            "init_args": {"configuration": CONFIGURATION, "fold": number},
            "inference_allowed_mirroring_axes": make.mirror_axes,
        }
        fold = folder / f"fold_{number}"
        fold.mkdir()
        torch.save(content, fold / "checkpoint_final.pth")


def described(make: Make) -> dict[str, Any]:
    """Contents of ``dataset.json``."""
    demo = json.loads((PACKAGED / "demo" / "dataset.json").read_text())
    organs = {organ.name: organ.value for organ in make.organs}
    about = {"name": "Untrained", "description": "Random weights: it finds nothing."}
    return demo | about | {"labels": {"background": 0, **organs}}


def planned(make: Make) -> dict[str, Any]:
    """Contents of ``plans.json``: those of the demo, and the network's make."""
    plans: dict[str, Any] = json.loads((PACKAGED / "demo" / "plans.json").read_text())
    configuration = plans["configurations"][CONFIGURATION]
    stages = len(make.features)
    configuration |= {"patch_size": make.patch, "spacing": [make.mm] * 3}
    configuration["architecture"]["arch_kwargs"] |= {
        "n_stages": stages,
        "features_per_stage": make.features,
        "kernel_sizes": [[3, 3, 3]] * stages,
        "strides": [[1, 1, 1], *[[2, 2, 2]] * (stages - 1)],
        "n_conv_per_stage": [2] * stages,
        "n_conv_per_stage_decoder": [2] * (stages - 1),
    }
    return plans | {"plans_name": "nnUNetPlans", "configurations": {CONFIGURATION: configuration}}


def random_network(plans: dict[str, Any], dataset: dict[str, Any], seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    manager = PlansManager(plans)
    configured = manager.get_configuration(CONFIGURATION)
    heads = manager.get_label_manager(dataset).num_segmentation_heads
    return nnUNetTrainer.build_network_architecture(
        manager, configured, 1, heads, enable_deep_supervision=False
    )


if __name__ == "__main__":
    main()
