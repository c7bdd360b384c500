"""Names for labels that come without any."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from napari_abdoseg.anatomy.box import bounding_boxes
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.processes import over_processes
from napari_abdoseg.image.names.label_names import is_named
from napari_abdoseg.image.names.label_table import IGNORE
from napari_abdoseg.image.nifti.volumes import read_labels
from napari_abdoseg.image.organ import Organ, number_name
from napari_abdoseg.progress import Progress, Work
from napari_abdoseg.training.conversion.source import Source

LOOKING = "Looking for names of labels"

Names = dict[int, str]


def naming_labels(source: Source, workers: int = 1) -> Work[Source]:
    """The same data set with a name for each label, as `name_labels` finds them.

    Where names come from is told; none is made up.

    Raises
    ------
    AbdosegError
        A value has no name, or two, or no label map can be read.
    """
    files = [case.labels for case in source.cases if case.labels]
    outcomes = yield from over_processes(_names, files, workers, LOOKING)
    found = [outcome for outcome in outcomes if not isinstance(outcome, AbdosegError)]
    if not found:
        raise AbdosegError(f"No label map of {source.folder} can be read; {outcomes[0]}")
    names: Names = {}
    for of_case, _ in found:
        for value, name in of_case.items():
            if is_named(Organ(value, name)) or value not in names:
                _require_one(value, {names.get(value, name), name}, source.folder)
                names[value] = name
    for sentence in dict.fromkeys(sentence for _, words in found for sentence in words):
        yield Progress(
            LOOKING, len(files), len(files), f"Label maps of {source.folder}: {sentence}"
        )
    return replace(source, scheme=_scheme(names, source.folder))


def stated_scheme(organs: Iterable[Organ]) -> dict[str, int]:
    """Values by name, as the user says them.

    Raises
    ------
    AbdosegError
        Two values have one name.
    """
    scheme: dict[str, int] = {}
    for organ in organs:
        if scheme.setdefault(organ.name, organ.value) != organ.value:
            raise AbdosegError(
                f"--labels calls two values {organ.name}: give each its name and merge them with "
                "--map, such as --map 'left kidney=kidney,right kidney=kidney'."
            )
    return scheme


def _require_one(value: int, names: set[str], folder: Path) -> None:
    named = sorted(name for name in names if name != number_name(value))
    if len(named) > 1:
        raise AbdosegError(
            f"The label maps of {folder} call {value} both {' and '.join(named)}: say what it is "
            f"with --labels '{value}={named[0]}'."
        )


def _scheme(names: Names, folder: Path) -> dict[str, int]:
    nameless = [value for value, name in sorted(names.items()) if name == number_name(value)]
    if nameless:
        values = ", ".join(map(str, nameless))
        example = ",".join(f"{value}=NAME" for value in nameless[:3])
        raise AbdosegError(
            f"The label maps of {folder} have the value{'s' if len(nameless) > 1 else ''} {values} "
            f"without a name, and none is guessed: give names, for example --map '{example}', or "
            "a published scheme or a file of names with --labels, such as --labels kits."
        )
    return {name: value for value, name in sorted(names.items())}


def _names(path: Path) -> tuple[Names, tuple[str, ...]]:
    """Names of the values in a label map and of those that it names, and how they were found."""
    labels = read_labels(path)
    named = {organ.value: organ.name for organ in labels.organs if is_named(organ)}
    present = {organ.value: organ.name for organ in bounding_boxes(labels)}
    ignored = {} if labels.ignored is None else {labels.ignored: IGNORE}
    return present | named | ignored, labels.naming
