"""What nnU-Net refuses of a ``dataset.json``, without a look at the files that it describes.

The rules are those of nnU-Net 2.8: ``LabelManager`` (``utilities/label_handling``),
``verify_dataset_integrity`` (``experiment_planning``) and ``reader_writer_registry``
(``imageio``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from napari_abdoseg.image.files.file_names import NIFTI
from napari_abdoseg.image.names.label_table import BACKGROUND, IGNORE
from napari_abdoseg.training.checking.problem import WHOLE, Kind, Problem
from napari_abdoseg.training.conversion.source import listed
from napari_abdoseg.training.raw_dataset import RawDataset, values_of

READER = "overwrite_image_reader_writer"
READERS = ("SimpleITKIO", "NibabelIO", "NibabelIOWithReorient")
"""Those of nnU-Net's that read NIfTI files; other formats the first alone."""
ORDER = "regions_class_order"


def description_problems(dataset: RawDataset) -> Iterator[Problem]:
    """What is wrong with labels, regions and the reader; messages name the file."""
    for message in (*_background(dataset), *_values(dataset), *_ignored(dataset)):
        yield Problem(WHOLE, Kind.LABELS, message)
    yield from _regions(dataset)
    yield from _same_values(dataset)
    yield from _reader(dataset)


def _background(dataset: RawDataset) -> Iterator[str]:
    labels = dataset.content["labels"]
    if BACKGROUND not in labels:
        yield "dataset.json has no label 'background' with value 0."
    elif isinstance(labels[BACKGROUND], list) or values_of(labels[BACKGROUND]) != (0,):
        yield (
            f"dataset.json gives 'background' the value {labels[BACKGROUND]!r}: nnU-Net needs 0; "
            "convert the data set anew."
        )


def _values(dataset: RawDataset) -> Iterator[str]:
    if dataset.values != tuple(range(len(dataset.values))):
        yield (
            f"dataset.json has the label values {listed(map(str, dataset.values))}: nnU-Net "
            "needs 0, 1, 2 and so on without a gap; convert the data set anew."
        )


def _ignored(dataset: RawDataset) -> Iterator[str]:
    ignored = dataset.content["labels"].get(IGNORE)
    if ignored is None:
        return
    if not isinstance(ignored, int):
        yield (
            f"dataset.json gives 'ignore' the value {ignored!r}: nnU-Net needs one whole number, "
            "without quotes or brackets."
        )
    elif ignored != 1 + max(dataset.learnt_values):
        yield (
            f"dataset.json gives 'ignore' the value {ignored}: nnU-Net needs the highest of all, "
            f"{1 + max(dataset.learnt_values)} here; convert the data set anew."
        )


def _regions(dataset: RawDataset) -> Iterator[Problem]:
    if not dataset.has_regions:
        return
    regions, order = dataset.regions, dataset.content.get(ORDER)
    if not isinstance(order, list):
        said = "has no" if order is None else f"has {order!r} for"
        yield Problem(
            WHOLE,
            Kind.LABELS,
            f"dataset.json has regions of several labels and {said} '{ORDER}': add the list of "
            f"values that {listed(regions)} are to have in predictions, in this order.",
        )
    elif len(order) != len(regions):
        yield Problem(
            WHOLE,
            Kind.LABELS,
            f"dataset.json has {len(regions)} regions ({listed(regions)}) and {len(order)} values "
            f"in '{ORDER}': nnU-Net needs one for each.{_quoted_background(dataset)}",
        )
    else:
        yield from _order(regions, order)


def _quoted_background(dataset: RawDataset) -> str:
    counted = BACKGROUND in dataset.regions
    return " It counts background, whose 0 has quotes: take them away." if counted else ""


def _order(regions: dict[str, tuple[int, ...]], order: list[object]) -> Iterator[Problem]:
    """Values that predictions would have; nnU-Net writes one region over those before it."""
    strange = [name for (name, values), value in zip(regions.items(), order) if value not in values]
    if strange:
        yield Problem(
            WHOLE,
            Kind.LABELS,
            f"'{ORDER}' in dataset.json gives {listed(strange)} a value of no label of it: in "
            "predictions it would be called something else.",
            ruins=False,
        )
    names = list(regions)
    hidden = [
        f"{name} (under {other})"
        for place, name in enumerate(names)
        for other in names[place + 1 :]
        if set(regions[name]) < set(regions[other])
    ]
    if hidden:
        yield Problem(
            WHOLE,
            Kind.LABELS,
            f"In predictions {listed(hidden)} would be painted over: put the larger regions first "
            f"in dataset.json, under 'labels' and in '{ORDER}'.",
            ruins=False,
        )


def _same_values(dataset: RawDataset) -> Iterator[Problem]:
    """Labels that no one could tell from each other."""
    counts = Counter(values_of(entry) for entry in dataset.content["labels"].values())
    for name_values, count in counts.items():
        if count > 1:
            names = [
                name
                for name, entry in dataset.content["labels"].items()
                if values_of(entry) == name_values
            ]
            yield Problem(
                WHOLE,
                Kind.LABELS,
                f"dataset.json gives {listed(names)} one and the same value: they are one label.",
                ruins=False,
            )


def _reader(dataset: RawDataset) -> Iterator[Problem]:
    readers = READERS if dataset.ending in NIFTI else READERS[:1]
    if dataset.reader is not None and dataset.reader not in readers:
        yield Problem(
            WHOLE,
            Kind.FILES,
            f"dataset.json names the reader {dataset.reader!r} ('{READER}'), which nnU-Net does "
            f"not have for {dataset.ending} files: take it out, or name one of "
            f"{', '.join(readers)}.",
        )
