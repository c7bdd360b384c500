"""Tools that swap or merge organs, or copy one from another label map."""

from __future__ import annotations

from napari.layers import Labels

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.relabelling import copy_organ, merge, swap
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.image.names.label_names import is_named
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.correct.question import NotChosenError, Question, another_organ
from napari_abdoseg.plugin.correct.tool import OrganTool, OtherLayer, OtherOrgan
from napari_abdoseg.plugin.layers.conversion import label_map_of


def _swap(question: Question, other: int | None) -> Edit:
    return swap(question.labels, question.value, another_organ(question, other))


def _merge(question: Question, into: int | None) -> Edit:
    return merge(question.labels, question.value, another_organ(question, into))


def _copy(question: Question, source: Labels | None) -> Edit:
    if source is None:
        raise NotChosenError("Choose the label map to copy from.")
    there = label_map_of(source)
    if not there.grid.matches(question.grid):
        raise CorrectionError(
            f"{source.name} lies on another grid: choose a label map of the same scan."
        )
    value = _value_there(question, there, source.name)
    return copy_organ(question.labels, question.value, EditableLabels.of(there), value)


def _value_there(question: Question, there: LabelMap, layer: str) -> int:
    """The label of the same organ, by its name; by its number where labels have no names."""
    name = question.labels.name_of(question.value)
    for organ in there.organs:
        if organ.name == name:
            return organ.value
    if not any(map(is_named, there.organs)):
        return question.value
    raise CorrectionError(f"No organ of {layer} is called {name}: rename one of them first.")


SWAP = OrganTool(
    "swap",
    "Swap",
    "Gives two organs each other's voxels",
    "swap",
    "W",
    (OtherOrgan("other", "With"),),
    work=_swap,
)
MERGE = OrganTool(
    "merge",
    "Merge",
    "Gives all of the organ to another",
    "merge",
    "Shift+M",
    (OtherOrgan("into", "Into"),),
    work=_merge,
)
COPY_ORGAN = OrganTool(
    "copy organ",
    "Copy organ",
    "Takes the organ as it is in another label map",
    "copy_organ",
    "Shift+C",
    (OtherLayer("source", "From"),),
    work=_copy,
)
