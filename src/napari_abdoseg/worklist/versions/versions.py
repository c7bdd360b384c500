"""The label maps of a case: what models predicted and people corrected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_abdoseg.correction.journal.holder import now, user_name
from napari_abdoseg.errors import WorkListError
from napari_abdoseg.image.files.file_names import stem
from napari_abdoseg.image.files.json_beside import CORRECTIONS
from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.worklist.records.case_record import CaseRecord, Version
from napari_abdoseg.worklist.records.promised_labels import require_labels
from napari_abdoseg.worklist.records.work_folder import WorkFolder


def version_at(
    folder: WorkFolder, case: str, file: Path, scan: Path | None, model: str = ""
) -> Version:
    """A label map of a case as a version of it.

    Parameters
    ----------
    folder : WorkFolder
    case : str
    file : Path
    scan : Path or None
        None where that is gone.
    model : str, optional
        Which has predicted it; else it was corrected by who sits here.

    Raises
    ------
    WorkListError
        It is the label map of the case's own name, not there, or was made of another scan.
    ImageError
        It can't be read.
    """
    require_labels(file, case, scan)
    if file.resolve() == folder.labels_of(case).resolve():
        raise WorkListError(f"{file} is the label map of {case} already.")
    place = folder.seen_from_masks(file)
    if model:
        return Version(place, "prediction", model, now())
    return Version(place, "correction", user_name(), now())


def versions_of(folder: WorkFolder, record: CaseRecord) -> tuple[Version, ...]:
    """All label maps of a case, the one of its own name first, where there is one."""
    if not folder.labels_of(record.case).is_file():
        return record.versions
    return (saved_version(folder, folder.labels_of(record.case)), *record.versions)


def report_beside(labels: Path) -> Path:
    """The JSON beside a label map, which tells where it comes from."""
    return labels.with_name(f"{stem(labels)}.json")


def corrections_of(report: Path) -> list[dict[str, Any]]:
    """What the JSON beside a label map tells of who has corrected it; nothing where it can't."""
    entries = _told(report).get(CORRECTIONS, [])
    return [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []


def models_of(report: Path) -> str:
    """Names of the models that have predicted a label map, as the JSON beside it tells them."""
    models = _told(report).get("models", [])
    listed = models if isinstance(models, list) else []
    names = [str(model.get("name", "")) for model in listed if isinstance(model, dict)]
    return ", ".join(dict.fromkeys(names))


def organs_of(report: Path) -> tuple[str, ...]:
    """Organs that a label map has, as the JSON beside it tells them."""
    told = _told(report).get("organs", [])
    organs = (each for each in told if isinstance(each, dict)) if isinstance(told, list) else ()
    return tuple(str(organ["name"]) for organ in organs if "name" in organ and organ.get("voxels"))


def saved_version(folder: WorkFolder, file: Path) -> Version:
    """A label map as a version, by what the JSON beside it tells.

    It is a prediction as long as nobody has changed anything of it.
    """
    place, report = folder.seen_from_masks(file), report_beside(file)
    corrections = corrections_of(report)
    if not corrections:
        return Version(place, "prediction", models_of(report))
    last = corrections[-1]
    when, origin = str(last.get("when", "")), last.get("model")
    model = str(origin.get("name", "")) if isinstance(origin, dict) else ""
    if model and not any(map(_is_work, corrections)):
        return Version(place, "prediction", model, when)
    return Version(place, "correction", str(last.get("user", "")), when)


def _is_work(entry: dict[str, Any]) -> bool:
    """Whether anything was changed at a save."""
    return any(entry.get(key) for key in ("strokes", "voxels", "renamed", "added"))


def _told(report: Path) -> dict[str, Any]:
    try:
        return read_json(report)
    except (OSError, ValueError):
        return {}
