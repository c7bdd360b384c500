"""A data set in nnU-Net's raw format, as its files say it is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.organ import Organ, number_name, organs_from_names
from napari_abdoseg.training.conversion.label_mapping import BACKGROUND, IGNORE
from napari_abdoseg.training.conversion.naming import split_channel

NEEDED = ("labels", "channel_names", "numTraining", "file_ending")
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
        A file a channel.
    labels : Path, optional
        Every training case has one.
    """

    name: str
    test: bool
    images: tuple[Path, ...]
    labels: Path | None


@dataclass(frozen=True)
class RawDataset:
    """What ``dataset.json`` and the names of files say.

    Parameters
    ----------
    folder : Path
    channels : tuple of str
    organs : tuple of Organ
        Labels but background and the one that is ignored.
    values : tuple of int
        Label values that may occur, in order.
    cases : tuple of RawCase
        For training, then for testing, sorted by name.
    ending : str
        How names of files end.
    stated : int
        How many training cases ``dataset.json`` says there are.
    has_background : bool
        It names the background.
    reorients : bool
        nnU-Net turns the images to one orientation.
    """

    folder: Path
    channels: tuple[str, ...]
    organs: tuple[Organ, ...]
    values: tuple[int, ...]
    cases: tuple[RawCase, ...]
    ending: str
    stated: int
    has_background: bool
    reorients: bool


def read_dataset(folder: Path) -> RawDataset:
    """Find the cases of a data set by the names of their files.

    Raises
    ------
    AbdosegError
        The folder is no data set in nnU-Net's raw format, or not of NIfTI files.
    """
    description = _description(folder / "dataset.json")
    ending = description["file_ending"]
    channels = description["channel_names"]
    training = _cases(folder, "Tr", ending, description.get("dataset"))
    testing = _cases(folder, "Ts", ending)
    if not training:
        raise AbdosegError(
            f"{folder} has no images that end with _0000{ending} in imagesTr: choose a data set in "
            "nnU-Net's raw format, or make one with abdoseg dataset convert."
        )
    names, values = _labels(description["labels"])
    return RawDataset(
        folder,
        tuple(str(channels[key]) for key in sorted(channels, key=int)),
        organs_from_names(names),
        values,
        (*training, *testing),
        ending,
        description["numTraining"],
        BACKGROUND in description["labels"],
        description.get("overwrite_image_reader_writer") == REORIENTS,
    )


def _description(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        missing = [key for key in NEEDED if key not in found]
        _labels(found.get("labels", {}))
        [int(key) for key in found.get("channel_names", {})]
    except FileNotFoundError as error:
        raise AbdosegError(
            f"{path.parent} has no dataset.json, so it is no data set of nnU-Net, or its "
            "conversion is not finished: make one with abdoseg dataset convert."
        ) from error
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise AbdosegError(f"{path} can't be understood ({error}): write it anew.") from error
    if missing:
        raise AbdosegError(f"{path} lacks {', '.join(missing)}, which nnU-Net needs: add them.")
    if found["file_ending"] not in ENDINGS:
        raise AbdosegError(
            f"{path} has the file ending {found['file_ending']!r}: only data sets of "
            f"{' and '.join(ENDINGS)} files can be checked."
        )
    return dict(found)


def _labels(labels: dict[str, Any]) -> tuple[dict[int, str], tuple[int, ...]]:
    """Names of organs by value, and all values; a region has several values."""
    single = {int(value): name for name, value in labels.items() if isinstance(value, int)}
    regions = [value for value in labels.values() if not isinstance(value, int)]
    values = {0, *single, *(int(value) for region in regions for value in region)}
    no_organ = {0, *(value for value, name in single.items() if name in (BACKGROUND, IGNORE))}
    names = {value: single.get(value, number_name(value)) for value in values - no_organ}
    return names, tuple(sorted(values))


def _cases(
    folder: Path, kind: str, ending: str, listing: dict[str, Any] | None = None
) -> tuple[RawCase, ...]:
    if listing is not None:
        return tuple(
            RawCase(
                name,
                False,
                tuple(folder / image for image in files["images"]),
                folder / files["label"],
            )
            for name, files in sorted(listing.items())
        )
    channels: dict[str, list[Path]] = {}
    for path in _with_ending(folder / f"images{kind}", ending):
        name, channel = split_channel(path.name.removesuffix(ending))
        if channel is not None:
            channels.setdefault(name, []).append(path)
    return tuple(
        RawCase(name, kind == "Ts", tuple(images), _label(folder, kind, name + ending))
        for name, images in sorted(channels.items())
    )


def _label(folder: Path, kind: str, name: str) -> Path | None:
    """A training case must have a label map; one for testing may."""
    path = folder / f"labels{kind}" / name
    return path if kind == "Tr" or path.exists() else None


def _with_ending(folder: Path, ending: str) -> list[Path]:
    """Files as nnU-Net finds them."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.name.endswith(ending))
