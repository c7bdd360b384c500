"""What is wrong with a data set by its ``dataset.json`` and the names of its files."""

from __future__ import annotations

from collections.abc import Iterator

from napari_abdoseg.errors import DatasetError
from napari_abdoseg.training.checking.description_problems import description_problems
from napari_abdoseg.training.checking.problem import WHOLE, Kind, Problem
from napari_abdoseg.training.conversion.source import listed
from napari_abdoseg.training.raw_dataset import RawDataset
from napari_abdoseg.training.splits import read_splits


def file_problems(dataset: RawDataset) -> Iterator[Problem]:
    """Numbers that disagree, files that belong to no case, odd folds, names that occur twice."""
    stated, found = dataset.content["numTraining"], len(dataset.training)
    if stated != found or not isinstance(stated, int):
        yield Problem(
            WHOLE,
            Kind.FILES,
            f"dataset.json says there are {stated!r} training cases (numTraining) and there are "
            f"{found}: nnU-Net refuses the data set.",
        )
    yield from description_problems(dataset)
    yield from _stray_files(dataset)
    yield from _splits(dataset)
    training = {case.name for case in dataset.training}
    for name in sorted(training & {case.name for case in dataset.testing}):
        yield Problem(name, Kind.DUPLICATE, f"{name} is a case in imagesTr and one in imagesTs.")


def _splits(dataset: RawDataset) -> Iterator[Problem]:
    try:
        read_splits(dataset)
    except DatasetError as error:
        yield Problem(WHOLE, Kind.FILES, str(error))


def _stray_files(dataset: RawDataset) -> Iterator[Problem]:
    """Label maps without an image, and files that nnU-Net doesn't see or mistakes."""
    for name in ("imagesTr", "labelsTr", "imagesTs", "labelsTs"):
        strays = [path.name for path in dataset.strays(name)]
        if strays:
            if name.startswith("labels"):
                fault = f"belong{'s' if len(strays) == 1 else ''} to no image"
            else:
                fault = f"{'is' if len(strays) == 1 else 'are'} not named case_0000{dataset.ending}"
            yield Problem(
                WHOLE,
                Kind.FILES,
                f"{name} has {listed(strays)}, which {fault}: add what is missing, or remove them.",
                ruins=any(stray.endswith(dataset.ending) for stray in strays),
            )
