"""Where the scan of a result lies, as its report says it, and the scan read from there."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import Any

from napari_abdoseg.batch.file_identity import FileIdentity
from napari_abdoseg.errors import AbdosegError, ImageError
from napari_abdoseg.evaluation.pairs import find_cases
from napari_abdoseg.image.files.file_names import has_image_suffix
from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.image.nifti.formats import load_grid
from napari_abdoseg.image.nifti.forms import lie_together
from napari_abdoseg.image.nifti.volumes import read_volume
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.progress import Progress, Work

STAGE = "Looking for the CT"


def path_from(folder: Path, scan: Path) -> str | None:
    """The way from a folder of results to a scan, which stays right when both are moved.

    None where there is no such way, as to another drive of Windows.
    """
    place = Path(os.path.realpath(scan.parent), scan.name)
    try:
        return Path(os.path.relpath(place, os.path.realpath(folder))).as_posix()
    except ValueError:
        return None


def reading_scan(
    case: str, labels: LabelMap, report: Path, scans: Path | None
) -> Work[Volume | None]:
    """Read the scan that a label map is of, and tell where it was looked for if it is not there.

    Parameters
    ----------
    case : str
    labels : LabelMap
        Read from a file.
    report : Path
        Of the case. What it says is tried: a scan is one that lies on the label map's grid.
    scans : Path or None
        Folder of scans that the user has chosen; it comes first.
    """
    yield Progress(STAGE, 0, 0)
    content = _read_report(report)
    why_not = []
    for place in (*([scans] if scans else []), *_places(content, report.parent)):
        try:
            path = _scan_at(place, case, labels)
            scan = read_volume(path)
        except (AbdosegError, OSError) as error:
            why_not.append(str(error).removesuffix("."))
            continue
        if _is_other(path, content):
            yield Progress(STAGE, 0, 0, f"{path} has changed since {case} was segmented.")
        return scan
    reasons = " and ".join(why_not) or f"{report} does not say where it is"
    yield Progress(STAGE, 0, 0, f"The CT of {case} was not found: {reasons}.")
    return None


def _read_report(path: Path) -> dict[str, Any]:
    try:
        return read_json(path)
    except (OSError, ValueError):
        return {}


def _places(report: dict[str, Any], folder: Path) -> tuple[Path, ...]:
    """Files that a report names, as seen from its folder; it can name none elsewhere."""
    ways = filter(_is_way, (report.get("image_path"), report.get("image")))
    home = os.path.realpath(folder)
    return tuple(dict.fromkeys(Path(os.path.normpath(Path(home, str(way)))) for way in ways))


def _is_way(told: object) -> bool:
    """Whether it can be the way to a file from where its report is."""
    return isinstance(told, str) and not PurePath(told).anchor and has_image_suffix(Path(told))


def _scan_at(place: Path, case: str, labels: LabelMap) -> Path:
    """The file of a case in a folder, or the file itself, if it lies on a label map's grid."""
    path = place
    if place.is_dir():
        cases = find_cases(place)
        if case not in cases:
            raise ImageError(f"{place} has no CT of that name")
        path = cases[case]
    if not path.is_file():
        raise ImageError(f"{path} is not there")
    if path == labels.path:
        raise ImageError(f"{path} is the label map")
    if not lie_together(load_grid(path), labels.grid):
        raise ImageError(f"{path} is not on the grid of {labels.path}")
    return path


def _is_other(path: Path, report: dict[str, Any]) -> bool:
    """Whether a file is not the one that a report names; old reports name none."""
    made_of, found = report.get("image_file"), FileIdentity.of(path)
    return bool(made_of) and found is not None and found.content != made_of
