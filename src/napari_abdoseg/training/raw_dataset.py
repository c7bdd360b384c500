"""Data sets in nnU-Net's raw format."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_abdoseg.errors import DatasetError

NAME = re.compile(r"Dataset(\d{3})_[\w-]+")


@dataclass(frozen=True, eq=False)
class RawDataset:
    """A data set that nnU-Net can be trained on.

    Parameters
    ----------
    folder : Path
        ``DatasetNNN_Name`` with ``imagesTr``, ``labelsTr`` and ``dataset.json``, and with
        ``imagesTs`` and ``labelsTs`` where there are test cases.
    content : dict
        What ``dataset.json`` says.
    cases : tuple of str
        Names of the training cases.
    """

    folder: Path
    content: dict[str, Any]
    cases: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name by which nnU-Net knows it."""
        return self.folder.name

    @property
    def file_ending(self) -> str:
        """Ending of image and label files."""
        return str(self.content["file_ending"])

    def images(self, case: str) -> list[Path]:
        """Image files of a training case, a channel each."""
        channels = range(len(self.content["channel_names"]))
        folder, ending = self.folder / "imagesTr", self.file_ending
        return [folder / f"{case}_{channel:04}{ending}" for channel in channels]

    def label(self, case: str) -> Path:
        """Label file of a training case."""
        return self.folder / "labelsTr" / f"{case}{self.file_ending}"

    def test_folders(self) -> tuple[Path, Path] | None:
        """Images and labels of the test cases, if there are any of both."""
        images, labels = self.folder / "imagesTs", self.folder / "labelsTs"
        ending = f"*{self.file_ending}"
        return (images, labels) if any(images.glob(ending)) and any(labels.glob(ending)) else None

    def digest(self) -> str:
        """Hash of names and sizes of all training files, and of the labels' meaning."""
        meaning = [self.content["labels"], self.content["channel_names"]]
        files = [path for case in self.cases for path in (*self.images(case), self.label(case))]
        sizes = [(path.name, path.stat().st_size) for path in files]
        return hashlib.sha256(json.dumps([meaning, sizes]).encode()).hexdigest()


def read_raw_dataset(folder: Path) -> RawDataset:
    """Read and check a data set's folder; its images are not opened.

    Raises
    ------
    DatasetError
        It is not in nnU-Net's raw format, or files are missing or too many.
    """
    folder = folder.expanduser().resolve()
    if not NAME.fullmatch(folder.name):
        raise DatasetError(
            f"{folder} is not named as nnU-Net names data sets: rename it to something like "
            "Dataset018_AbdominalOrgans."
        )
    content = _read_content(folder)
    labels = _names(folder / "labelsTr", content["file_ending"])
    dataset = RawDataset(folder, content, tuple(sorted(labels)))
    missing = [path for case in dataset.cases for path in dataset.images(case) if not path.exists()]
    if missing:
        raise DatasetError(
            f"{len(missing)} images of {folder.name} are missing, the first is {missing[0]}: add "
            "them, or remove the labels of their cases."
        )
    images = {name.rpartition("_")[0] for name in _names(folder / "imagesTr", dataset.file_ending)}
    unlabelled = sorted(images - set(dataset.cases))
    if unlabelled:
        raise DatasetError(
            f"{len(unlabelled)} training cases of {folder.name} have no label, the first is "
            f"{unlabelled[0]}: add labels to {folder / 'labelsTr'}, or remove their images."
        )
    if len(dataset.cases) < 2:
        raise DatasetError(f"{folder} has {len(dataset.cases)} training cases: add more.")
    return dataset


def _read_content(folder: Path) -> dict[str, Any]:
    path = folder / "dataset.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DatasetError(
            f"{folder} has no dataset.json: convert the data with `abdoseg dataset convert`."
        ) from error
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} can't be read as JSON ({error}): write it again.") from error
    missing = [key for key in ("channel_names", "labels", "file_ending") if key not in content]
    if missing:
        raise DatasetError(
            f"{path} has no {', '.join(missing)}: write it as nnU-Net v2 asks for, or convert the "
            "data again."
        )
    return dict(content)


def _names(folder: Path, ending: str) -> list[str]:
    """Names of files without their ending."""
    files = folder.glob(f"*{ending}") if folder.is_dir() else ()
    return [path.name.removesuffix(ending) for path in files if not path.name.startswith(".")]
