"""The trained folds of a model in one configuration, ready to work."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from napari_abdoseg.image.files.file_stamp import FileStamp
from napari_abdoseg.inference.hardware.device import Device
from napari_abdoseg.inference.model.checkpoint import Checkpoint
from napari_abdoseg.inference.model.model_folder import Model
from napari_abdoseg.inference.model.network_plan import NetworkPlan, plan_network, trusted_plans
from napari_abdoseg.inference.model.plans_schema import Configuration

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class TrainedConfiguration:
    """Folds of one model, all of one nnU-Net configuration, on one device.

    Parameters
    ----------
    model : Model
    folds : tuple of str
    members : tuple of Checkpoint
        One a fold, in the same order; weights stay in main memory.
    device : Device
    previous_stage : TrainedConfiguration, optional
        Whose labels are given to these networks, if they are the second stage of a
        cascade.
    region_finder : TrainedConfiguration, optional
        Around whose organs these networks look, and nowhere else; see `Region`.
    """

    model: Model
    folds: tuple[str, ...]
    members: tuple[Checkpoint, ...]
    device: Device
    previous_stage: TrainedConfiguration | None = None
    region_finder: TrainedConfiguration | None = None

    @property
    def name(self) -> str:
        """As nnU-Net calls it: ``"2d"``, ``"3d_fullres"``, ``"3d_cascade_fullres"``."""
        return self.members[0].configuration

    @property
    def is_current(self) -> bool:
        """Whether all files that it was read from are unchanged, those of a first stage, too."""
        stamps = tuple(FileStamp.of(self.model.checkpoint(fold)) for fold in self.folds)
        if not self.model.is_current or stamps != tuple(member.stamp for member in self.members):
            return False
        if self.region_finder is not None and not self.region_finder.is_current:
            return False
        first = self.previous_stage
        return first is None or (first.model.folder == self.first_stage_folder and first.is_current)

    @property
    def first_stage_folder(self) -> Path:
        """Model folder of a cascade's first stage: in that of the second, or else beside it."""
        trainer, plans = self.members[0].trainer, self.model.planned.plans_name
        name = f"{trainer}__{plans}__{self.planned.previous_stage}"
        own, beside = self.model.folder / name, self.model.folder.parent / name
        return own if own.is_dir() else beside

    @property
    def plans_path(self) -> Path:
        """``plans.json``."""
        return self.model.folder / "plans.json"

    @property
    def planned(self) -> Configuration:
        """What ``plans.json`` says of the configuration."""
        return self.model.planned.configurations[self.name]

    @cached_property
    def plans(self) -> Any:
        """nnU-Net's ``PlansManager``, for parts of nnU-Net; importing it takes a while.

        Raises
        ------
        ModelError
            The plans name what may not be called; see `trusted_plans`.
        """
        return trusted_plans(self.model.plans, self.name, self.plans_path)

    @cached_property
    def network_plan(self) -> NetworkPlan:
        """The network that the plans describe; see `plans` for what is raised."""
        return plan_network(self.model.plans, self.name, self.plans_path)

    @cached_property
    def configured(self) -> Any:
        """nnU-Net's ``ConfigurationManager``."""
        return self.plans.get_configuration(self.name)

    @cached_property
    def label_manager(self) -> Any:
        """nnU-Net's ``LabelManager``."""
        return self.plans.get_label_manager(self.model.dataset)

    @property
    def class_values(self) -> list[int]:
        """Label value of each class that the networks tell apart, 0 for background."""
        described = self.model.described
        regions = described.regions_class_order if described.has_regions else None
        return [0, *(regions or range(1, described.heads))]

    @cached_property
    def _hashes(self) -> dict[tuple[str, ...], str]:
        return {}

    def sha256(self, folds: tuple[str, ...]) -> str:
        """Hash of everything that these folds' predictions depend on, worked out once."""
        if folds not in self._hashes:
            digest = self._hashes[folds] = self.model.sha256(folds)
            _log.info("Folds %s of %s: SHA-256 %s", ", ".join(folds), self.model.folder, digest)
        return self._hashes[folds]

    @property
    def input_channels(self) -> int:
        """Channels of the networks' input, those of a cascade's first stage among them."""
        described = self.model.described
        labels = described.foreground_labels if self.planned.previous_stage else ()
        return len(described.channels) + len(labels)

    def image_spacing(self, spacing: Sequence[float]) -> list[float]:
        """Spacing of the preprocessed image.

        Parameters
        ----------
        spacing : sequence of float
            mm along (z, y, x) of the scan, in the axis order of the model's reader.

        Returns
        -------
        list of float
            mm along the axes of the networks; a 2D network leaves slices where they are.
        """
        turned = [spacing[axis] for axis in self.model.planned.transpose_forward]
        wanted = self.planned.spacing
        return [*turned[: len(turned) - len(wanted)], *wanted]
