"""An untrained model of the make of TotalSegmentator's `total_fast` (Dataset297, version 2).

What is public of it, by https://github.com/wasserth/TotalSegmentator: 117 classes and background at
3 x 3 x 3 mm, nnU-Net's plain U-Net of five stages, patches of 112 x 112 x 128 voxels, one fold,
no mirroring. Weights are random, so that it takes as much time and memory and finds nothing.

    python benchmarks/untrained_model.py FOLDER
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

from napari_abdoseg.image.names.published_schemes import TOTALSEGMENTATOR
from napari_abdoseg.inference.model.known_models import PACKAGED

CONFIGURATION = "3d_fullres"
FEATURES = (32, 64, 128, 256, 320)
PATCH, SPACING = (112, 112, 128), (3.0, 3.0, 3.0)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="to be made")
    write_model(parser.parse_args().folder)


def write_model(folder: Path) -> None:
    fold = folder / "fold_0"
    fold.mkdir(parents=True)
    dataset, plans = described(), planned()
    (folder / "dataset.json").write_text(json.dumps(dataset, indent=1))
    (folder / "plans.json").write_text(json.dumps(plans, indent=1))
    content = {
        "network_weights": random_network(plans, dataset).state_dict(),
        "trainer_name": "nnUNetTrainer",
        "init_args": {"configuration": CONFIGURATION, "fold": 0},
        "inference_allowed_mirroring_axes": None,
    }
    torch.save(content, fold / "checkpoint_final.pth")


def described() -> dict[str, Any]:
    """Contents of ``dataset.json``."""
    demo = json.loads((PACKAGED / "demo" / "dataset.json").read_text())
    organs = {organ.name: organ.value for organ in TOTALSEGMENTATOR.organs}
    about = {"name": "Untrained", "description": "Random weights: it finds nothing."}
    return demo | about | {"labels": {"background": 0, **organs}}


def planned() -> dict[str, Any]:
    """Contents of ``plans.json``: those of the demo, and the network's make."""
    plans: dict[str, Any] = json.loads((PACKAGED / "demo" / "plans.json").read_text())
    configuration = plans["configurations"][CONFIGURATION]
    stages = len(FEATURES)
    configuration |= {"patch_size": PATCH, "spacing": SPACING}
    configuration["architecture"]["arch_kwargs"] |= {
        "n_stages": stages,
        "features_per_stage": FEATURES,
        "kernel_sizes": [[3, 3, 3]] * stages,
        "strides": [[1, 1, 1], *[[2, 2, 2]] * (stages - 1)],
        "n_conv_per_stage": [2] * stages,
        "n_conv_per_stage_decoder": [2] * (stages - 1),
    }
    return plans | {"plans_name": "nnUNetPlans", "configurations": {CONFIGURATION: configuration}}


def random_network(plans: dict[str, Any], dataset: dict[str, Any]) -> torch.nn.Module:
    torch.manual_seed(0)
    manager = PlansManager(plans)
    configured = manager.get_configuration(CONFIGURATION)
    heads = manager.get_label_manager(dataset).num_segmentation_heads
    return nnUNetTrainer.build_network_architecture(
        manager, configured, 1, heads, enable_deep_supervision=False
    )


if __name__ == "__main__":
    main()
