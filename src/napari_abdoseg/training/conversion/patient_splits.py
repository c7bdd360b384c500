"""Folds in which all scans of a patient stay together.

nnU-Net reads ``splits_final.json`` and draws folds case by case where there is none
(``nnUNetTrainer.do_split``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from napari_abdoseg.image.files.json_file import read_any_json
from napari_abdoseg.image.files.saving import write_text

NAME = "splits_final.json"
FOLDS = 5
"""As many as nnU-Net draws, where there are as many patients."""

Splits = list[dict[str, list[str]]]


def splits_by_patient(patients: Mapping[str, str]) -> Splits:
    """nnU-Net's own folds, drawn of patients instead of cases.

    Parameters
    ----------
    patients : mapping of str to str
        Whose scan each case is; of two patients at least.
    """
    from nnunetv2.utilities.crossval_split import generate_crossval_split

    known = sorted(set(patients.values()))
    drawn = generate_crossval_split(known, n_splits=min(FOLDS, len(known)))
    return [
        {
            part: sorted(case for case, patient in patients.items() if patient in set(fold[part]))
            for part in ("train", "val")
        }
        for fold in drawn
    ]


def write_splits(folder: Path, patients: Mapping[str, str]) -> None:
    """Write the folds of a data set in which a patient has several cases; else nothing.

    Folds of these very cases that are there stay, those of others do not.

    Raises
    ------
    SaveError
        It could not be written.
    """
    if _cases_of(folder / NAME) == set(patients):
        return
    (folder / NAME).unlink(missing_ok=True)
    if 1 < len(set(patients.values())) < len(patients):
        write_text(folder / NAME, json.dumps(splits_by_patient(patients), indent=1) + "\n")


def _cases_of(path: Path) -> set[str]:
    """Cases in the folds of a file; none where it can't be understood."""
    with suppress(OSError, ValueError, TypeError, AttributeError):
        return {case for fold in read_any_json(path) for part in fold.values() for case in part}
    return set()
