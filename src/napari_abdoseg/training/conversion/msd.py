"""Tasks of the Medical Segmentation Decathlon.

Antonelli et al., Nature Communications 13 (2022); http://medicaldecathlon.com. A task such as
``Task09_Spleen`` has ``imagesTr``, ``labelsTr``, ``imagesTs`` and a ``dataset.json`` with
modalities and labels by number. Images of several channels are 4D, the channel last. What
is kept of ``dataset.json`` is what ``nnUNetv2_convert_MSD_dataset`` keeps.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.files.file_names import stem
from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.image.names.label_table import names_of_labels
from napari_abdoseg.training.conversion.naming import visible_images
from napari_abdoseg.training.conversion.source import Source, SourceCase

NAME = "msd"
LAYOUT = "imagesTr, labelsTr, imagesTs and a dataset.json with modality and labels"
TEST_FOLDERS = (("imagesVa", "labelsVa"), ("imagesTs", "labelsTs"))
"""The second is without labels in the Decathlon; AMOS, which is laid out alike, has the first."""
LEFT_OUT = {
    *("training", "validation", "test", "modality", "labels"),
    *("numTraining", "numValidation", "numTest"),
}


def fits(folder: Path, labels: Path | None) -> bool:
    """Whether the folder is laid out so."""
    file = folder / "dataset.json"
    try:
        return "modality" in read_json(file)
    except (OSError, ValueError):
        return False


def read(folder: Path, labels: Path | None) -> Source:
    """Find the cases of a task.

    Raises
    ------
    AbdosegError
        Its ``dataset.json`` can't be understood.
    """
    description = _description(folder / "dataset.json")
    known = _by_name(labels or folder / "labelsTr")
    trained = _by_name(folder / "imagesTr")
    cases = [SourceCase(name, (path,), known.get(name)) for name, path in trained.items()]
    for images, truth in TEST_FOLDERS:
        tested = _by_name(folder / truth)
        cases += [
            SourceCase(name, (path,), tested.get(name), test=True)
            for name, path in _by_name(folder / images).items()
        ]
    return Source(
        NAME,
        folder,
        tuple(cases),
        _scheme(description),
        tuple(description["modality"][key] for key in sorted(description["modality"], key=int)),
        tuple(known[name] for name in sorted(known.keys() - trained.keys())),
        {key: value for key, value in description.items() if key not in LEFT_OUT},
    )


def _by_name(folder: Path) -> dict[str, Path]:
    return {stem(path): path for path in visible_images(folder)}


def _description(file: Path) -> dict[str, Any]:
    try:
        found = read_json(file)
        _scheme(found)
        [str(name) for name in found["modality"].values()]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise AbdosegError(
            f"{file} does not name modalities and labels by number, as tasks of the Medical "
            "Segmentation Decathlon do: unpack the task again, or name its format."
        ) from error
    return found


def _scheme(description: dict[str, Any]) -> dict[str, int]:
    return {name: value for value, name in names_of_labels(description["labels"]).items()}
