"""AbdomenCT-1K as it is released.

Ma et al., IEEE TPAMI 44 (2022); https://github.com/JunMa11/AbdomenCT-1K. Its archives
unpack to ``AbdomenCT-1K-ImagePart1`` to ``3`` with ``Case_00001_0000.nii.gz`` and ``Mask``
with ``Case_00001.nii.gz``, at times in a folder of the same name. Which cases are for
testing comes as a list.
"""

from __future__ import annotations

import re
from pathlib import Path

from napari_abdoseg.image.files.file_names import stem
from napari_abdoseg.image.names.published_schemes import scheme_values
from napari_abdoseg.training.conversion.pairing import pair
from napari_abdoseg.training.conversion.source import Source

NAME = "abdomenct1k"
LAYOUT = "images Case_00001_0000.nii.gz and masks Case_00001.nii.gz, in any folders"
SCHEME = scheme_values("abdomenct1k")
ABOUT = {
    "name": "AbdomenCT-1K",
    "reference": "https://github.com/JunMa11/AbdomenCT-1K",
}

_IMAGE = re.compile(r"Case_\d{5}_0000")
_MASK = re.compile(r"Case_\d{5}")


def fits(folder: Path, labels: Path | None) -> bool:
    """Whether the folder is laid out so, and has no labels of its own naming."""
    if (folder / "dataset.json").exists():
        return False
    return bool(_found(folder, _IMAGE) and _found(labels or folder, _MASK))


def read(folder: Path, labels: Path | None) -> Source:
    """Find images and masks, however deep they lie."""
    paired = pair(_found(folder, _IMAGE), _found(labels or folder, _MASK))
    return Source(NAME, folder, paired.cases, SCHEME, orphans=paired.orphans, about=ABOUT)


def _found(folder: Path, pattern: re.Pattern[str]) -> list[Path]:
    return sorted(path for path in folder.rglob("Case_*.nii.gz") if pattern.fullmatch(stem(path)))
