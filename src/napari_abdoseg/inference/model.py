"""nnU-Net model folders: what a trained model says of itself.

Reading one loads neither torch nor nnunetv2, so that a folder can be checked
the moment it is chosen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_abdoseg.errors import ModelError
from napari_abdoseg.image.organ import Organ

CHECKPOINT = "checkpoint_final.pth"
PACKAGED = Path(__file__).parent.parent / "models"
"""Model folders that come with the package."""


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
        Folds that have a checkpoint: ``"0"`` to ``"4"``, or ``"all"``.
    """

    name: str
    folder: Path
    dataset: dict[str, Any]
    plans: dict[str, Any]
    folds: tuple[str, ...]

    @property
    def organs(self) -> tuple[Organ, ...]:
        """Foreground labels, by value."""
        order = self.dataset.get("regions_class_order")
        names = [name for name, value in self.dataset["labels"].items() if value not in (0, [0])]
        names = [name for name in names if name != "ignore"]
        values = order if order else [self.dataset["labels"][name] for name in names]
        return tuple(sorted(Organ(int(v), n) for v, n in zip(values, names, strict=True)))

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the input channels."""
        names = self.dataset.get("channel_names") or self.dataset["modality"]
        return tuple(names.values())

    @property
    def description(self) -> str:
        """What the model says of itself in ``dataset.json``."""
        return str(self.dataset.get("description", ""))

    def checkpoint(self, fold: str) -> Path:
        """Weights of a fold."""
        return self.folder / f"fold_{fold}" / CHECKPOINT

    def choose_folds(self, folds: Iterable[int | str] | None = None) -> tuple[str, ...]:
        """The folds asked for, or all.

        Raises
        ------
        ModelError
            A fold has no checkpoint.
        """
        if folds is None:
            return self.folds
        chosen = tuple(dict.fromkeys(str(fold) for fold in folds))
        missing = [fold for fold in chosen if fold not in self.folds]
        if missing or not chosen:
            raise ModelError(
                f"The model {self.folder} has no checkpoint of fold "
                f"{', '.join(missing) or '(none)'}: choose among {', '.join(self.folds)}."
            )
        return chosen

    def files(self, folds: Sequence[str]) -> list[Path]:
        """All that these folds' predictions depend on."""
        descriptions = [self.folder / "dataset.json", self.folder / "plans.json"]
        return [*descriptions, *map(self.checkpoint, folds)]

    def sha256(self, folds: Sequence[str]) -> str:
        """Hash of everything that these folds' predictions depend on."""
        digest = hashlib.sha256()
        for path in self.files(folds):
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()


def models_folder() -> Path:
    """Where models that were trained or copied on this machine are known by their names."""
    import platformdirs

    return platformdirs.user_data_path("napari-abdoseg", appauthor=False) / "models"


def known_models() -> tuple[str, ...]:
    """Names of the models that come with the package, and of those in `models_folder`."""
    return tuple(folder.name for folder in _known_folders())


def _known_folders() -> list[Path]:
    places = [place for place in (PACKAGED, models_folder()) if place.is_dir()]
    return [path for place in places for path in sorted(place.iterdir()) if _is_model(path)]


def _is_model(folder: Path) -> bool:
    return (folder / "dataset.json").is_file() and not folder.name.startswith(".")


def _find_folder(name_or_folder: str | Path) -> Path:
    """A model's folder; a known name goes before a folder of that name."""
    named = [folder for folder in _known_folders() if folder.name == str(name_or_folder)]
    return named[0] if named else Path(name_or_folder).expanduser().resolve()


def read_model(name_or_folder: str | Path) -> Model:
    """Read and check a model.

    Parameters
    ----------
    name_or_folder : str or Path
        One of `known_models`, such as ``"demo"``, or an nnU-Net model folder.

    Raises
    ------
    ModelError
        The folder is no complete model, or one for something else than one CT.
    """
    folder = _find_folder(name_or_folder)
    if not folder.is_dir():
        raise ModelError(
            f"There is no model {str(name_or_folder)!r}: give a name "
            f"({', '.join(known_models())}) or an nnU-Net model folder."
        )
    dataset = _read_json(folder / "dataset.json", ("labels",))
    plans = _read_json(folder / "plans.json", ("configurations", "transpose_forward"))
    model = Model(folder.name, folder, dataset, plans, _find_folds(folder))
    _check_channels(model)
    return model


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


def _labelling(model: Model) -> tuple[Any, Any]:
    """Labels of a model; their order counts where they are regions."""
    labels, order = model.dataset["labels"], model.dataset.get("regions_class_order")
    return (list(labels.items()) if order else labels), order


def _read_json(path: Path, required: tuple[str, ...]) -> dict[str, Any]:
    if not path.is_file():
        below = sorted(found.parent for found in path.parent.glob(f"*/{path.name}"))
        hint = f", such as {below[0]}" if below else ""
        raise ModelError(
            f"{path.parent} is no nnU-Net model folder: it has no {path.name}. Choose the folder "
            f"that holds dataset.json, plans.json and fold_0{hint}."
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{path} can't be read as JSON ({error}): copy the model folder again."
        ) from error
    missing = [key for key in required if key not in content]
    if missing:
        raise ModelError(
            f"{path} has no {' or '.join(missing)!s}: it is not from nnU-Net v2. "
            "Choose a folder that nnU-Net v2 trained."
        )
    return dict(content)


def _find_folds(folder: Path) -> tuple[str, ...]:
    folds = sorted(path.name.removeprefix("fold_") for path in folder.glob("fold_*"))
    damaged = [fold for fold in folds if not (folder / f"fold_{fold}" / CHECKPOINT).is_file()]
    if damaged or not folds:
        place = f"fold_{damaged[0]}" if damaged else "any folder fold_0, fold_1, ..."
        raise ModelError(
            f"The model {folder} has no {CHECKPOINT} in {place}: "
            "finish its training, or copy the model folder again."
        )
    return tuple(folds)


def _check_channels(model: Model) -> None:
    if not (model.dataset.get("channel_names") or model.dataset.get("modality")):
        raise ModelError(f"{model.folder / 'dataset.json'} names no input channel.")
    if len(model.channels) != 1:
        raise ModelError(
            f"The model {model.folder} takes {len(model.channels)} input channels "
            f"({', '.join(model.channels)}), a CT is one: choose a model for CT alone."
        )
