"""Where scans are segmented: by this machine, or by the workers of a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from napari_abdoseg.batch.finding import finding_cases
from napari_abdoseg.batch.folder import predicting
from napari_abdoseg.batch.goal import Goal, SegmentationJob
from napari_abdoseg.batch.run_state import Outcome
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.hardware.device import choose_devices
from napari_abdoseg.inference.model.model_folder import Model
from napari_abdoseg.inference.segmentation import segmenting
from napari_abdoseg.plugin.segment.found import Found
from napari_abdoseg.plugin.segment.last_ensemble import LastEnsemble
from napari_abdoseg.progress import Work


class Backend(Protocol):
    """Where scans are segmented."""

    def segmenting(self, volume: Volume) -> Work[Found]:
        """Segment a scan that is open."""

    def segmenting_folder(self, folder: Path, output: Path) -> Work[Outcome]:
        """Segment the scans of a folder."""


@dataclass(frozen=True)
class ThisMachine:
    """This machine."""

    last_ensemble: LastEnsemble
    model: Model
    folds: Sequence[str]
    preset: str
    device: str

    def segmenting(self, volume: Volume) -> Work[Found]:
        """Segment a scan that is open, with a preview."""
        ensemble = yield from self.last_ensemble.loading(self.model, self.folds, self.device)
        work = segmenting(volume, ensemble, self.preset, preview=True, keep_logits=True)
        return Found.here((yield from work))

    def segmenting_folder(self, folder: Path, output: Path) -> Work[Outcome]:
        """Segment the scans of a folder, on all devices."""
        cases = yield from finding_cases([folder], output)
        ensemble = yield from self.last_ensemble.loading(self.model, self.folds, self.device)
        devices = choose_devices(self.device)
        return (yield from predicting(cases, ensemble, self.preset, devices=devices))


@dataclass(frozen=True)
class OnCluster:
    """The workers of a cluster, each on its own device."""

    scheduler: str
    model: Model
    folds: Sequence[str]
    preset: str

    def segmenting(self, volume: Volume) -> Work[Found]:
        """Have a worker segment a scan that is open."""
        from napari_abdoseg.batch.cluster.ensembles import loading_to_send
        from napari_abdoseg.batch.cluster.predicting import segmenting_on_cluster

        ensemble = yield from loading_to_send(self.model, self.folds)
        job = SegmentationJob.for_others(ensemble, Goal.of(ensemble, self.preset, logits=True))
        result = yield from segmenting_on_cluster(volume, job, self.scheduler)
        return Found.elsewhere(result)

    def segmenting_folder(self, folder: Path, output: Path) -> Work[Outcome]:
        """Have the workers segment the scans of a folder."""
        from napari_abdoseg.batch.cluster.ensembles import loading_to_send
        from napari_abdoseg.batch.cluster.predicting import predicting_on_cluster

        cases = yield from finding_cases([folder], output)
        ensemble = yield from loading_to_send(self.model, self.folds)
        job = SegmentationJob.for_others(ensemble, Goal.of(ensemble, self.preset))
        return (yield from predicting_on_cluster(cases, job, self.scheduler))
