"""A data set in nnU-Net's raw format: what ``dataset.json`` and the names of files say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_abdoseg.errors import DatasetError
from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.image.names.label_table import IGNORE
from napari_abdoseg.image.organ import Organ, number_name, organs_from_names
from napari_abdoseg.training.conversion.naming import split_channel

NEEDED = ("channel_names", "labels", "numTraining", "file_ending")
ENDINGS = (".nii.gz", ".nii", ".nrrd", ".mha")
"""Of files that nnU-Net reads and we too."""
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
        single = {values[0]: name for name, values in self._values.items() if len(values) == 1}
        values = set(self.learnt_values) - {0}
        return organs_from_names({value: single.get(value, number_name(value)) for value in values})

    @property
    def values(self) -> tuple[int, ...]:
        """Label values that may occur, in order; a region has several."""
        return tuple(sorted({0, *(value for each in self._values.values() for value in each)}))

    @property
    def learnt_values(self) -> tuple[int, ...]:
        """The same without the one that is ignored."""
        learnt = (each for name, each in self._values.items() if name != IGNORE)
        return tuple(sorted({0, *(value for each in learnt for value in each)}))

    @property
    def has_regions(self) -> bool:
        """Whether nnU-Net learns regions, since one of them has several labels."""
        entries = self.content["labels"].values()
        return any(isinstance(entry, list) and len(entry) > 1 for entry in entries)

    @property
    def regions(self) -> dict[str, tuple[int, ...]]:
        """Values of each region, in nnU-Net's order; a background in quotes is one to it."""
        labels = self.content["labels"]
        return {
            name: values
            for name, values in self._values.items()
            if name != IGNORE and (set(values) != {0} or isinstance(labels[name], str))
        }

    @property
    def reader(self) -> Any:
        """Name of nnU-Net's reader, if it is not left to nnU-Net."""
        reader = self.content.get("overwrite_image_reader_writer")
        return None if reader == "None" else reader

    @property
    def reorients(self) -> bool:
        """Whether nnU-Net turns the images to one orientation."""
        return bool(self.reader == REORIENTS)

    def strays(self, name: str) -> list[Path]:
        """Files in ``imagesTr`` or another of its folders that belong to no case."""
        used = {path for case in self.cases for path in (*case.images, case.labels)}
        files = _files(self.folder / name)
        return [path for path in files if path not in used]

    @property
    def _values(self) -> dict[str, tuple[int, ...]]:
        return {name: values_of(entry) for name, entry in self.content["labels"].items()}


def values_of(entry: Any) -> tuple[int, ...]:
    """Values of a label or region in ``dataset.json``, numbers or text as nnU-Net takes them.

    Raises
    ------
    ValueError, TypeError
        It has none, or one that is not whole.
    """
    values = tuple(map(int, entry)) if isinstance(entry, list) else (int(entry),)
    if any(isinstance(part, float) and part != int(part) for part in _parts(entry)):
        raise ValueError(f"{entry!r} is no whole number")
    if not values:
        raise ValueError("a region has no label")
    return values


def _parts(entry: Any) -> list[Any]:
    return entry if isinstance(entry, list) else [entry]


def read_raw_dataset(folder: Path) -> RawDataset:
    """Find the cases of a data set by the names of their files, as nnU-Net does.

    Raises
    ------
    DatasetError
        The folder is no data set in nnU-Net's raw format, or not of files that we read.

    Examples
    --------
    >>> import json
    >>> from pathlib import Path
    >>> from napari_abdoseg import make_phantom, write_labels
    >>> from napari_abdoseg.image.nifti import write_volume
    >>> from napari_abdoseg.training.raw_dataset import read_raw_dataset
    >>> folder = Path("Dataset001_Liver")
    >>> for part in ("imagesTr", "labelsTr"):
    ...     (folder / part).mkdir(parents=True)
    >>> volume, labels = make_phantom(1, (12.0, 10.0, 10.0))
    >>> write_volume(folder / "imagesTr" / "case1_0000.nii.gz", volume)
    >>> write_labels(folder / "labelsTr" / "case1.nii.gz", labels)
    >>> description = {
    ...     "channel_names": {"0": "CT"},
    ...     "labels": {"background": 0, "liver": 1, "kidney": 2, "spleen": 3, "pancreas": 4},
    ...     "numTraining": 1,
    ...     "file_ending": ".nii.gz",
    ... }
    >>> written = (folder / "dataset.json").write_text(json.dumps(description))
    >>> [case.name for case in read_raw_dataset(folder).training]
    ['case1']
    """
    folder = Path(os.path.realpath(folder.expanduser()))
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
        content = read_json(path)
        missing = [key for key in NEEDED if key not in content]
        _try_numbers(content)
    except FileNotFoundError as error:
        raise DatasetError(
            f"{path.parent} has no dataset.json, so it is no data set of nnU-Net, or its "
            "conversion is not finished: make one with `abdoseg dataset convert`."
        ) from error
    except (OSError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise DatasetError(f"{path} can't be understood ({error}): write it anew.") from error
    if missing:
        raise DatasetError(f"{path} lacks {', '.join(missing)}, which nnU-Net needs: add them.")
    if content["file_ending"] not in ENDINGS:
        raise DatasetError(
            f"{path} has the file ending {content['file_ending']!r}: only data sets of "
            f"{', '.join(ENDINGS[:-1])} or {ENDINGS[-1]} files can be read."
        )
    return content


def _try_numbers(content: dict[str, Any]) -> None:
    """Values of labels and numbers of channels must be numbers, and there must be a channel."""
    for entry in content.get("labels", {}).values():
        values_of(entry)
    channels = content.get("channel_names", {"0": ""})
    for channel in channels:
        int(channel)
    if not channels or not isinstance(channels, dict):
        raise ValueError("it names no channel")


def _listed(folder: Path, listing: Any) -> tuple[RawCase, ...]:
    """Cases that ``dataset.json`` lists with their files, in which nnU-Net fills in variables."""
    try:
        return tuple(
            RawCase(
                name,
                False,
                tuple(folder / os.path.expandvars(image) for image in files["images"]),
                folder / os.path.expandvars(files["label"]),
            )
            for name, files in sorted(listing.items())
        )
    except (AttributeError, TypeError, KeyError) as error:
        raise DatasetError(
            f"{folder / 'dataset.json'} does not list 'images' and 'label' of each case under "
            "'dataset': mend the list, or take it out and use imagesTr and labelsTr."
        ) from error


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
