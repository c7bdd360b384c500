"""Cross-validation results, and nnU-Net's choice of configuration and postprocessing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def cross_validate(
    dataset: str,
    plans: str,
    trainer: str,
    configurations: Sequence[str],
    folds: Sequence[int],
    processes: int,
) -> dict[str, Any]:
    """Let nnU-Net compare configurations and their ensembles, and choose a postprocessing.

    It writes ``inference_information.json`` and ``inference_instructions.txt`` into the data
    set's results, and ``crossval_results_folds_*`` into each configuration.

    Returns
    -------
    dict
        ``scores``, the mean DSC of all organs and cases of each configuration or ensemble such
        as ``2d + 3d_fullres``, and ``best``, the configurations of the best.
    """
    from nnunetv2.evaluation.find_best_configuration import find_best_configuration

    models = [
        {"plans": plans, "trainer": trainer, "configuration": each} for each in configurations
    ]
    chosen = find_best_configuration(
        dataset,
        models,
        allow_ensembling=len(models) > 1,
        num_processes=processes,
        folds=tuple(folds),
    )
    best = chosen["best_model_or_ensemble"]["selected_model_or_models"]
    return {
        "scores": {_words(name): float(score) for name, score in chosen["all_results"].items()},
        "best": [model["configuration"] for model in best],
    }


def _words(name: str) -> str:
    """Configurations of ``trainer__plans__2d`` or ``ensemble___..__2d___..__3d_fullres___0_1``."""
    models = name.split("___")[1:-1] if name.startswith("ensemble___") else [name]
    return " + ".join(model.rpartition("__")[2] for model in models)
