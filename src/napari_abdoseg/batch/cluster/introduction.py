"""What a worker says of itself before it is given work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

from napari_abdoseg.batch.cluster.ensembles import ensemble_of, missing_models
from napari_abdoseg.batch.cluster.worker_log import join_worker_log
from napari_abdoseg.batch.goal import SegmentationJob
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.inference.hardware.device import choose_device
from napari_abdoseg.inference.hardware.startup import prepare_for_torch
from napari_abdoseg.inference.model.chosen_folds import ChosenFolds

DECISIVE, WORTH_TELLING = ("napari-abdoseg", "nnunetv2"), ("torch",)


class UnfitWorkerError(AbdosegError):
    """A worker can't do its share.

    Parameters
    ----------
    address : str
    reason : str
        The rest of the sentence that begins with the worker.
    """

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"The worker {address} {reason}")
        self.address = address


@dataclass(frozen=True)
class Introduction:
    """What a worker says of itself.

    Parameters
    ----------
    versions : dict of str to str
        Of the packages that results depend on.
    device : str
        Where its networks run.
    missing : tuple of ChosenFolds
        What it must be sent.
    """

    versions: Mapping[str, str]
    device: str
    missing: tuple[ChosenFolds, ...]

    def require_fit(self, address: str) -> None:
        """Require that its results are those of this machine.

        Raises
        ------
        UnfitWorkerError
            It has another version of a package that they depend on.
        """
        if others := self._others(DECISIVE):
            raise UnfitWorkerError(
                address, f"has {others}: install the same versions on both, and restart it."
            )

    def notice(self, address: str) -> str:
        """What the user is to be told of it."""
        differing = self._others(WORTH_TELLING)
        besides = f", with {differing}" if differing else ""
        return f"The worker {address} runs on {self.device}{besides}."

    def _others(self, packages: tuple[str, ...]) -> str:
        """Versions that are not those of this machine, in words."""
        return ", ".join(
            f"{package} {self.versions[package]} (here {version(package)})"
            for package in packages
            if self.versions[package] != version(package)
        )


def introduce(job: SegmentationJob) -> Introduction:
    """Introduce the worker that this runs on.

    Raises
    ------
    DeviceError
        Its device can't be used.
    """
    join_worker_log()
    prepare_for_torch()
    versions = {package: version(package) for package in (*DECISIVE, *WORTH_TELLING)}
    return Introduction(versions, choose_device().name, missing_models(job))


def get_ready(job: SegmentationJob) -> None:
    """Load the models of a job, before the first case comes.

    Raises
    ------
    ModelError, DeviceError
        It can't be loaded here.
    """
    ensemble_of(job)
