"""nnU-Net's own predictions and ensembles of small models, in this process."""

from __future__ import annotations

from pathlib import Path

import torch
from nnunetv2.ensembling.ensemble import merge_files
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor


def predict_by_nnunet(
    model: Path, scan: Path, output: Path, previous: Path | None = None, probabilities: bool = False
) -> Path:
    """What ``nnUNetv2_predict_from_modelfolder`` makes of ``case_0000.nii.gz``, all folds.

    Parameters
    ----------
    previous : Path, optional
        Its option ``-prev_stage_predictions``.
    probabilities : bool, optional
        Its option ``--save_probabilities``.
    """
    output.mkdir(parents=True)
    predictor = predictor_of(model)
    predictor.predict_from_files_sequential(
        [[str(scan)]],
        [str(output / "case")],
        save_probabilities=probabilities,
        folder_with_segs_from_prev_stage=str(previous) if previous else None,
    )
    return output / "case.nii.gz"


def ensemble_by_nnunet(predictions: list[Path], model: Path, output: Path) -> Path:
    """What ``nnUNetv2_ensemble`` makes of predictions with their probabilities."""
    output.mkdir(parents=True)
    predictor = predictor_of(model)
    merge_files(
        [str(prediction.parent / "case.npz") for prediction in predictions],
        str(output / "case"),
        ".nii.gz",
        predictor.plans_manager.image_reader_writer_class(),
        predictor.label_manager,
    )
    return output / "case.nii.gz"


def predictor_of(model: Path) -> nnUNetPredictor:
    """nnU-Net's predictor with all folds of a model folder."""
    predictor = nnUNetPredictor(
        device=torch.device("cpu"), perform_everything_on_device=False, allow_tqdm=False
    )
    predictor.initialize_from_trained_model_folder(str(model), None)
    return predictor
