"""Predictions and the references that they are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.nifti import AnyPath, case_name, nifti_files


@dataclass(frozen=True)
class Pair:
    """A case's two label maps.

    Parameters
    ----------
    case : str
        As nnU-Net names it: ``case`` for ``case_0000.nii.gz`` and ``case.nii.gz``.
    prediction, reference : Path
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

    Raises
    ------
    AbdosegError
        A folder is empty or has a case twice, no case is in both, or a file is to be
        compared with a folder.
    """
    prediction, reference = Path(predictions), Path(references)
    if prediction.is_file() and reference.is_file():
        return Pairing((Pair(case_name(reference), prediction, reference),))
    for file, other in ((prediction, reference), (reference, prediction)):
        if file.is_file():
            raise AbdosegError(
                f"{file} is a file and {other} is none: compare two folders or two files."
            )
    predicted, known = find_cases(prediction), find_cases(reference)
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


def find_cases(folder: Path) -> dict[str, Path]:
    """The label map of each case in a folder.

    Raises
    ------
    AbdosegError
        There is none, or two have the name of one case.
    """
    cases: dict[str, Path] = {}
    for path in nifti_files(folder):
        other = cases.setdefault(case_name(path), path)
        if other is not path:
            raise AbdosegError(
                f"{other} and {path} are both the case {case_name(path)!r}: "
                "keep one of them in this folder."
            )
    return cases
