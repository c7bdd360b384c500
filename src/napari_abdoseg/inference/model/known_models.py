"""Models that are known by name: packaged, installed, and where other programs keep theirs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGED = Path(__file__).parent.parent.parent / "models"
"""Model folders that come with the package."""
OWN_FOLDER = "ABDOSEG_MODELS"
"""Environment variable that moves `models_folder`."""
NNUNET_RESULTS = "nnUNet_results"
"""That of nnU-Net, with its trained models."""

DATASET = "Dataset"
"""How names of nnU-Net's folders of data sets begin."""


@dataclass(frozen=True)
class KnownModel:
    """A model that needs no path.

    Parameters
    ----------
    name : str
        What it is asked for as: that of its folder, below that of its data set where
        nnU-Net or TotalSegmentator keeps it.
    folder : Path
    place : str
        Who keeps it: ``"package"``, ``"installed"``, ``"nnU-Net"`` or
        ``"TotalSegmentator"``.
    """

    name: str
    folder: Path
    place: str


def models_folder() -> Path:
    """Where models that were trained or installed on this machine are known by their names."""
    import platformdirs

    if moved := os.environ.get(OWN_FOLDER):
        return Path(moved).expanduser().absolute()
    return platformdirs.user_data_path("napari-abdoseg", appauthor=False) / "models"


def totalsegmentator_folder() -> Path:
    """Where TotalSegmentator keeps the weights that it has downloaded.

    As its ``config.py`` says: https://github.com/wasserth/TotalSegmentator
    """
    if weights := os.environ.get("TOTALSEG_WEIGHTS_PATH"):
        return Path(weights).expanduser().absolute()
    home = os.environ.get("TOTALSEG_HOME_DIR") or "~/.totalsegmentator"
    return Path(home).expanduser().absolute() / "nnunet" / "results"


def find_known_models() -> tuple[KnownModel, ...]:
    """All models that are known by name; the first of a name is the one that it stands for."""
    results = os.environ.get(NNUNET_RESULTS)
    found = [
        *_models_in(PACKAGED, "package"),
        *_models_in(models_folder(), "installed"),
        *(_trained_in(Path(results), "nnU-Net") if results else ()),
        *_trained_in(totalsegmentator_folder(), "TotalSegmentator"),
    ]
    first: dict[str, KnownModel] = {}
    for model in found:
        first.setdefault(model.name, model)
    return tuple(first.values())


def name_of(folder: Path) -> str:
    """Name of the model in a folder; where nnU-Net named that, with the data set before it."""
    dataset = folder.parent.name
    of_nnunet = folder.name.count("__") == 2 and dataset.startswith(DATASET)
    return f"{dataset}/{folder.name}" if of_nnunet else folder.name


def is_of_totalsegmentator(folder: Path, dataset_name: str) -> bool:
    """Whether TotalSegmentator keeps a model, or it was trained on its data set."""
    place = totalsegmentator_folder().resolve()
    return place in folder.resolve().parents or "totalseg" in dataset_name.casefold()


def known_models() -> tuple[str, ...]:
    """Names of the models of `find_known_models`."""
    return tuple(model.name for model in find_known_models())


def _models_in(place: Path, keeper: str) -> Iterator[KnownModel]:
    for folder in _folders(place):
        if _is_model(folder):
            yield KnownModel(folder.name, folder, keeper)


def _trained_in(place: Path, keeper: str) -> Iterator[KnownModel]:
    """Models as nnU-Net leaves them: ``Dataset001_Name/TRAINER__PLANS__CONFIGURATION``."""
    for dataset in _folders(place):
        if not dataset.name.startswith(DATASET):
            continue
        for folder in _folders(dataset):
            if folder.name.count("__") == 2 and _is_trained(folder):
                yield KnownModel(name_of(folder), folder, keeper)


def _folders(place: Path) -> list[Path]:
    """Folders in one, by name; none where it can't be looked into."""
    try:
        return sorted(path for path in place.iterdir() if path.is_dir())
    except OSError:
        return []


def _is_model(folder: Path) -> bool:
    return (folder / "dataset.json").is_file() and not folder.name.startswith(".")


def _is_trained(folder: Path) -> bool:
    """Whether a folder of nnU-Net's has weights, and not only a training that was begun."""
    return _is_model(folder) and any(folder.glob("fold_*/checkpoint_*.pth"))
