"""nnU-Net model folders: what a trained model says of itself.

Reading one loads neither torch nor nnunetv2, so that a folder can be checked
the moment it is chosen.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from napari_abdoseg.errors import ModelError
from napari_abdoseg.image.files.file_stamp import FileStamp
from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.inference.model.card import CARD, ModelCard, read_card
from napari_abdoseg.inference.model.dataset_schema import DatasetContent
from napari_abdoseg.inference.model.known_models import (
    find_known_models,
    is_of_totalsegmentator,
    known_models,
    name_of,
)
from napari_abdoseg.inference.model.other_scans import OtherScansError
from napari_abdoseg.inference.model.plans_schema import PlansContent
from napari_abdoseg.inference.model.quality_calibration import (
    QUALITY,
    QualityCalibration,
    read_quality,
)
from napari_abdoseg.inference.model.schema import check

DESCRIPTIONS = ("dataset.json", "plans.json")
CHECKPOINT, LATEST = "checkpoint_final.pth", "checkpoint_latest.pth"
FOLD = re.compile(r"fold_(\d+|all)")
FOLDERS = frozenset("/\\")
OTHER_SCANS = re.compile(r"mri?|t[12](w|c|ce|n|gd|f)?|flair|dwi|adc|pdw?|pet|suv|us|ultrasound")
"""Words for what is no CT, in names of channels."""


@dataclass(frozen=True, eq=False)
class Model:
    """A model folder as nnU-Net v2 leaves it after training.

    Parameters
    ----------
    name : str
    folder : Path
        Holds ``dataset.json``, ``plans.json`` and ``fold_N/checkpoint_final.pth``.
    dataset, plans : dict
        Contents of the two JSON files.
    folds : tuple of str
        Folds that were begun: ``"0"`` to ``"4"``, or ``"all"``.
    stamps : tuple of FileStamp
        Of the two JSON files, the card and the calibration, taken before they were read.
    card : ModelCard, optional
        Of ``model.json``; an empty one by default.
    chosen_checkpoint : str, optional
        Name of the weights' file that the user wants of each fold, whatever the card says.
    region_model : Model, optional
        The one that finds the region in which this one looks, with all its folds.
    quality : QualityCalibration, optional
        How good its label maps are expected to be.
    """

    name: str
    folder: Path
    dataset: dict[str, Any]
    plans: dict[str, Any]
    folds: tuple[str, ...]
    stamps: tuple[FileStamp, ...]
    card: ModelCard = field(default_factory=ModelCard)
    chosen_checkpoint: str | None = None
    region_model: Model | None = None
    quality: QualityCalibration | None = None

    @property
    def is_current(self) -> bool:
        """Whether its folder still has the files that were read, and the same folds."""
        unchanged = all(stamp.is_current for stamp in self.stamps)
        region = self.region_model is None or self.region_model.is_current
        return unchanged and region and _find_folds(self.folder) == self.folds

    @cached_property
    def described(self) -> DatasetContent:
        """What ``dataset.json`` says.

        Raises
        ------
        ModelError
            It is not what nnU-Net writes; so it is of `planned`.
        """
        return check(DatasetContent, self.dataset, self.folder / "dataset.json")

    @cached_property
    def planned(self) -> PlansContent:
        """What ``plans.json`` says."""
        return check(PlansContent, self.plans, self.folder / "plans.json")

    def in_folder(self, folder: Path) -> Self:
        """The same model where its files are in another folder; they are not checked again."""
        region = self.region_model
        if region is not None:
            region = region.in_folder(folder / region.folder.relative_to(self.folder))
        moved = replace(self, folder=folder, stamps=(), region_model=region)
        vars(moved).update(described=self.described, planned=self.planned)
        return moved

    @property
    def is_of_totalsegmentator(self) -> bool:
        """Whether TotalSegmentator keeps it, or it was trained on that data set."""
        return is_of_totalsegmentator(self.folder, self.planned.dataset_name or "")

    @property
    def organs(self) -> tuple[Organ, ...]:
        """What label maps show, by value: foreground labels, some of them merged by its card."""
        names = {values[0]: name for name, values in self._merged.items()}
        return tuple(
            Organ(organ.value, names.get(organ.value, organ.name))
            for organ in self.described.organs
            if organ.value not in self.merged_values
        )

    @cached_property
    def merged_values(self) -> dict[int, int]:
        """The value that label maps have in the place of another, where organs are merged."""
        return {other: first for first, *others in self._merged.values() for other in others}

    @property
    def _merged(self) -> dict[str, list[int]]:
        values = {organ.name: organ.value for organ in self.described.organs}
        return {name: [values[each] for each in of] for name, of in self.card.merged.items()}

    @property
    def shown(self) -> tuple[str, ...]:
        """Names of the organs that are shown at first: those of its card, or all."""
        names = tuple(organ.name for organ in self.organs)
        wanted = self.card.shown
        return names if wanted is None else tuple(name for name in names if name in wanted)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the input channels."""
        return self.described.channels

    @property
    def other_scan(self) -> str | None:
        """What its networks take where that is no CT: as its card says, or its channel's name."""
        words = set(re.split(r"[\W_]+", (self.card.modality or self.channels[0]).casefold()))
        is_ct = "ct" in words or not (self.card.modality or any(map(OTHER_SCANS.fullmatch, words)))
        return None if is_ct else self.card.modality or self.channels[0]

    @property
    def description(self) -> str:
        """What the model says of itself in ``dataset.json``."""
        return self.described.description or ""

    @property
    def named_checkpoint(self) -> str | None:
        """Name of the weights' file that the user or the card asks for."""
        return self.chosen_checkpoint or self.card.checkpoint

    def checkpoint(self, fold: str) -> Path:
        """Weights of a fold: those asked for, or the final ones, or the best if only those are."""
        folder = self.folder / f"fold_{fold}"
        if self.named_checkpoint:
            return folder / self.named_checkpoint
        final, others = folder / CHECKPOINT, sorted(folder.glob("checkpoint_best*.pth"))
        alone = len(others) == 1 and others[0].is_file() and not (folder / LATEST).exists()
        return others[0] if alone and not final.is_file() else final

    def choose_folds(self, folds: Iterable[int | str] | None = None) -> tuple[str, ...]:
        """The folds asked for, or all.

        Raises
        ------
        ModelError
            A fold has no checkpoint.
        """
        chosen = tuple(dict.fromkeys(map(str, self.folds if folds is None else folds)))
        trained = [fold for fold in self.folds if self.checkpoint(fold).is_file()]
        missing = [fold for fold in chosen if fold not in trained]
        if not missing and chosen:
            return chosen
        if folds is None:
            name = self.named_checkpoint or CHECKPOINT
            raise ModelError(
                f"The model {self.folder} has no {name} in fold_{missing[0]}: finish its "
                "training, copy the model folder again, or choose the folds "
                f"{', '.join(trained)} alone."
            )
        raise ModelError(
            f"The model {self.folder} has no checkpoint of fold "
            f"{', '.join(missing) or '(none)'}: choose among {', '.join(trained)}."
        )

    def files(self, folds: Sequence[str]) -> list[Path]:
        """All that these folds' predictions depend on."""
        descriptions = (self.folder / name for name in DESCRIPTIONS)
        region = self.region_model.files(self.region_model.folds) if self.region_model else []
        return [*region, *descriptions, *map(self.checkpoint, folds)]

    def sha256(self, folds: Sequence[str]) -> str:
        """Hash of everything that these folds' predictions depend on."""
        digest = hashlib.sha256()
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            for one in threads.map(_sha256, self.files(folds)):
                digest.update(one)
        digest.update(self.effect_of_card)
        return digest.hexdigest()

    @property
    def effect_of_card(self) -> bytes:
        """What of the card changes predictions, for hashes; nothing of an empty card."""
        effect = self.card.effect
        own = json.dumps(effect, sort_keys=True).encode() if effect else b""
        return own + (self.region_model.effect_of_card if self.region_model else b"")


def _sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _find_folder(name_or_folder: str | Path) -> Path:
    """A model's folder; a known name goes before a folder of that name."""
    known = (model for model in find_known_models() if model.name == str(name_or_folder))
    named = next(known, None)
    return named.folder if named else Path(name_or_folder).expanduser().resolve()


def read_model(name_or_folder: str | Path, checkpoint: str | None = None) -> Model:
    """Read and check a model.

    Parameters
    ----------
    name_or_folder : str or Path
        One of `known_models`, such as ``"demo"``, or an nnU-Net model folder.
    checkpoint : str, optional
        Name of the weights' file in each fold, such as ``"checkpoint_best.pth"``; by default
        what the card names, or else ``"checkpoint_final.pth"``.

    Raises
    ------
    ModelError
        The folder is no complete model, or one for something else than one CT.

    Examples
    --------
    >>> from napari_abdoseg.inference.model.model_folder import read_model
    >>> model = read_model("demo")
    >>> model.folds, [organ.name for organ in model.organs]
    (('0', '1', '2', '3', '4'), ['liver', 'kidney', 'spleen', 'pancreas'])
    """
    try:
        folder = _find_folder(name_or_folder)
    except (OSError, RuntimeError, ValueError) as error:
        raise _unreadable(name_or_folder, error) from error
    return read_model_folder(folder, name_or_folder, checkpoint)


def read_model_folder(folder: Path, asked: str | Path = "", checkpoint: str | None = None) -> Model:
    """Read and check the model in this very folder; see `read_model`.

    Parameters
    ----------
    folder : Path
        Links on the way to it are not followed, so that it stays beside its first stage.
    asked : str or Path, optional
        What it was asked for as, for a sentence; the folder by default.
    checkpoint : str, optional
    """
    model = read_stage_folder(folder, asked, checkpoint)
    _require_ct_or_consent(model)
    return model


def read_stage_folder(folder: Path, asked: str | Path = "", checkpoint: str | None = None) -> Model:
    """The same of a model that works for another one, whose card says which scans both take."""
    if checkpoint is not None and FOLDERS.intersection(checkpoint):
        raise ModelError(f"{checkpoint!r} is no name of a checkpoint: leave out its folder.")
    try:
        _require_folder(folder, asked or folder)
        stamps = tuple(FileStamp.of(folder / name) for name in (*DESCRIPTIONS, CARD, QUALITY))
        dataset, plans = (_read(folder / name) for name in DESCRIPTIONS)
        card, quality = read_card(folder), read_quality(folder)
        folds = _find_folds(folder)
        model = Model(
            *(name_of(folder), folder, dataset, plans, folds, stamps, card, checkpoint),
            quality=quality,
        )
        _require_checkpoint(model)
    except (OSError, RuntimeError, ValueError) as error:
        raise _unreadable(asked or folder, error) from error
    _require_one_channel(model)
    _require_channels_planned(model)
    _require_mergeable(model)
    return _with_region_model(_with_presumed_axes(model))


def _require_mergeable(model: Model) -> None:
    """Require that the card merges organs that there are, each once, to one of a new name."""
    organs = {organ.name for organ in model.described.organs}
    merged = [name for names in model.card.merged.values() for name in names]
    kept = organs.difference(merged)
    wrong = [name for name in merged if name not in organs or merged.count(name) > 1]
    wrong += [name for name in model.card.merged if name in kept]
    if wrong:
        raise ModelError(
            f"{model.folder / CARD} merges {wrong[0]}, and of the organs in dataset.json beside it "
            "each can be merged once, to one by another name: correct it, or remove the file."
        )


def _with_region_model(model: Model) -> Model:
    """A model with the one that finds where it looks, if its card names one."""
    region = model.card.region
    if region is None:
        return model
    folder = model.folder / region.model
    if not folder.is_dir():
        raise ModelError(
            f"The model {model.folder} looks where the model {folder} finds organs, and that is "
            "not there: copy the model folder again, with the folder in it."
        )
    finder = read_stage_folder(folder)
    if finder.card.region is not None:
        raise ModelError(
            f"The model {folder} finds where another one looks, and its own {CARD} names a region, "
            "too: remove that from the file."
        )
    names = [organ.name for organ in finder.organs]
    unknown = [name for name in region.organs or () if name not in names]
    if unknown:
        raise ModelError(
            f"{model.folder / CARD} names the region of {unknown[0]}, and the model {folder} finds "
            f"{', '.join(names)}: correct it, or remove the file."
        )
    return replace(model, region_model=replace(finder, name=f"{model.name}/{region.model}"))


def _with_presumed_axes(model: Model) -> Model:
    """A model of TotalSegmentator's with the axes that it expects, where its card names none."""
    if model.card.names_axes or not model.is_of_totalsegmentator:
        return model
    return replace(model, card=model.card.with_axes("RAS"))


def _unreadable(asked: str | Path, error: Exception) -> ModelError:
    return ModelError(f"The model folder {str(asked)!r} can't be read ({error}): choose another.")


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        below = sorted(found.parent for found in path.parent.glob(f"*/{path.name}"))
        hint = f", such as {below[0]}" if below else ""
        raise ModelError(
            f"{path.parent} is no nnU-Net model folder: it has no {path.name}. Choose the folder "
            f"that holds dataset.json, plans.json and fold_0{hint}."
        )
    try:
        return read_json(path)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{path} can't be read as JSON ({error}): copy the model folder again."
        ) from error


def require_same_labels(model: Model, other: Model) -> None:
    """Require that two models find the same organs, so that they can work together.

    Raises
    ------
    ModelError
        Names, values, regions or their order differ.
    """
    if _labelling(model) != _labelling(other):
        raise ModelError(
            f"The models {model.folder} and {other.folder} can't work together, since their "
            "labels differ: choose models of the same organs, with the same values and regions "
            "in dataset.json."
        )


def require_same_organs(model: Model, other: Model) -> None:
    """Require that probabilities of two models can be averaged, and mean the same organs.

    Raises
    ------
    ModelError
        See `require_same_labels`; or their cards merge others.
    """
    require_same_labels(model, other)
    if model.organs != other.organs:
        raise ModelError(
            f"The models {model.folder} and {other.folder} can't work together, since their "
            f"{CARD} merge other organs: let both merge the same."
        )


def _labelling(model: Model) -> tuple[Any, Any]:
    """Labels of a model; their order counts where they are regions."""
    labels, order = model.dataset["labels"], model.dataset.get("regions_class_order")
    return (list(labels.items()) if order else labels), order


def _require_folder(folder: Path, asked: str | Path) -> None:
    if folder.is_file():
        raise ModelError(
            f"{folder} is a file, and a model is a folder: install it with `abdoseg models "
            "install` if it is a zip, else unpack it and choose the folder in it that holds "
            "dataset.json, plans.json and fold_0."
        )
    if not folder.is_dir():
        raise ModelError(
            f"There is no model {str(asked)!r}: give a name ({', '.join(known_models())}) or an "
            "nnU-Net model folder; `abdoseg models list` shows those that can be installed."
        )
    older = any(next(folder.glob(f"{below}plans.pkl"), None) for below in ("", "*/"))
    if older and not (folder / "plans.json").exists():
        raise ModelError(
            f"{folder} is a model of nnU-Net v1, which nnU-Net v2 can't load: choose one that "
            "nnU-Net v2 trained."
        )


def _find_folds(folder: Path) -> tuple[str, ...]:
    found = (FOLD.fullmatch(path.name) for path in sorted(folder.glob("fold_*")))
    return tuple(match.group(1) for match in found if match)


def _require_checkpoint(model: Model) -> None:
    if any(model.checkpoint(fold).is_file() for fold in model.folds):
        return
    place = f"fold_{model.folds[0]}" if model.folds else "any folder fold_0, fold_1, ..."
    others = {path.name for path in model.folder.glob("fold_*/*.pth") if path.is_file()}
    advice = "finish its training, or copy the model folder again"
    if others:
        advice += f", or ask for {' or '.join(sorted(others))} by --checkpoint or in its {CARD}"
    raise ModelError(
        f"The model {model.folder} has no {model.named_checkpoint or CHECKPOINT} in {place}: "
        f"{advice}."
    )


def _require_one_channel(model: Model) -> None:
    channels = model.channels
    if len(channels) != 1:
        raise ModelError(
            f"The model {model.folder} takes {len(channels)} input channels "
            f"({', '.join(channels)}), a CT is one: choose a model for CT alone."
        )


def _require_ct_or_consent(model: Model) -> None:
    other = model.other_scan
    if other and model.card.modality is None:
        raise OtherScansError(model.folder, other)


def _require_channels_planned(model: Model) -> None:
    """Require a way to normalise the one channel in each configuration."""
    path = model.folder / "plans.json"
    if "0" not in model.planned.intensities:
        raise ModelError(
            f"{path} has no intensities of channel 0: copy the model folder again, or choose one "
            "that nnU-Net v2 trained."
        )
    for name, configuration in model.planned.configurations.items():
        if len(configuration.normalization_schemes) != 1:
            raise ModelError(
                f"{path} normalises {len(configuration.normalization_schemes)} channels in {name}, "
                "and dataset.json beside it has one: copy the model folder again."
            )
