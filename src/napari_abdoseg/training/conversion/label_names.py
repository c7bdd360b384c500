"""Names for labels that come without any."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from napari_abdoseg.anatomy.box import bounding_boxes
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.processes import over_processes
from napari_abdoseg.image.files.file_names import has_nifti_suffix
from napari_abdoseg.image.names.label_names import is_named
from napari_abdoseg.image.names.label_table import IGNORE
from napari_abdoseg.image.names.organ_spelling import organ_key
from napari_abdoseg.image.nifti.volumes import read_labels, read_organs
from napari_abdoseg.image.organ import Organ, number_name
from napari_abdoseg.progress import Progress, Work
from napari_abdoseg.training.conversion.source import Source

LOOKING = "Looking for names of labels"

Names = dict[int, str]


@dataclass(frozen=True)
class _Named:
    """What a label map calls its values, how that was found, and whether the file says so itself.

    ``is_segmentation`` is true of those whose values mean nothing in another file.
    """

    names: Names
    words: tuple[str, ...]
    names_itself: bool
    is_segmentation: bool


def naming_labels(source: Source, workers: int = 1) -> Work[Source]:
    """The same data set with a name for each label, as `name_labels` finds them.

    Where names come from is told; none is made up. Where label maps that name their labels
    themselves number them differently, names count, which is told: programs number segments as
    they are drawn, and models as they were trained.

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
    if all(each.names_itself for each in found) and (apart := _numbered_apart(found)):
        notice = f"Label maps of {source.folder} number labels differently: their names count."
        yield Progress(LOOKING, len(files), len(files), notice)
        return replace(source, scheme=_scheme(apart, source.folder), numbered_apart=True)
    names: Names = {}
    for of_case in (each.names for each in found):
        for value, name in of_case.items():
            if is_named(Organ(value, name)) or value not in names:
                _require_one(value, {names.get(value, name), name}, source.folder)
                names[value] = name
    for sentence in dict.fromkeys(sentence for each in found for sentence in each.words):
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


def _numbered_apart(found: Sequence[_Named]) -> Names:
    """Numbers for all names, in order; none where the label maps agree on theirs.

    A value that has several names, each of which has no other value, is doubted only where files
    are segmentations: elsewhere it may be one organ in two words.
    """
    values: dict[str, set[int]] = {}
    words: dict[str, str] = {}
    for each in found:
        for value, name in each.names.items():
            if not is_named(Organ(value, name)):
                return {}
            key = organ_key(name)
            words.setdefault(key, name)
            values.setdefault(key, set()).add(value)
    numbers = [value for of_name in values.values() for value in of_name]
    differ = len(numbers) > len(set(numbers)) and all(each.is_segmentation for each in found)
    if not differ and len(numbers) == len(values):
        return {}
    ordered = sorted(values, key=lambda key: (words[key] == IGNORE, min(values[key]), key))
    return dict(enumerate((words[key] for key in ordered), start=1))


def _names(path: Path) -> _Named:
    """Names of the values in a label map and of those that it names."""
    labels = read_labels(path)
    named = {organ.value: organ.name for organ in labels.organs if is_named(organ)}
    present = {organ.value: organ.name for organ in bounding_boxes(labels)}
    ignored = {} if labels.ignored is None else {labels.ignored: IGNORE}
    names_itself = bool(read_organs(path))
    is_segmentation = names_itself and not has_nifti_suffix(path)
    return _Named(present | named | ignored, labels.naming, names_itself, is_segmentation)
