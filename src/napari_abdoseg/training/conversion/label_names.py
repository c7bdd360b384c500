"""Names for labels that come without any."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from napari_abdoseg.anatomy.box import bounding_boxes
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.processes import over_processes
from napari_abdoseg.image.nifti import read_labels, read_organs
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.progress import Work
from napari_abdoseg.training.conversion.source import Source


def naming_labels(source: Source, workers: int = 1) -> Work[Source]:
    """The same data set with a name for each label.

    Names are those in the label maps themselves; without any the values 1 to 4 are the
    abdominal organs when no other value occurs in any case.

    Raises
    ------
    AbdosegError
        Another value has no name, or no label map can be read.
    """
    files = [case.labels for case in source.cases if case.labels]
    outcomes = yield from over_processes(_names, files, workers, "Looking for names of labels")
    found = [outcome for outcome in outcomes if not isinstance(outcome, AbdosegError)]
    if not found:
        raise AbdosegError(f"No label map of {source.folder} can be read; {outcomes[0]}")
    names: dict[int, str] = {}
    for of_case in found:
        names |= {value: name for value, name in of_case.items() if name or value not in names}
    return replace(source, scheme=_scheme(names, source.folder))


def _scheme(names: dict[int, str], folder: Path) -> dict[str, int]:
    usual = {organ.value: organ.name for organ in ABDOMINAL_ORGANS}
    if not any(names.values()) and names.keys() <= usual.keys():
        names = usual
    if nameless := sorted(value for value, name in names.items() if not name):
        values = ", ".join(map(str, nameless))
        example = ",".join(f"{value}=NAME" for value in nameless[:3])
        raise AbdosegError(
            f"The label maps of {folder} have the value{'s' if len(nameless) > 1 else ''} {values} "
            f"without a name: give names, for example --map '{example}'."
        )
    return {name: value for value, name in sorted(names.items())}


def _names(path: Path) -> dict[int, str]:
    """Name of each value in a label map and of each that it names; empty without a name."""
    named = {organ.value: organ.name for organ in read_organs(path)}
    present = bounding_boxes(read_labels(path))
    return {organ.value: "" for organ in present} | named
