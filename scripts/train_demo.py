"""Train the demo ensemble on phantoms with nnU-Net's own trainer.

The result is a plain nnU-Net model folder of five small 3d_fullres folds. It
is for trying the software on phantoms and no good for patients.

    python scripts/train_demo.py WORK_FOLDER src/napari_abdoseg/models/demo
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
from pathlib import Path

import nibabel as nib
import numpy as np

from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.phantom import make_phantom

DATASET_ID = 1
DATASET = "Dataset001_AbdosegPhantoms"
CONFIGURATION = "3d_fullres"
FOLDS = range(5)
FIRST_SEED = 1000
"""Seeds below are kept for testing."""

FEATURES = [8, 16, 32, 64]
PATCH = [64, 64, 64]
LEARNING_RATE = 3e-3
SPACING = [3.0, 3.0, 3.0]
ORIENTATIONS = ("LPS", "RPS", "LAS", "RAS")
DESCRIPTION = (
    "Demo ensemble of napari-abdoseg: small networks trained on synthetic phantoms, "
    "for trying the software. No good for patients."
)


def write_dataset(folder: Path, cases: int) -> None:
    """Write phantoms of varied spacing and orientation in nnU-Net's raw format."""
    for name in ("imagesTr", "labelsTr"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for case in range(cases):
        rng = np.random.default_rng(FIRST_SEED + case)
        in_plane = 3.0 if case % 2 else float(rng.uniform(2.0, 3.5))
        slices = 3.0 if case % 2 else float(rng.uniform(2.0, 4.0))
        volume, labels = make_phantom(
            FIRST_SEED + case, (slices, in_plane, in_plane), ORIENTATIONS[case // 2 % 4]
        )
        for data, name in (
            (volume.data, f"imagesTr/phantom_{case:03}_0000.nii.gz"),
            (labels.data, f"labelsTr/phantom_{case:03}.nii.gz"),
        ):
            stored = volume.grid.to_stored(data)
            nib.save(nib.Nifti1Image(stored, volume.grid.affine), folder / name)
    dataset = {
        "channel_names": {"0": "CT"},
        "labels": {"background": 0, **{organ.name: organ.value for organ in ABDOMINAL_ORGANS}},
        "numTraining": cases,
        "file_ending": ".nii.gz",
        "overwrite_image_reader_writer": "SimpleITKIO",
        "description": DESCRIPTION,
    }
    (folder / "dataset.json").write_text(json.dumps(dataset, indent=2) + "\n")


def plan(preprocessed: Path) -> None:
    """Let nnU-Net plan, then make the network small enough for a laptop's CPU."""
    from nnunetv2.experiment_planning import plan_and_preprocess_api as api

    api.extract_fingerprints([DATASET_ID], num_processes=2)
    api.plan_experiments([DATASET_ID])
    path = preprocessed / DATASET / "nnUNetPlans.json"
    plans = json.loads(path.read_text())
    stages = len(FEATURES)
    configuration = plans["configurations"][CONFIGURATION]
    configuration.update(patch_size=PATCH, batch_size=2, spacing=SPACING)
    configuration["architecture"]["arch_kwargs"].update(
        n_stages=stages,
        features_per_stage=FEATURES,
        kernel_sizes=[[3, 3, 3]] * stages,
        strides=[[1, 1, 1]] + [[2, 2, 2]] * (stages - 1),
        n_conv_per_stage=[1, 2, 2, 2],
        n_conv_per_stage_decoder=[1] * (stages - 1),
    )
    plans["configurations"] = {CONFIGURATION: configuration}
    path.write_text(json.dumps(plans, indent=2))
    api.preprocess([DATASET_ID], configurations=[CONFIGURATION], num_processes=[2])


def prepare(work: Path, cases: int) -> dict[str, Path]:
    """nnU-Net's folders, with the data set planned and preprocessed, unless it is there."""
    folders = {name: work / name for name in ("raw", "preprocessed", "results")}
    for name, folder in folders.items():
        folder.mkdir(parents=True, exist_ok=True)
        os.environ[f"nnUNet_{name}"] = str(folder.resolve())
    if not (folders["raw"] / DATASET / "dataset.json").exists():
        write_dataset(folders["raw"] / DATASET, cases)
        plan(folders["preprocessed"])
    return folders


def train_fold(fold: int, preprocessed: Path, epochs: int, iterations: int, legs: int) -> None:
    """Train one fold in legs, each with a learning rate that starts high and falls."""
    for _ in range(legs):
        train_leg(fold, preprocessed, epochs, iterations)


def train_leg(fold: int, preprocessed: Path, epochs: int, iterations: int) -> None:
    """Train one fold from where the last leg ended.

    AdamW takes the place of nnU-Net's SGD, for which so few steps are too short.
    """
    os.environ["nnUNet_n_proc_DA"] = "0"  # noqa: SIM112
    import torch
    from nnunetv2.training.lr_scheduler.polylr import PolyLRScheduler
    from nnunetv2.training.nnUNetTrainer.variants.data_augmentation.nnUNetTrainerNoDA import (
        nnUNetTrainerNoDA,
    )

    cuda = torch.cuda.is_available()
    torch.set_num_threads(1)
    plans = json.loads((preprocessed / DATASET / "nnUNetPlans.json").read_text())
    dataset = json.loads((preprocessed / DATASET / "dataset.json").read_text())
    plans["continue_training"] = False
    trainer = nnUNetTrainerNoDA(
        plans, CONFIGURATION, fold, dataset, torch.device("cuda" if cuda else "cpu")
    )
    trainer.num_epochs = epochs
    trainer.num_iterations_per_epoch = iterations
    trainer.num_val_iterations_per_epoch = 2
    trainer.oversample_foreground_percent = 0.66
    trainer.initialize()
    last = Path(trainer.output_folder) / "checkpoint_final.pth"
    if last.exists():
        weights = torch.load(last, trainer.device, weights_only=False)["network_weights"]
        trainer.network.load_state_dict(weights)
    trainer.optimizer = torch.optim.AdamW(trainer.network.parameters(), lr=LEARNING_RATE)
    trainer.lr_scheduler = PolyLRScheduler(trainer.optimizer, LEARNING_RATE, epochs)
    trainer.run_training()


def export(results: Path, target: Path) -> None:
    """Keep of the trained model what inference reads."""
    import torch

    (trained,) = (results / DATASET).iterdir()
    for name in ("dataset.json", "plans.json"):
        target.mkdir(parents=True, exist_ok=True)
        content = json.loads((trained / name).read_text())
        (target / name).write_text(json.dumps(content, indent=1) + "\n")
    for fold in FOLDS:
        checkpoint = torch.load(
            trained / f"fold_{fold}" / "checkpoint_final.pth", "cpu", weights_only=False
        )
        kept = {
            "network_weights": checkpoint["network_weights"],
            "trainer_name": checkpoint["trainer_name"],
            "inference_allowed_mirroring_axes": checkpoint["inference_allowed_mirroring_axes"],
            "init_args": {"configuration": checkpoint["init_args"]["configuration"], "fold": fold},
        }
        (target / f"fold_{fold}").mkdir(exist_ok=True)
        torch.save(kept, target / f"fold_{fold}" / "checkpoint_final.pth")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, help="folder for the data set and the training")
    parser.add_argument("target", type=Path, help="model folder to write")
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--iterations", type=int, default=20, help="steps an epoch")
    parser.add_argument("--legs", type=int, default=2, help="times the learning rate starts again")
    parser.add_argument("--parallel", type=int, default=2, help="folds trained at a time")
    given = parser.parse_args()

    folders = prepare(given.work, given.cases)
    schedule = (folders["preprocessed"], given.epochs, given.iterations, given.legs)
    jobs = [(fold, *schedule) for fold in FOLDS]
    with multiprocessing.get_context("spawn").Pool(given.parallel, maxtasksperchild=1) as pool:
        pool.starmap(train_fold, jobs, chunksize=1)
    export(folders["results"], given.target)


if __name__ == "__main__":
    main()
