"""Names of label values in a file beside a label map, or above it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.files.file_names import ENDINGS, stem
from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.image.names.label_table import (
    Colors,
    Names,
    colors_in_text,
    names_in_json,
    names_in_text,
)

DATASET = "dataset.json"
LARGEST = 1 << 26
"""Bytes of the largest file that is read for names."""

TABLES = (".label", ".ctbl", ".txt", ".tsv", ".csv", ".json")
OF_A_FOLDER = re.compile(
    r"(dseg|labels?|labelmap|label_?(names|map|description)|class_?(names|map))"
    r"\.(txt|tsv|csv|json)|[^.].*\.(label|ctbl)",
    re.IGNORECASE,
)

_LABEL_FOLDER = re.compile(
    r"(gt_)?(labels?|masks?|seg(mentation)?s?|annotations?|ground_?truths?|gt|references?)"
    r"(tr|ts|te|va|val|test|train)?",
    re.IGNORECASE,
)
_FOLD = re.compile(r"fold_(\d+|all)")


class LabelNamesError(ImageError):
    """A file that should name labels can't be understood."""


@dataclass(frozen=True)
class StatedNames:
    """Names that a file states for label maps.

    Parameters
    ----------
    names : dict of int to str
        By value; the label to ignore is one of them.
    file : Path
    colors : dict of int to str
        Of some or all values, as ``#rrggbb``.
    """

    names: Names
    file: Path
    colors: Colors

    @property
    def words(self) -> str:
        """The file and its folder, to tell files of one name apart."""
        return "/".join(self.file.absolute().parts[-2:])


def names_beside(path: Path) -> StatedNames | None:
    """What ``dataset.json``, or else a label description, says of a label map.

    ``dataset.json`` lies beside the label map, above a folder of labels such as
    ``labelsTr``, or above a fold that has validated it. One above any other folder counts
    only where it has no images of its own: predictions that lie somewhere in a data set may
    be of any model. A label description has the label map's own name, or lies beside it as
    the only one that has no other file's name.

    Raises
    ------
    LabelNamesError
        A file can't be understood.
    """
    for file in files_beside(path):
        if names := read_names(file):
            return StatedNames(names, file, read_colors(file))
    return None


def files_beside(path: Path) -> list[Path]:
    """The files that `names_beside` looks at for a label map; the first that has names counts."""
    return [*_datasets(path), *_descriptions(path)]


def read_names(file: Path) -> Names:
    """Names that a file states; empty where it is about something else.

    Raises
    ------
    LabelNamesError
        It can't be read, or what it says of labels makes no sense.
    """
    try:
        if not file.is_file():
            raise LabelNamesError(f"{file} is no file: give one that names label values.")
        if file.stat().st_size > LARGEST:
            raise LabelNamesError(f"{file} is too large for a list of labels: move it away.")
        if file.suffix.lower() == ".json":
            return names_in_json(read_json(file))
        return names_in_text(file.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise LabelNamesError(
            f"{file} gives no whole number for each organ ({error}): mend it, or move it away."
        ) from error
    except OSError as error:
        raise LabelNamesError(
            f"{file} can't be read ({error}): mend it, or move it away."
        ) from error


def read_colors(file: Path) -> Colors:
    """Colours of label values that a file states beside their names; empty without any.

    Parameters
    ----------
    file : Path
        One that `read_names` has read.
    """
    try:
        text = "" if file.suffix.lower() == ".json" else file.read_text(encoding="utf-8-sig")
        return colors_in_text(text)
    except (OSError, ValueError):
        return {}


def _datasets(path: Path) -> Iterator[Path]:
    folder = path.absolute().parent
    above = folder.parent
    if (folder / DATASET).is_file():
        yield folder / DATASET
    elif _FOLD.fullmatch(above.name) and (above.parent / DATASET).is_file():
        yield above.parent / DATASET
    elif (above / DATASET).is_file() and _is_of(folder):
        yield above / DATASET


def _is_of(folder: Path) -> bool:
    """Whether a data set above a folder is about the label maps in it."""
    if _LABEL_FOLDER.fullmatch(folder.name):
        return True
    return not any(each.is_dir() for each in folder.parent.glob("images*"))


def _descriptions(path: Path) -> list[Path]:
    """The label description of a label map; several of a folder are of none."""
    own = [path.with_name(stem(path) + ending) for ending in TABLES]
    if found := [file for file in own if file.is_file() and _is_table(file)]:
        return found
    try:
        listed = sorted(file for file in path.parent.iterdir() if OF_A_FOLDER.fullmatch(file.name))
    except OSError:
        return []
    found = [file for file in listed if file.is_file() and not _is_of_another(file)]
    found = [file for file in found if _is_table(file)]
    return found if len(found) == 1 else []


def _is_of_another(file: Path) -> bool:
    """Whether a label description has the name of a file beside it, whose own it is then."""
    return any(file.with_suffix(ending).is_file() for ending in ENDINGS)


def _is_table(file: Path) -> bool:
    """Whether a file names labels; one that is broken and can be nothing else is one, too."""
    try:
        return bool(read_names(file))
    except LabelNamesError:
        return file.suffix.lower() in (".label", ".ctbl")
