"""Makes a work list of small phantoms, each in another state, to look at and to measure with.

`python benchmarks/phantom_work_list.py FOLDER --cases 500` writes scans to FOLDER/cts and label
maps to FOLDER/cts_masks.
"""

from __future__ import annotations

import argparse
import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from napari_abdoseg import make_phantom
from napari_abdoseg.evaluation.told_quality import KEY
from napari_abdoseg.image.nifti.volumes import write_labels, write_volume
from napari_abdoseg.worklist.records.case_record import CaseRecord, Place, Status, Verdict
from napari_abdoseg.worklist.records.record_files import write_record
from napari_abdoseg.worklist.records.work_folder import WorkFolder

SPACING = (12.0, 7.0, 7.0)
USERS = ("anna", "bengt", "chiara")
REMARKS = ("cut at the dome", "contrast is late", "stent in the duct", "", "", "")
FLAGS = ("stent", "cirrhosis", "motion")
BEGAN = datetime(2026, 11, 2, 8, tzinfo=UTC)
DIFFERENT = 60
"""Phantoms; more cases are links to their files."""


def main() -> None:
    """Write them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, default=500)
    chosen = parser.parse_args()
    folder = WorkFolder.of(chosen.folder / "cts")
    for place in (folder.scans, folder.masks):
        place.mkdir(parents=True)
    chance = random.Random(1)
    for number in range(chosen.cases):
        _write(folder, number, chance)


def _write(folder: WorkFolder, number: int, chance: random.Random) -> None:
    name, twin = _name(number), _name(number % DIFFERENT)
    scan, labels = folder.scans / f"{name}_0000.nii.gz", folder.labels_of(name)
    status = chance.choice(list(Status)) if number else Status.IN_PROGRESS
    if number < DIFFERENT:
        volume, truth = make_phantom(number, SPACING)
        write_volume(scan, volume)
        write_labels(labels, truth)
        if status is Status.TO_DO:
            labels.unlink()
    else:
        scan.hardlink_to(folder.scans / f"{twin}_0000.nii.gz")
        source = folder.labels_of(twin)
        if status is not Status.TO_DO and source.is_file():
            labels.hardlink_to(source)
    if labels.is_file():
        _report(labels, chance)
    if status not in (Status.TO_DO, Status.PREDICTED):
        write_record(folder.record_of(name), _record(name, status, chance))


def _name(number: int) -> str:
    return f"patient{number + 1:05d}"


def _report(labels: Path, chance: random.Random) -> None:
    organs = ("liver", "kidney", "spleen", "pancreas")
    told = [{"name": organ, "voxels": 1000} for organ in organs]
    expected = [
        {"value": value, "name": organ, "agreement": round(dsc, 3), "expected_dsc": round(dsc, 3)}
        | {"interval": [0.6, 0.99]}
        for value, organ in enumerate(organs, start=1)
        for dsc in [chance.uniform(0.7, 0.98)]
    ]
    content = {"organs": told, "models": [{"name": "demo"}], KEY: {"organs": expected}}
    labels.with_name(f"{labels.name.removesuffix('.nii.gz')}.json").write_text(json.dumps(content))


def _record(name: str, status: Status, chance: random.Random) -> CaseRecord:
    when = BEGAN + timedelta(minutes=chance.randrange(30_000))
    record = CaseRecord(
        *(name, f"{name}_0000.nii.gz", status, chance.choice(USERS)),
        when.isoformat(timespec="seconds"),
        chance.choice(REMARKS),
        tuple(chance.sample(FLAGS, chance.choice((0, 0, 1)))),
        minutes=round(chance.uniform(1, 25), 1),
        voxels_changed={"liver": (chance.randrange(9000), chance.randrange(2000))},
        revision=1,
    )
    if status is Status.IN_PROGRESS and chance.random() < 0.4:
        place = Place((20, 25, 20), (10.0, -20.0, 30.0))
        back = Verdict(False, "dora", record.when, "the dome of the liver is missing", place)
        return replace(record, verdicts=(back,))
    return record


if __name__ == "__main__":
    main()
