"""Folders with a binary file an organ, as TotalSegmentator writes them: one label map a folder."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.files.file_names import stem
from napari_abdoseg.image.names.organ_spelling import organ_key, organ_of_file
from napari_abdoseg.image.names.published_schemes import TOTALSEGMENTATOR
from napari_abdoseg.image.nifti.volumes import AnyPath, is_image_file, read_labels
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap

MASKS = "segmentations"
"""What TotalSegmentator calls the folder of a case's masks."""

_SCAN = re.compile(r"(ct|image|imaging|img|scan|volume)(_0000)?", re.IGNORECASE)


def organ_files(folder: Path) -> dict[str, Path]:
    """The file of each organ, by its name; none where the folder is of something else.

    All NIfTI files but a scan must be called as different organs of one case, and be two or
    more, except in a folder ``segmentations``: there one will do, and a name that is no
    organ's is taken as it is.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if is_image_file(path))
    except OSError:
        return {}
    paths = [path for path in paths if not _SCAN.fullmatch(stem(path))]
    of_one_case = folder.name.lower() == MASKS
    found = [organ_of_file(stem(path)) for path in paths]
    if of_one_case:
        organs = [organ or stem(path).replace("_", " ") for path, (_, organ) in zip(paths, found)]
    else:
        organs = [organ for _, organ in found if organ]
    whole = len(organs) == len(paths) == len(set(organs))
    enough = len(paths) > 1 or (of_one_case and paths)
    one_case = of_one_case or len({case for case, _ in found}) == 1
    return dict(zip(organs, paths)) if whole and enough and one_case else {}


def masks_folder(folder: Path) -> Path | None:
    """Where the masks of a case lie: in a folder itself, or in its ``segmentations``."""
    return next((each for each in (folder / MASKS, folder) if organ_files(each)), None)


def name_of_case(masks: Path) -> str:
    """The case of a folder of masks, which is called by the folder it lies in."""
    masks = masks.absolute()
    return masks.parent.name if masks.name.lower() == MASKS else masks.name


def read_label_map(path: AnyPath, organs: Iterable[Organ] = ()) -> LabelMap:
    """Read a label map from a file, or from a folder of a binary file an organ.

    Parameters
    ----------
    path : path-like
    organs : iterable of Organ, optional
        See `read_labels`. Files of one organ have its name, whatever is said.

    Raises
    ------
    ImageError
        As `read_labels`, and for a folder: it has no files of organs, one of them holds
        several labels, or they are not on one grid.
    """
    path = Path(path)
    return _read_files(path) if path.is_dir() else read_labels(path, organs)


def _read_files(folder: Path) -> LabelMap:
    """Bring masks together: a voxel of several organs belongs to the smallest of them."""
    files = organ_files(folder)
    if not files:
        raise ImageError(
            f"{folder} is a folder without a file an organ, such as liver.nii.gz: choose a label "
            "map, or a folder of such files."
        )
    values = _values(files)
    first = None
    sizes = np.zeros(max(values.values()) + 1, dtype=np.int64)
    shared = 0
    for name in sorted(files, key=lambda name: values[name]):
        mask = _read_mask(files[name], name)
        if first is None:
            first = mask
            merged = np.zeros(mask.data.shape, dtype=np.min_scalar_type(len(sizes) - 1))
        if not mask.grid.matches(first.grid):
            raise ImageError(
                f"{mask.path} is not on the grid of {first.path}: masks of a case must have one "
                "shape and affine; make them again."
            )
        inside = mask.data > 0
        there = merged[inside]
        sizes[values[name]] = size = len(there)
        shared += int(np.count_nonzero(there))
        merged[inside] = np.where((there == 0) | (sizes[there] > size), values[name], there)
    assert first is not None
    words = [f"It is made of {len(files)} files of one organ each, named as they are called."]
    if shared:
        words.append(
            f"{shared} voxels belong to more than one organ; the smallest of these has them."
        )
    organs = tuple(sorted(Organ(value, name) for name, value in values.items()))
    notices = (*first.notices, *words)
    return LabelMap(merged, first.grid, organs, folder, notices, naming=tuple(words))


def _read_mask(path: Path, name: str) -> LabelMap:
    mask = read_labels(path, [Organ(1, name)])
    others = [organ.value for organ in mask.organs if organ.value != 1]
    if len(others) > 1 or (others and (mask.data == 1).any()):
        raise ImageError(
            f"{path} has other values than 0 and one more ({', '.join(map(str, others[:5]))}): it "
            "is no mask of one organ."
        )
    return mask


def _values(names: Iterable[str]) -> dict[str, int]:
    """Values of organs: TotalSegmentator's where it has them all the same, others after these."""
    known = {organ_key(organ.name): organ.value for organ in TOTALSEGMENTATOR.organs}
    named = {name: known[organ_key(name)] for name in names if organ_key(name) in known}
    others = sorted(name for name in names if name not in named)
    return named | {name: value for value, name in enumerate(others, start=len(known) + 1)}
