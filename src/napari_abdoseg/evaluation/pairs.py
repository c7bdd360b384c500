"""Predictions and the references that they are compared with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.errors import AbdosegError, ImageError
from napari_abdoseg.image.files.file_names import has_image_suffix, stem
from napari_abdoseg.image.nifti.volumes import AnyPath, case_name, image_files
from napari_abdoseg.image.organ_files import masks_folder, name_of_case

_OF_A_CASE = re.compile(
    r"segmentations?|seg|labels?|masks?|combined_labels|aggregated_MAJ_seg", re.IGNORECASE
)
"""How a label map is called that lies with its scan in the folder of a case, as in KiTS."""


@dataclass(frozen=True)
class Pair:
    """A case's two label maps.

    Parameters
    ----------
    case : str
        As nnU-Net names it: ``case`` for ``case_0000.nii.gz`` and ``case.nii.gz``.
    prediction, reference : Path
        Files, or folders of a file an organ.
    """

    case: str
    prediction: Path
    reference: Path


@dataclass(frozen=True)
class Pairing:
    """What two folders have in common.

    Parameters
    ----------
    pairs : tuple of Pair
        Sorted by case.
    missing : tuple of str
        Cases that have a reference and no prediction.
    surplus : tuple of str
        Cases that have a prediction and no reference.
    """

    pairs: tuple[Pair, ...]
    missing: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()


def find_pairs(predictions: AnyPath, references: AnyPath) -> Pairing:
    """Pair the label maps of two folders by the name of their case, or two files.

    A folder of a binary file an organ is the label map of one case.

    Raises
    ------
    AbdosegError
        A folder is empty or has a case twice, no case is in both, or a file is to be
        compared with a folder.
    """
    prediction, reference = Path(predictions), Path(references)
    if prediction.is_file() and reference.is_file():
        return Pairing((Pair(case_name(reference), prediction, reference),))
    if single := _single_pair(prediction, reference):
        return Pairing((single,))
    for file, other in ((prediction, reference), (reference, prediction)):
        if file.is_file():
            raise AbdosegError(
                f"{file} is a file and {other} is none: compare two folders or two files."
            )
    predicted, known = find_label_maps(prediction), find_label_maps(reference)
    both = predicted.keys() & known.keys()
    if not both:
        raise AbdosegError(
            f"No file of {prediction} has the name of a file of {reference}, such as "
            f"{min(known)}.nii.gz: choose the folder of the predictions of these cases."
        )
    return Pairing(
        tuple(Pair(case, predicted[case], known[case]) for case in sorted(both)),
        missing=tuple(sorted(known.keys() - both)),
        surplus=tuple(sorted(predicted.keys() - both)),
    )


def find_label_maps(folder: Path) -> dict[str, Path]:
    """The label map of each case in a folder: a file, or a folder of a file an organ.

    Raises
    ------
    AbdosegError
        There is none, or two have the name of one case.
    """
    if masks := masks_folder(folder):
        return {name_of_case(masks): masks}
    cases = _folders_of_cases(folder)
    if not cases:
        return find_cases(folder)
    try:
        files = find_cases(folder)
    except ImageError:  # no files
        return cases
    if twice := sorted(cases.keys() & files.keys()):
        raise AbdosegError(
            f"{cases[twice[0]]} and {files[twice[0]]} are both the case {twice[0]!r}: keep one of "
            "them in this folder."
        )
    return cases | files


def _single_pair(prediction: Path, reference: Path) -> Pair | None:
    """Two cases of which one at least is a folder of a file an organ, whatever their names."""
    masks = [masks_folder(each) if each.is_dir() else None for each in (prediction, reference)]
    found, known = (
        m or (p if p.is_file() else None) for m, p in zip(masks, (prediction, reference))
    )
    if found is None or known is None:
        return None
    return Pair(name_of_case(known) if known.is_dir() else case_name(known), found, known)


def _folders_of_cases(folder: Path) -> dict[str, Path]:
    """Label maps of cases that have a folder each, of masks or of one label map."""
    try:
        folders = sorted(e for e in folder.iterdir() if e.is_dir() and not e.name.startswith("."))
    except OSError:
        return {}
    cases = {}
    for each in folders:
        if masks := masks_folder(each):
            cases[name_of_case(masks)] = masks
        elif len(maps := [path for path in each.glob("*") if _is_of_a_case(path)]) == 1:
            cases[each.name] = maps[0]
    return cases


def _is_of_a_case(path: Path) -> bool:
    return has_image_suffix(path) and _OF_A_CASE.fullmatch(stem(path)) is not None


def find_cases(folder: Path) -> dict[str, Path]:
    """The scan of each case in a folder, or its label map, where these are files.

    Raises
    ------
    AbdosegError
        There is none, or two have the name of one case.
    """
    cases: dict[str, Path] = {}
    for path in image_files(folder):
        other = cases.setdefault(case_name(path), path)
        if other is not path:
            raise AbdosegError(
                f"{other} and {path} are both the case {case_name(path)!r}: "
                "keep one of them in this folder."
            )
    return cases
