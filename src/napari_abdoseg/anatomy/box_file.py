"""Bounding boxes as CSV and JSON files, in voxels and in millimetres.

Voxels are those of the scan's own file, in its axis order and half open;
millimetres are RAS+. The scan's shape and affine are in the file too, so that
boxes can be read without the scan.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.files.csv_table import csv_text, read_records
from napari_abdoseg.image.files.saving import write_text
from napari_abdoseg.image.grid import Grid

FORMAT = "napari-abdoseg boxes"
SUFFIXES = (".csv", ".json")

_START = ("i_start", "j_start", "k_start")
_STOP = ("i_stop", "j_stop", "k_stop")
_LOW = ("r_min_mm", "a_min_mm", "s_min_mm")
_HIGH = ("r_max_mm", "a_max_mm", "s_max_mm")
_SHAPE = ("shape_i", "shape_j", "shape_k")
_AFFINE = tuple(f"affine_{row}{column}" for row in range(3) for column in range(4))
CSV_COLUMNS = ("box", "color", *_START, *_STOP, *_LOW, *_HIGH, *_SHAPE, *_AFFINE)


class BoxFileError(AbdosegError):
    """A file does not hold boxes, or boxes can't be put into one."""


@dataclass(frozen=True, eq=False)
class NamedBoxes:
    """Boxes on the grid of one scan.

    Parameters
    ----------
    grid : Grid
    boxes : dict of str to Box
        By the name of what they bound, such as ``"liver"``.
    colors : dict of str to str
        As ``#rrggbb``, of those that have one.
    """

    grid: Grid
    boxes: Mapping[str, Box]
    colors: Mapping[str, str] = field(default_factory=dict)


def write_boxes(path: str | Path, named: NamedBoxes) -> None:
    """Write boxes as CSV, one a row, or as JSON, by the ending of ``path``.

    Raises
    ------
    BoxFileError
        The path ends neither in ``.csv`` nor in ``.json``.
    SaveError
        It could not be written; what was there before is untouched.

    Examples
    --------
    >>> from napari_abdoseg import bounding_boxes, make_phantom
    >>> from napari_abdoseg.anatomy.box_file import NamedBoxes, read_boxes, write_boxes
    >>> labels = make_phantom(1, (12.0, 10.0, 10.0))[1]
    >>> boxes = {organ.name: box for organ, box in bounding_boxes(labels).items()}
    >>> write_boxes("boxes.csv", NamedBoxes(labels.grid, boxes))
    >>> read_boxes("boxes.csv").boxes == boxes
    True
    """
    path = Path(path)
    if path.suffix.lower() == ".csv":
        write_text(path, _to_csv(named))
    elif path.suffix.lower() == ".json":
        write_text(path, json.dumps(_to_json(named), indent=2) + "\n")
    else:
        raise BoxFileError(f"{path} was not saved: boxes are saved as .csv or .json.")


def read_boxes(path: str | Path) -> NamedBoxes:
    """Read boxes that `write_boxes` wrote.

    Raises
    ------
    BoxFileError
        It holds no boxes, or something of them is missing or wrong.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BoxFileError(f"{path} can't be read: {error}.") from error
    if not _looks_like_boxes(path, text):
        raise BoxFileError(f"{path} holds no boxes of napari-abdoseg: choose another file.")
    try:
        named = _from_csv(text) if path.suffix.lower() == ".csv" else _from_json(text)
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise BoxFileError(
            f"{path} is damaged ({error}): save the boxes again from the label map."
        ) from error
    for name, box in named.boxes.items():
        size = np.subtract(box.stop, box.start)
        if min(box.start) < 0 or size.min() < 1 or (box.stop > np.array(named.grid.shape)).any():
            raise BoxFileError(
                f"{path}: the box {name} is not within its scan: save the boxes again."
            )
    return named


def holds_boxes(path: str | Path) -> bool:
    """Whether a file looks like one that `write_boxes` wrote."""
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig") as file:
            return _looks_like_boxes(path, file.read(4096))
    except (OSError, UnicodeDecodeError):
        return False


def _looks_like_boxes(path: Path, text: str) -> bool:
    if path.suffix.lower() == ".csv":
        return text.startswith(",".join(CSV_COLUMNS[:5]))
    return f'"format": "{FORMAT}"' in text


def _to_json(named: NamedBoxes) -> dict[str, Any]:
    entries = []
    for name, box in named.boxes.items():
        start, stop = box.stored_bounds(named.grid)
        low, high = box.ras_bounds(named.grid)
        entries.append(
            {
                "name": name,
                "color": named.colors.get(name, ""),
                "voxels": {"start": start, "stop": stop},
                "mm": {"min": low, "max": high},
            }
        )
    return {
        "format": FORMAT,
        "shape": named.grid.stored_shape,
        "affine": named.grid.affine.tolist(),
        "boxes": entries,
    }


def _from_json(text: str) -> NamedBoxes:
    content = json.loads(text)
    grid = _grid(content["shape"], content["affine"])
    entries = {entry["name"]: entry for entry in content["boxes"]}
    return NamedBoxes(
        grid,
        {
            name: Box.from_stored_bounds(entry["voxels"]["start"], entry["voxels"]["stop"], grid)
            for name, entry in entries.items()
        },
        {name: entry["color"] for name, entry in entries.items() if entry["color"]},
    )


def _to_csv(named: NamedBoxes) -> str:
    rows = []
    for name, box in named.boxes.items():
        start, stop = box.stored_bounds(named.grid)
        low, high = box.ras_bounds(named.grid)
        affine = named.grid.affine[:3].ravel().tolist()
        color = named.colors.get(name, "")
        shape = named.grid.stored_shape
        rows.append([name, color, *start, *stop, *low, *high, *shape, *affine])
    return csv_text(CSV_COLUMNS, rows)


def _from_csv(text: str) -> NamedBoxes:
    rows = list(read_records(io.StringIO(text, newline="")))
    if not rows:
        raise ValueError("there is no row")
    grids = {tuple(row[column] for column in (*_SHAPE, *_AFFINE)) for row in rows}
    if len(grids) > 1:
        raise ValueError("its boxes are of several scans")
    affine = np.array([float(rows[0][column]) for column in _AFFINE]).reshape(3, 4)
    grid = _grid([rows[0][column] for column in _SHAPE], [*affine.tolist(), [0, 0, 0, 1]])
    return NamedBoxes(
        grid,
        {
            row["box"]: Box.from_stored_bounds(
                [int(row[column]) for column in _START],
                [int(row[column]) for column in _STOP],
                grid,
            )
            for row in rows
        },
        {row["box"]: row["color"] for row in rows if row["color"]},
    )


def _grid(shape: Any, affine: Any) -> Grid:
    i, j, k = (int(size) for size in shape)
    matrix = np.array(affine, dtype=float)
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all() or not np.linalg.det(matrix):
        raise ValueError("its affine is no place in space")
    return Grid((i, j, k), matrix)
