"""Networks small enough for a laptop's CPU."""

from __future__ import annotations

from typing import Any

from nnunetv2.experiment_planning.experiment_planners.default_experiment_planner import (
    ExperimentPlanner,
)

FEATURES = 8
MOST_FEATURES = 64
MEMORY_GB = 0.15
"""As nnU-Net counts it; patches then have about 64 voxels along each axis."""


class SmallPlanner(ExperimentPlanner):  # type: ignore[misc]
    """nnU-Net's planner for U-Nets with a quarter of its features and an eighth of its patches.

    They are for trying things out on a CPU, and for data as simple as phantoms.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, gpu_memory_target_in_gb=MEMORY_GB, **kwargs)
        self.UNet_base_num_features = FEATURES
        self.UNet_max_features_2d = self.UNet_max_features_3d = MOST_FEATURES
        self.UNet_blocks_per_stage_encoder = (1, *[2] * 13)
        self.UNet_blocks_per_stage_decoder = (1,) * 13
        self.max_dataset_covered = 0.0
