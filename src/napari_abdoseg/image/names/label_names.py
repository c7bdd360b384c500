"""What the values of a label map are called: one rule for all of the program.

What the user says comes first, then names in the file itself, those of a ``dataset.json`` or
a label description beside it, for a mask of one organ the file's own name, and the published
scheme of a data set whose files are called so. Without any of these the labels are numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from napari_abdoseg.image.files.file_names import stem
from napari_abdoseg.image.names.label_table import BACKGROUND, IGNORE, Colors
from napari_abdoseg.image.names.names_beside import names_beside
from napari_abdoseg.image.names.organ_spelling import organ_key, organ_of_file
from napari_abdoseg.image.names.published_schemes import recognise
from napari_abdoseg.image.organ import Organ, number_name

MASK_VALUES = ({1}, {255})
"""What the organ of a binary mask has for a value."""


@dataclass(frozen=True)
class LabelNames:
    """Names of a label map's values.

    Parameters
    ----------
    organs : tuple of Organ
        In the order of their values, each name once.
    ignored : int or None
        Value of voxels that nobody has labelled.
    words : tuple of str
        Sentences on where names come from, if not from the user or the file itself, and on
        what they lead to.
    merged : mapping of int to int
        Where several values have one name: the new value of each. Else empty.
    """

    organs: tuple[Organ, ...]
    ignored: int | None = None
    words: tuple[str, ...] = ()
    merged: Mapping[int, int] = field(default_factory=dict)


def name_labels(
    path: Path,
    values: Iterable[int],
    stated: Iterable[Organ],
    inside: Mapping[int, str],
    colors: Mapping[int, str] | None = None,
) -> LabelNames:
    """Name the values of a label map.

    Parameters
    ----------
    path : Path
        Its file.
    values : iterable of int
        That occur, without 0.
    stated : iterable of Organ
        What the user says.
    inside : mapping of int to str
        What the file itself says.
    colors : mapping of int to str, optional
        Of the values, as the file itself says.

    Raises
    ------
    ImageError
        A file beside it that states names can't be understood.
    """
    values = set(values)
    stated = tuple(stated)
    told = {organ.value: organ.name for organ in stated}
    told = told or {v: name for v, name in inside.items() if is_named(Organ(v, name))}
    names, words, beside = _find_names(path, values, told)
    given = {organ.value: organ.given_color for organ in stated if organ.given_color}
    shown = beside | dict(colors or {}) | given
    unlabelled = sorted(value for value, name in names.items() if _is(name, IGNORE))
    ignored = unlabelled[0] if unlabelled else None
    organs = {v: n for v, n in names.items() if not (_is(n, IGNORE) or _is(n, BACKGROUND))}
    nameless = sorted(values - names.keys())
    if organs and nameless:
        words = (*words, f"It has {_counted(nameless)} without a name.")
    named = organs | {value: number_name(value) for value in nameless}
    first: dict[str, int] = {}
    merged = {value: first.setdefault(name, value) for value, name in sorted(named.items())}
    counts = Counter(merged.values())
    together = tuple(
        f"{_counted([v for v in merged if merged[v] == value], 'Value')} are all the {name} and "
        f"have become {value}."
        for name, value in first.items()
        if counts[value] > 1
    )
    if ignored is not None:
        merged |= dict.fromkeys(unlabelled, ignored)
    return LabelNames(
        tuple(Organ(value, name, shown.get(value)) for name, value in first.items()),
        ignored,
        (*words, *together),
        merged if together or len(unlabelled) > 1 else {},
    )


def is_named(organ: Organ) -> bool:
    """Whether an organ has a name, or a number alone, such as ITK-SNAP's ``Label 1``."""
    return organ.name.lower() != number_name(organ.value)


def _find_names(
    path: Path, values: set[int], told: Mapping[int, str]
) -> tuple[Mapping[int, str], tuple[str, ...], Colors]:
    """Names, where they come from, and colours that come with them."""
    if told:
        return told, (), {}
    _, organ = organ_of_file(stem(path))
    if beside := names_beside(path):
        words = f"Its organs have the names that {beside.words} gives them"
        other = organ and organ_key(organ) not in map(organ_key, beside.names.values())
        told_of = f"{words}{f', though its file is called {organ}' * bool(other)}."
        return beside.names, (told_of,), beside.colors
    if organ and (not values or values in MASK_VALUES):
        value = next(iter(values), 1)
        return (
            {value: organ},
            (f"It is taken for a mask of the {organ}, as its file is called.",),
            {},
        )
    scheme = recognise(path)
    if scheme is None or _is_unsure(scheme.key, values):
        return {}, (), {}
    if not scheme.fits(values):
        missing = sorted(value for value in values if value > len(scheme.names))
        return (
            {},
            (
                f"Its file is called as those of {scheme.title}, which do not have "
                f"{_counted(missing)}: its labels are left without names.",
            ),
            {},
        )
    names = {organ.value: organ.name for organ in scheme.organs}
    return names, (f"Its organs are named as in {scheme.title}, as its file is called.",), {}


def _is_unsure(key: str, values: set[int]) -> bool:
    """Whether files of another data set are called the same: those of NIH Pancreas-CT, 1."""
    return key == "btcv" and values <= {1}


def _is(name: str, word: str) -> bool:
    return name.strip().lower() == word


def _counted(values: list[int], word: str = "the value") -> str:
    shown = ", ".join(map(str, values[:5])) + (" …" if len(values) > 5 else "")
    return f"{word}{'s' if len(values) > 1 else ''} {shown}"
