"""Which places of a case were looked at: in a file beside the label map, with who and when.

Where nothing may be written there, it is kept in the user's own folder. Both are read, and of
what they say of a place the last word holds. What others write meanwhile stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.correction.journal.holder import now, user_name
from napari_abdoseg.correction.journal.places import ENDING, CaseFiles
from napari_abdoseg.errors import SaveError
from napari_abdoseg.image.files.file_names import stem
from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.image.files.saving import make_folder, write_text
from napari_abdoseg.image.grid import Grid, Shape

CHECKED = "checked"
"""Key of the marks in a file, and the end of its name."""


@dataclass(frozen=True)
class Mark:
    """A place that somebody has looked at, or has taken the mark off again.

    Parameters
    ----------
    kind, name : str
        What there was to see, and of which organ.
    voxel : tuple of int
    start, stop : tuple of int
        Of its box; all in voxels of the file's own axis order, half open.
    checked : bool
    user, when : str
    """

    kind: str
    name: str
    voxel: Shape
    start: Shape
    stop: Shape
    checked: bool
    user: str
    when: str

    @classmethod
    def of(
        cls, kind: str, name: str, voxel: Shape, box: Box, grid: Grid, checked: bool = True
    ) -> Mark:
        """A mark that is made now, of a voxel and a box along (z, y, x)."""
        i, j, k = (round(index) for index in grid.stored_index(voxel))
        start, stop = box.stored_bounds(grid)
        return cls(kind, name, (i, j, k), start, stop, checked, user_name(), now())

    def is_of(self, kind: str, name: str, voxel: Shape, box: Box, grid: Grid) -> bool:
        """Whether it is of a place: of the same kind, each with its voxel in the other's box."""
        if (kind, name) != (self.kind, self.name):
            return False
        own = Box.from_stored_bounds(self.start, self.stop, grid)
        z, y, x = (round(index) for index in grid.screen_index(self.voxel))
        return own.holds(voxel) and box.holds((z, y, x))


def read_marks(case: CaseFiles) -> tuple[Mark, ...]:
    """What is known of a case, the last word of each place last; none where nothing is."""
    marks = [mark for path in _places(case) for mark in _read(path)]
    return tuple(sorted(marks, key=lambda mark: mark.when))


def add_marks(case: CaseFiles, marks: Iterable[Mark]) -> Path:
    """Add marks to those of a case.

    Returns
    -------
    Path
        The file that they are in.

    Raises
    ------
    SaveError
        They can't be written beside the label map, nor in the user's own folder.
    """
    *better, last = _places(case)
    marks = list(marks)
    for path in better:
        with suppress(SaveError):
            return _add(path, marks)
    make_folder(last.parent)
    return _add(last, marks)


def _places(case: CaseFiles) -> list[Path]:
    """Beside the label map, if it has a file, and in the user's own folder."""
    apart = case.apart.parent.with_name(CHECKED) / f"{case.apart.name.removesuffix(ENDING)}.json"
    if case.labels is None:
        return [apart]
    own = case.labels.absolute()
    return [own.with_name(f"{stem(own)}_{CHECKED}.json"), apart]


def _add(path: Path, marks: list[Mark]) -> Path:
    _require_own(path)
    known = {_key(mark): mark for mark in (*_read(path), *marks)}
    entries = [asdict(mark) for mark in known.values()]
    write_text(path, json.dumps({CHECKED: entries}, indent=1) + "\n")
    return path


def _require_own(path: Path) -> None:
    """Require that a file is one of marks, if it is there: no other file is replaced."""
    try:
        is_own = isinstance(read_json(path).get(CHECKED), list)
    except FileNotFoundError:
        return
    except (OSError, ValueError):
        is_own = False
    if not is_own:
        raise SaveError(f"{path} was not saved: another file has this name; rename that.")


def _key(mark: Mark) -> tuple[Any, ...]:
    return mark.kind, mark.name, mark.voxel


def _read(path: Path) -> list[Mark]:
    """Marks of a file; of one that is damaged, those that are whole."""
    try:
        entries = read_json(path).get(CHECKED)
    except (OSError, ValueError):
        return []
    found = map(_mark, entries if isinstance(entries, list) else [])
    return [mark for mark in found if mark is not None]


def _mark(entry: Any) -> Mark | None:
    try:
        voxel, start, stop = (_indices(entry[key]) for key in ("voxel", "start", "stop"))
        texts = [entry[key] for key in ("kind", "name", "user", "when")]
        checked = entry["checked"]
    except (KeyError, TypeError, ValueError):
        return None
    if not all(isinstance(text, str) for text in texts) or not isinstance(checked, bool):
        return None
    kind, name, user, when = texts
    return Mark(kind, name, voxel, start, stop, checked, user, when)


def _indices(values: Any) -> Shape:
    i, j, k = values
    if not all(type(value) is int for value in (i, j, k)):
        raise ValueError("no indices of a voxel")
    return i, j, k
