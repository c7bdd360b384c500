"""A data set in nnU-Net's raw format: what ``dataset.json`` and the names of files say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_abdoseg.errors import DatasetError
from napari_abdoseg.image.organ import Organ, number_name, organs_from_names
from napari_abdoseg.training.conversion.label_mapping import BACKGROUND, IGNORE
from napari_abdoseg.training.conversion.naming import split_channel

NEEDED = ("channel_names", "labels", "numTraining", "file_ending")
ENDINGS = (".nii.gz", ".nii")
REORIENTS = "NibabelIOWithReorient"


@dataclass(frozen=True)
class RawCase:
    """Files of a case, whether they are there or not.

    Parameters
    ----------
    name : str
    test : bool
    images : tuple of Path
        A file a channel, of those that were found.
    labels : Path, optional
        Every training case has one.
    """

    name: str
    test: bool
    images: tuple[Path, ...]
    labels: Path | None


@dataclass(frozen=True, eq=False)
class RawDataset:
    """A data set of CTs with labels, and perhaps more of them to test with.

    Parameters
    ----------
    folder : Path
        ``DatasetNNN_Name`` with ``imagesTr``, ``labelsTr`` and ``dataset.json``, and with
        ``imagesTs`` and ``labelsTs`` where there are test cases.
    content : dict
        What ``dataset.json`` says.
    cases : tuple of RawCase
        For training, then for testing, sorted by name.
    """

    folder: Path
    content: dict[str, Any]
    cases: tuple[RawCase, ...]

    @property
    def name(self) -> str:
        """Name by which nnU-Net knows it."""
        return self.folder.name

    @property
    def ending(self) -> str:
        """How names of image and label files end."""
        return str(self.content["file_ending"])

    @property
    def training(self) -> tuple[RawCase, ...]:
        """Cases to train on."""
        return tuple(case for case in self.cases if not case.test)

    @property
    def testing(self) -> tuple[RawCase, ...]:
        """Cases to test with."""
        return tuple(case for case in self.cases if case.test)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels, in order."""
        names = self.content["channel_names"]
        return tuple(str(names[key]) for key in sorted(names, key=int))

    @property
    def organs(self) -> tuple[Organ, ...]:
        """Labels but background and the one that is ignored."""
        single = self._single_labels()
        no_organ = {value for value, name in single.items() if name in (BACKGROUND, IGNORE)}
        values = set(self.values) - no_organ - {0}
        return organs_from_names({value: single.get(value, number_name(value)) for value in values})

    @property
    def values(self) -> tuple[int, ...]:
        """Label values that may occur, in order; a region has several."""
        regions = [value for value in self.content["labels"].values() if not isinstance(value, int)]
        in_regions = (int(value) for region in regions for value in region)
        return tuple(sorted({0, *self._single_labels(), *in_regions}))

    @property
    def reorients(self) -> bool:
        """Whether nnU-Net turns the images to one orientation."""
        return self.content.get("overwrite_image_reader_writer") == REORIENTS

    def strays(self, name: str) -> list[Path]:
        """Files in ``imagesTr`` or another of its folders that belong to no case."""
        used = {path for case in self.cases for path in (*case.images, case.labels)}
        files = _files(self.folder / name)
        return [path for path in files if path not in used]

    def _single_labels(self) -> dict[int, str]:
        labels = self.content["labels"]
        return {value: name for name, value in labels.items() if isinstance(value, int)}


def read_raw_dataset(folder: Path) -> RawDataset:
    """Find the cases of a data set by the names of their files, as nnU-Net does.

    Raises
    ------
    DatasetError
        The folder is no data set in nnU-Net's raw format, or not of NIfTI files.
    """
    folder = folder.expanduser().resolve()
    content = _read_content(folder / "dataset.json")
    listing = content.get("dataset")
    training = _find_cases(folder, "Tr", content) if listing is None else _listed(folder, listing)
    cases = (*training, *_find_cases(folder, "Ts", content))
    dataset = RawDataset(folder, content, cases)
    if not dataset.training:
        raise DatasetError(
            f"{folder} has no images that end with _0000{dataset.ending} in imagesTr: choose a "
            "data set in nnU-Net's raw format, or make one with `abdoseg dataset convert`."
        )
    return dataset


def _read_content(path: Path) -> dict[str, Any]:
    try:
        content = dict(json.loads(path.read_text(encoding="utf-8")))
        missing = [key for key in NEEDED if key not in content]
        _try_numbers(content)
    except FileNotFoundError as error:
        raise DatasetError(
            f"{path.parent} has no dataset.json, so it is no data set of nnU-Net, or its "
            "conversion is not finished: make one with `abdoseg dataset convert`."
        ) from error
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise DatasetError(f"{path} can't be understood ({error}): write it anew.") from error
    if missing:
        raise DatasetError(f"{path} lacks {', '.join(missing)}, which nnU-Net needs: add them.")
    if content["file_ending"] not in ENDINGS:
        raise DatasetError(
            f"{path} has the file ending {content['file_ending']!r}: only data sets of "
            f"{' and '.join(ENDINGS)} files can be read."
        )
    return content


def _try_numbers(content: dict[str, Any]) -> None:
    """Values of labels and numbers of channels must be numbers."""
    for values in content.get("labels", {}).values():
        for value in (values,) if isinstance(values, int) else values:
            int(value)
    for channel in content.get("channel_names", {}):
        int(channel)


def _listed(folder: Path, listing: dict[str, Any]) -> Iterator[RawCase]:
    for name, files in sorted(listing.items()):
        images = tuple(folder / image for image in files["images"])
        yield RawCase(name, False, images, folder / files["label"])


def _find_cases(folder: Path, part: str, content: dict[str, Any]) -> Iterator[RawCase]:
    ending = content["file_ending"]
    images: dict[str, list[Path]] = {}
    for path in _files(folder / f"images{part}"):
        name, channel = split_channel(path.name.removesuffix(ending))
        if path.name.endswith(ending) and channel is not None:
            images.setdefault(name, []).append(path)
    for name, paths in sorted(images.items()):
        labels = folder / f"labels{part}" / f"{name}{ending}"
        known = labels if part == "Tr" or labels.exists() else None
        yield RawCase(name, part == "Ts", tuple(paths), known)


def _files(folder: Path) -> list[Path]:
    """Links to nowhere, too."""
    return sorted(path for path in folder.iterdir() if not path.is_dir()) if folder.is_dir() else []
