"""Ensembles: trained models, ready to find organs together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.errors import ModelError
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.inference.hardware.device import Device, choose_device
from napari_abdoseg.inference.hardware.startup import prepare_for_torch
from napari_abdoseg.inference.model.chosen_folds import ChosenFolds
from napari_abdoseg.inference.model.loading import STAGE, Pick, all_of, loading_configuration
from napari_abdoseg.inference.model.model_folder import (
    Model,
    read_model,
    read_model_folder,
    require_same_organs,
)
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.progress import Progress, Work, drain


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Configurations whose probabilities are averaged, each with its folds; mostly one.

    Parameters
    ----------
    configurations : tuple of TrainedConfiguration
    """

    configurations: tuple[TrainedConfiguration, ...]

    @property
    def stages(self) -> tuple[TrainedConfiguration, ...]:
        """All that work: those that find the region, then those that look in it."""
        finder = self.region_finder
        return (*(_stages_of(finder) if finder else ()), *self.stages_in_region)

    @property
    def stages_in_region(self) -> tuple[TrainedConfiguration, ...]:
        """All that find the organs, the first stage of a cascade before its second."""
        return tuple(stage for trained in self.configurations for stage in _stages_of(trained))

    @property
    def region_finder(self) -> TrainedConfiguration | None:
        """What finds the region in which all others look, if they look in one."""
        return self.configurations[0].region_finder

    @property
    def chosen(self) -> tuple[ChosenFolds, ...]:
        """What was loaded, one a configuration, for `loading_chosen`."""
        return tuple(map(ChosenFolds.of, self.configurations))

    @property
    def is_current(self) -> bool:
        """Whether all files that it was read from are unchanged."""
        return all(trained.is_current for trained in self.configurations)

    @property
    def device(self) -> Device:
        """Where all of them run."""
        return self.configurations[0].device

    @property
    def organs(self) -> tuple[Organ, ...]:
        """What they find, by value."""
        return self.configurations[0].model.organs


def _stages_of(trained: TrainedConfiguration) -> tuple[TrainedConfiguration, ...]:
    first = trained.previous_stage
    return (trained,) if first is None else (first, trained)


def load_ensemble(
    models: str | Path | Model | Sequence[str | Path | Model] = "demo",
    folds: Iterable[int | str] | None = None,
    device: str = "auto",
) -> Ensemble:
    """Load the folds of a model, or of several whose probabilities are to be averaged.

    Parameters
    ----------
    models : str, Path, Model or a sequence of them
        ``"demo"``, or an nnU-Net v2 model folder. Beside that of a cascade's second stage
        must be that of its first. A model that was read before is read again only if its
        files have changed since.
    folds : iterable of int or str, optional
        Folds to use of each; all by default, and always of a cascade's first stage.
    device : str, optional
        ``"auto"`` (CUDA, else MPS, else CPU), ``"cpu"``, ``"cuda"``, ``"cuda:1"``,
        ``"mps"``.

    Raises
    ------
    ModelError
        A folder is no complete model, a checkpoint can't be read or trusted,
        or does not fit the model's plans; or models have different labels.
    DeviceError
        The device is not on this machine.

    Examples
    --------
    >>> from napari_abdoseg import load_ensemble
    >>> ensemble = load_ensemble("demo", folds=[0], device="cpu")
    >>> [organ.name for organ in ensemble.organs]
    ['liver', 'kidney', 'spleen', 'pancreas']
    """
    return drain(loading_ensemble(models, folds, device))


def loading_ensemble(
    models: str | Path | Model | Sequence[str | Path | Model] = "demo",
    folds: Iterable[int | str] | None = None,
    device: str = "auto",
    used: Pick = all_of,
) -> Work[Ensemble]:
    """Load the folds of models one by one; see `load_ensemble`.

    Parameters
    ----------
    models, folds, device
    used : callable, optional
        Picks of a model's folds those that are loaded, such as `Preset.used`; the others must
        be there.

    Yields
    ------
    Progress
        One of them says which device was taken and why.
    """
    yield Progress(STAGE, 0, 0)
    prepare_for_torch()
    chosen = [models] if isinstance(models, str | Path | Model) else models
    first, *others = [_current(model) for model in chosen]
    for other in others:
        require_same_organs(first, other)
    where = choose_device(device)
    yield Progress(STAGE, 0, 0, f"Running on {where.name}: {where.reason}")
    configurations = []
    for model in (first, *others):
        configurations.append((yield from loading_configuration(model, folds, where, used)))
    _require_one_region(configurations)
    return Ensemble(tuple(configurations))


def loading_chosen(chosen: Sequence[ChosenFolds], device: str = "auto") -> Work[Ensemble]:
    """Load folds of models that were read and checked by another process; see `load_ensemble`."""
    yield Progress(STAGE, 0, 0)
    prepare_for_torch()
    where = choose_device(device)
    configurations = []
    for each in chosen:
        work = loading_configuration(each.model, each.folds, where, first_stage=each.first_stage)
        configurations.append((yield from work))
    return Ensemble(tuple(configurations))


def _require_one_region(configurations: Sequence[TrainedConfiguration]) -> None:
    """Require that all look in the same part of a scan, so that they can be averaged."""
    regions = {_region_of(trained) for trained in configurations}
    if len(regions) > 1:
        names = " and ".join(str(trained.model.folder) for trained in configurations)
        raise ModelError(
            f"The models {names} can't work together, since they look in different regions: choose "
            "models with the same region, or without one."
        )


def _region_of(trained: TrainedConfiguration) -> tuple[str, str]:
    finder, region = trained.region_finder, trained.model.card.region
    if finder is None or region is None:
        return "", ""
    return region.model_dump_json(exclude={"model"}), finder.sha256(finder.folds)


def _current(model: str | Path | Model) -> Model:
    """A model as its files are now."""
    if not isinstance(model, Model):
        return read_model(model)
    if model.is_current:
        return model
    return read_model_folder(model.folder, checkpoint=model.chosen_checkpoint)
