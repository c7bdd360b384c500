"""Names of files, cases and data sets, as nnU-Net has them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.files.file_names import has_image_suffix

ENDING = ".nii.gz"
RAW = "nnUNet_raw"
"""Environment variable with the folder of raw data sets."""
DATASET_NAME = re.compile(r"Dataset(\d{3})_[\w-]+", re.ASCII)

_CHANNEL = re.compile(r"(.+)_(\d{4})", re.DOTALL | re.ASCII)


def split_channel(name: str) -> tuple[str, int | None]:
    """Case and channel of ``case_0001``; no channel without such an ending."""
    found = _CHANNEL.fullmatch(name)
    return (found[1], int(found[2])) if found else (name, None)


def visible_images(folder: Path) -> list[Path]:
    """Files of scans and label maps right in a folder, sorted; none if there is no such folder.

    Names that begin with ``.`` or ``_`` are left out: archives made on a Mac are full
    of them.
    """
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if has_image_suffix(path) and not path.name.startswith((".", "_"))
    )


def called(folder: Path, name: str) -> Path | None:
    """What a folder has of a name, in capital or small letters; None if there is none."""
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return next((path for path in found if path.name.lower() == name.lower()), None)


def dataset_folder(output: Path) -> Path:
    """Where a data set is to be: a bare name lies in ``nnUNet_raw``, where that is set.

    Raises
    ------
    AbdosegError
        The name is not nnU-Net's ``DatasetNNN_Name``, or its number is taken.
    """
    found = DATASET_NAME.fullmatch(output.name)
    if not found:
        raise AbdosegError(
            f"{output.name!r} is no name of a data set for nnU-Net: call it Dataset, three "
            "digits, an underscore and a name, such as Dataset018_AbdominalOrganSegmentation."
        )
    folder = in_raw_folder(output)
    for other in sorted(folder.parent.glob(f"Dataset{found[1]}_*")):
        if other.name != folder.name:
            raise AbdosegError(
                f"The number {found[1]} is taken by {other}: nnU-Net finds data sets by their "
                "number, so choose another."
            )
    return folder


def in_raw_folder(path: Path) -> Path:
    """Where a bare name is looked for: in ``nnUNet_raw``, where that is set."""
    raw = os.environ.get(RAW)
    return Path(raw) / path if raw and path.parent == Path() and path.name else path
