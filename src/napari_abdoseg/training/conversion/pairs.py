"""Plain pairs: a folder of images and one of label maps.

Either two folders are given, or one with ``images`` and ``labels``, or ``imagesTr`` and
``labelsTr`` with ``imagesTs`` and ``labelsTs``, or ``imagesVa`` and ``labelsVa``, where there are
test cases. Names of labels
are taken from a ``dataset.json`` in or above the folder of labels.
"""

from __future__ import annotations

from pathlib import Path

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.image.names.label_table import whole
from napari_abdoseg.training.conversion.naming import visible_images
from napari_abdoseg.training.conversion.pairing import pair
from napari_abdoseg.training.conversion.source import Source

NAME = "pairs"
LAYOUT = "folders images and labels, or imagesTr and labelsTr, or a folder of images and --labels"
FOLDERS = (("images", "labels"), ("imagesTr", "labelsTr"))
TEST_FOLDERS = (("imagesVa", "labelsVa"), ("imagesTs", "labelsTs"))


def fits(folder: Path, labels: Path | None) -> bool:
    """Whether the folder is laid out so."""
    images, known = _folders(folder, labels)
    return bool(visible_images(images) and visible_images(known))


def read(folder: Path, labels: Path | None) -> Source:
    """Find images and their label maps.

    Raises
    ------
    AbdosegError
        A ``dataset.json`` can't be understood, or names do not match one to one.
    """
    images, known = _folders(folder, labels)
    paired = pair(visible_images(images), visible_images(known))
    tested = [
        pair(visible_images(folder / images), visible_images(folder / truth), test=True)
        for images, truth in TEST_FOLDERS
    ]
    scheme, channels = _named(known)
    if not channels and all(len(case.images) == 1 for case in paired.cases):
        channels = ("CT",)
    cases = [case for each in (paired, *tested) for case in each.cases]
    orphans = tuple(path for each in (paired, *tested) for path in each.orphans)
    return Source(NAME, folder, tuple(cases), scheme, channels, orphans)


def _folders(folder: Path, labels: Path | None) -> tuple[Path, Path]:
    for images, known in FOLDERS:
        if (folder / images).is_dir():
            return folder / images, labels or folder / known
    return folder, labels or folder / "labels"


def _named(labels: Path) -> tuple[dict[str, int], tuple[str, ...]]:
    """Values of labels and names of channels in a ``dataset.json``, if there is one."""
    for file in (labels / "dataset.json", labels.parent / "dataset.json"):
        if file.is_file():
            return _read_names(file)
    return {}, ()


def _read_names(file: Path) -> tuple[dict[str, int], tuple[str, ...]]:
    try:
        description = read_json(file)
        scheme = {name: whole(value) for name, value in description["labels"].items()}
        channels = description.get("channel_names", {})
        names = tuple(str(channels[key]) for key in sorted(channels, key=int))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise AbdosegError(
            f"{file} gives no whole number for each label under 'labels' (regions of several "
            "labels can't be converted): mend it, or move it away and name labels with --map."
        ) from error
    return {name: value for name, value in scheme.items() if value}, names
