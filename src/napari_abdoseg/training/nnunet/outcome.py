"""Cross-validation results, and nnU-Net's choice of configuration and postprocessing."""

from __future__ import annotations

from collections.abc import Sequence


def cross_validate(
    dataset: str,
    plans: str,
    trainer: str,
    configurations: Sequence[str],
    folds: Sequence[int],
    processes: int,
) -> dict[str, float]:
    """Let nnU-Net compare configurations and their ensembles, and choose a postprocessing.

    It writes ``inference_information.json`` and ``inference_instructions.txt`` into the data
    set's results, and ``crossval_results_folds_*`` into each configuration.

    Returns
    -------
    dict of str to float
        Mean DSC of all organs and cases of each configuration or ensemble.
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
    return {name: float(score) for name, score in chosen["all_results"].items()}
