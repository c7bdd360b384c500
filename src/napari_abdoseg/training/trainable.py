"""What a data set must have before a training begins with it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from napari_abdoseg.errors import DatasetError
from napari_abdoseg.training.checking.description_problems import description_problems
from napari_abdoseg.training.conversion.naming import DATASET_NAME
from napari_abdoseg.training.raw_dataset import RawDataset, read_raw_dataset
from napari_abdoseg.training.splits import read_splits


def read_trainable(folder: Path) -> RawDataset:
    """Read a data set that can be trained on; its images are not opened.

    Raises
    ------
    DatasetError
        It is not in nnU-Net's raw format, nnU-Net refuses its ``dataset.json``, files of
        training cases are missing or too many, or the folds that it brings can't be used.
    """
    dataset = read_raw_dataset(folder)
    if not DATASET_NAME.fullmatch(dataset.name):
        raise DatasetError(
            f"{dataset.folder} is not named as nnU-Net names data sets: rename it to something "
            "like Dataset018_AbdominalOrgans."
        )
    for problem in description_problems(dataset):
        if problem.ruins:
            raise DatasetError(f"{dataset.folder} can't be trained on. {problem.message}")
    read_splits(dataset)
    _require_images(dataset)
    unlabelled = [case.name for case in dataset.training if not (case.labels or Path()).is_file()]
    if unlabelled:
        raise DatasetError(
            f"{len(unlabelled)} training cases of {dataset.name} have no label, the first is "
            f"{unlabelled[0]}: add labels to {dataset.folder / 'labelsTr'}, or remove their images."
        )
    if len(dataset.training) < 2:
        raise DatasetError(
            f"{dataset.folder} has {len(dataset.training)} training cases: add more."
        )
    return dataset


def _require_images(dataset: RawDataset) -> None:
    """Every channel of every case, and no label without an image."""
    missing = []
    for case in dataset.training:
        if "dataset" in dataset.content:
            missing += [path.name for path in case.images if not path.is_file()]
            continue
        found = {path.name for path in case.images if path.is_file()}
        wanted = [f"{case.name}_{n:04}{dataset.ending}" for n in range(len(dataset.channels))]
        missing += [name for name in wanted if name not in found]
    labels = (path.name for path in dataset.strays("labelsTr"))
    missing += [
        f"{name.removesuffix(dataset.ending)}_0000{dataset.ending}"
        for name in labels
        if name.endswith(dataset.ending) and not name.startswith(".")
    ]
    if missing:
        raise DatasetError(
            f"{len(missing)} images of {dataset.name} are missing, the first is {missing[0]}: add "
            f"them to {dataset.folder / 'imagesTr'}, or remove the labels of their cases."
        )


def digest_of(dataset: RawDataset) -> str:
    """Hash of names and sizes of all training files, of the labels' meaning and of own folds."""
    meaning = [dataset.content["labels"], dataset.content["channel_names"]]
    if splits := read_splits(dataset):
        meaning.append(splits)
    files = [path for case in dataset.training for path in (*case.images, case.labels) if path]
    sizes = [(path.name, path.stat().st_size) for path in files]
    return hashlib.sha256(json.dumps([meaning, sizes]).encode()).hexdigest()
