"""Fingerprint and plans of a data set, by nnU-Net."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from napari_abdoseg.training.settings import PLANNERS


def extract_fingerprint(dataset: str, processes: int) -> None:
    """Measure shapes, spacings and intensities of all cases."""
    from nnunetv2.experiment_planning.dataset_fingerprint.fingerprint_extractor import (
        DatasetFingerprintExtractor,
    )

    DatasetFingerprintExtractor(dataset, processes).run(overwrite_existing=True)


def plan(dataset: str, planner: str, identifier: str, spacing: Sequence[float] | None) -> None:
    """Plan configurations and write them as ``identifier``."""
    wished = [float(step) for step in spacing] if spacing else None
    make = find_planner(planner)
    make(dataset, plans_name=identifier, overwrite_target_spacing=wished).plan_experiment()


def find_planner(name: str) -> Any:
    """Class of one of `PLANNERS`."""
    if name == "small":
        from napari_abdoseg.training.nnunet.small_planner import SmallPlanner

        return SmallPlanner
    import nnunetv2
    from nnunetv2.utilities.find_class_by_name import recursive_find_python_class

    folder = f"{nnunetv2.__path__[0]}/experiment_planning"
    return recursive_find_python_class(folder, PLANNERS[name], "nnunetv2.experiment_planning")
