"""Which value stands for which organ in predictions and in references."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from napari_abdoseg.errors import AbdosegError, ImageError
from napari_abdoseg.evaluation.unnamed_labels import names_organs, share_names
from napari_abdoseg.image.names.chosen_schemes import named_as_chosen
from napari_abdoseg.image.names.label_names import is_named
from napari_abdoseg.image.names.organ_spelling import organ_key
from napari_abdoseg.image.names.stated_names import read_stated
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.organ_files import read_label_map
from napari_abdoseg.image.renumbering import renumbered
from napari_abdoseg.image.volume import LabelMap

Organs = tuple[Organ, ...]

PREDICTION, REFERENCE = "Prediction", "Reference"


@dataclass(frozen=True)
class Schemes:
    """What the user says that the labels of either side are called; nothing by default.

    Parameters
    ----------
    prediction, reference : tuple of Organ
    """

    prediction: Organs = ()
    reference: Organs = ()

    def read(self, path: Path, organs: Organs) -> LabelMap:
        """Read a label map of either side, whose labels are called so."""
        return read_label_map(path, organs)


@dataclass(frozen=True)
class FolderSchemes(Schemes):
    """Schemes that were chosen for folders, where neither the user nor the files say more."""

    def read(self, path: Path, organs: Organs) -> LabelMap:
        """Read a label map of either side, named as was chosen for its folder."""
        return named_as_chosen(super().read(path, organs))


def read_schemes(texts: Sequence[str]) -> Schemes:
    """What a user says of both sides, or of predictions first and then of references.

    Raises
    ------
    AbdosegError
        There are more than two texts, or one names no labels; see `read_stated`.
    """
    if len(texts) > 2:
        raise AbdosegError(
            "Labels are named more than twice: once for both sides, or first for predictions and "
            "then for references."
        )
    organs = [read_stated(text) for text in texts]
    return Schemes(organs[0], organs[-1]) if organs else Schemes()


@dataclass(frozen=True, eq=False)
class Matched:
    """Two label maps in which a value means the same organ.

    Parameters
    ----------
    prediction, reference : LabelMap
        Their ``organs`` are those that both sides know, with the reference's values.
    unmatched : tuple of str
        Names of organs that one side alone knows.
    naming : tuple of str
        Sentences on how organs were named and matched, where that was not plain.
    """

    prediction: LabelMap
    reference: LabelMap
    unmatched: tuple[str, ...] = ()
    naming: tuple[str, ...] = ()


def read_matched(prediction: Path, reference: Path, schemes: Schemes) -> Matched:
    """Read two label maps; a value means the same organ in both.

    Where both sides name their organs, see `name_labels`, these are matched by name;
    otherwise labels are matched by value.

    Raises
    ------
    ImageError
        A file can't be read or has a value that its names don't have, or no organ is in
        both.
    """
    found = schemes.read(prediction, schemes.prediction)
    real = schemes.read(reference, schemes.reference)
    for labels in (found, real):
        _require_names(labels)
    matched = match_organs(*share_names(found, real))
    return replace(matched, naming=naming_words(found, real, matched.unmatched))


def naming_words(
    prediction: LabelMap, reference: LabelMap, unmatched: Iterable[str]
) -> tuple[str, ...]:
    """Sentences on how two label maps' organs were named and matched, where that is not plain.

    Parameters
    ----------
    prediction, reference : LabelMap
        As they were read.
    unmatched : iterable of str
        Names of organs that one side alone knows.
    """
    told = (*_told(prediction, PREDICTION), *_told(reference, REFERENCE))
    return (*told, *_borrowed(prediction, reference), *_halves(unmatched))


def match_organs(prediction: LabelMap, reference: LabelMap) -> Matched:
    """Give the organs of a prediction the values that organs of the same names have.

    Spellings of one name, such as ``kidney_left`` and ``Left kidney``, are the same.

    Raises
    ------
    ImageError
        No organ is in both.
    """
    values = {_key(organ): organ.value for organ in prediction.organs}
    common = tuple(organ for organ in reference.organs if _key(organ) in values)
    if not common:
        raise ImageError(
            f"{prediction.path or 'The prediction'} has {_listed(prediction.organs)}, and "
            f"{reference.path or 'the reference'} {_listed(reference.organs)}: no organ is in "
            "both. Give organs the same names, for files in both dataset.json, or say what their "
            "values are (abdoseg evaluate --labels)."
        )
    new_values = {values[_key(organ)]: organ.value for organ in common}
    shared = {_key(organ) for organ in common}
    everything = (*reference.organs, *prediction.organs)
    others = (organ.name for organ in everything if _key(organ) not in shared)
    return Matched(
        replace(prediction, data=renumbered(prediction.data, new_values), organs=common),
        replace(reference, organs=common),
        tuple(dict.fromkeys(others)),
    )


def _require_names(labels: LabelMap) -> None:
    """Make sure that a label map which names organs names all of them."""
    nameless = [organ.value for organ in labels.organs if not is_named(organ)]
    if nameless and names_organs(labels):
        named = _listed(filter(is_named, labels.organs))
        raise ImageError(
            f"{labels.path} has the value{'s' if len(nameless) > 1 else ''} "
            f"{', '.join(map(str, nameless))}, which {named} do not have: put the dataset.json "
            "that names its labels beside it, or say what they are (abdoseg evaluate --labels)."
        )


def _told(labels: LabelMap, side: str) -> tuple[str, ...]:
    return tuple(f"{side}: {sentence}" for sentence in labels.naming)


def _borrowed(prediction: LabelMap, reference: LabelMap) -> tuple[str, ...]:
    """What is said where a side has no names."""
    nameless = [not names_organs(labels) for labels in (prediction, reference)]
    if all(nameless):
        return ("Neither side names its labels: they are compared by value.",)
    if not any(nameless):
        return ()
    sides = (PREDICTION, REFERENCE) if nameless[0] else (REFERENCE, PREDICTION)
    return (
        f"{sides[0]}: Its labels have no names and take those of the {sides[1].lower()}, value by "
        "value.",
    )


def _halves(unmatched: Iterable[str]) -> tuple[str, ...]:
    """What is said of organs that are whole on one side, and left and right on the other."""
    known = {organ_key(name): name for name in unmatched}
    return tuple(
        f"The {name} is whole on one side, and left and right on the other, and is not compared: "
        f"name both alike, for example with --labels '2={name},3={name}'."
        for key, name in known.items()
        if {f"left {key}", f"right {key}"} & known.keys()
    )


def _key(organ: Organ) -> str:
    return organ_key(organ.name)


def _listed(organs: Iterable[Organ]) -> str:
    return ", ".join(f"{organ.name} ({organ.value})" for organ in organs) or "no labels"
