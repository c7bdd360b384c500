"""Folds that a data set brings, instead of those that nnU-Net would draw.

nnU-Net takes folds from a ``splits_final.json`` beside the preprocessed cases, and draws them case
by case where there is none (``nnUNetTrainer.do_split``). A data set may have such a file, too.
"""

from __future__ import annotations

import shutil
from typing import Any

from napari_abdoseg.errors import DatasetError, TrainingError
from napari_abdoseg.image.files.json_file import read_any_json
from napari_abdoseg.training.conversion.patient_splits import NAME, Splits
from napari_abdoseg.training.conversion.source import listed
from napari_abdoseg.training.raw_dataset import RawDataset
from napari_abdoseg.training.run import Run


def read_splits(dataset: RawDataset) -> Splits | None:
    """The folds that a data set brings; None if it has none.

    Raises
    ------
    DatasetError
        The file can't be understood, or names other cases than there are.
    """
    path = dataset.folder / NAME
    if not path.exists():
        return None
    try:
        splits: Splits = [_checked(fold) for fold in read_any_json(path)]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DatasetError(
            f"{path} is no list of folds with the cases to train on and to validate with (train, "
            "val): mend it, or move it away to have folds drawn by chance."
        ) from error
    known = {case.name for case in dataset.training}
    named = {case for fold in splits for part in fold.values() for case in part}
    if unknown := sorted(named - known):
        raise DatasetError(
            f"{path} names {listed(unknown)}, which {dataset.name} has not: convert the data set "
            "anew, or move the file away to have folds drawn by chance."
        )
    if unused := sorted(known - named):
        raise DatasetError(
            f"{path} has {listed(unused)} in no fold: convert the data set anew, or move the file "
            "away to have folds drawn by chance."
        )
    return splits


def take_over_splits(run: Run) -> None:
    """Have nnU-Net train on the folds that a data set brings, if it does.

    Raises
    ------
    DatasetError
        As `read_splits`.
    TrainingError
        It has fewer of them than are to be trained.
    """
    splits = read_splits(run.folders.dataset)
    if splits is None:
        return
    path = run.folders.dataset.folder / NAME
    if max(run.settings.folds) >= len(splits):
        numbers = ",".join(map(str, range(len(splits))))
        raise TrainingError(
            f"{path} has {len(splits)} folds, and fold {max(run.settings.folds)} is to be "
            f"trained: give --folds {numbers}."
        )
    shutil.copyfile(path, run.folders.preprocessed / NAME)


def _checked(fold: Any) -> dict[str, list[str]]:
    parts = {part: list(map(str, fold[part])) for part in ("train", "val")}
    if not all(parts.values()) or set(parts["train"]) & set(parts["val"]):
        raise ValueError("a part is empty, or a case in both")
    return parts
