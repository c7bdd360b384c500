"""Time and memory of a work list of many cases, beside plain reading and writing.

    python benchmarks/worklist.py --cases 10000
    python benchmarks/worklist.py --cases 10000 --profile again

Each is measured in a process of its own. ``plain`` is the peer: it reads the JSON of all cases
with the standard library and does nothing else, ``look`` asks the system for the state of each
file. The system's cache of files is warm.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
from memory import MB, resident_mb

from napari_abdoseg.image.files.saving import write_text
from napari_abdoseg.progress import drain
from napari_abdoseg.worklist.listing.listing import chosen, listing, next_row
from napari_abdoseg.worklist.records.case_record import CaseRecord, Status
from napari_abdoseg.worklist.records.changing import change_record, with_comment
from napari_abdoseg.worklist.records.record_files import write_record
from napari_abdoseg.worklist.records.work_folder import WorkFolder

SHAPE = (24, 24, 12)
CHANGES = 100
SHOWN = 25
"""Functions of a profile."""


def main() -> None:
    """Make a work list, or measure one command of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, help="for it; a temporary one by default")
    parser.add_argument("--profile", choices=WORK, help="what of it is profiled")
    parser.add_argument("--one", choices=WORK, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        measure(WORK[arguments.one], WorkFolder.of(arguments.folder))
        return
    with tempfile.TemporaryDirectory() as temporary:
        scans = (arguments.folder or Path(temporary)) / "cts"
        folder = WorkFolder.of(scans)
        if not scans.exists():
            make(folder, arguments.cases)
        if arguments.profile:
            drain(listing(folder))
            profile(WORK[arguments.profile], folder)
            return
        print(f"{arguments.cases} cases{'':12}{'wall':>10}{'CPU':>10}{'memory':>10}")
        for name in WORK:
            told = run(name, scans)
            print(f"{name:22}{told[0]:9.2f} s{told[1]:8.2f} s{told[2]:7.0f} MB")
        print(f"index: {folder.index.stat().st_size / MB:.1f} MB")


def make(folder: WorkFolder, cases: int) -> None:
    """Scans, label maps of two thirds of them, and records and reports of these."""
    rng = np.random.default_rng(0)
    folder.scans.mkdir(parents=True)
    folder.masks.mkdir()
    affine = np.diag([-1.0, -1, 3, 1])
    scan = nib.Nifti1Image(rng.integers(-1000, 1000, SHAPE).astype(np.int16), affine).to_bytes()
    labels = nib.Nifti1Image(np.tile(np.arange(4, dtype=np.uint8), (24, 24, 3)), affine).to_bytes()
    report = json.dumps({"case": "x", "models": [{"name": "demo"}], "organs": []})
    for number in range(cases):
        name = f"case{number:05}"
        (folder.scans / f"{name}_0000.nii").write_bytes(scan)
        if number % 3:
            folder.labels_of(name).write_bytes(labels)
            (folder.masks / f"{name}.json").write_text(report)
            record = CaseRecord(name, f"{name}_0000.nii", list(Status)[number % 6], "anna")
            when = "2026-11-27T09:12:00+01:00"
            write_record(folder.record_of(name), replace(record, when=when, minutes=4.5))
    drain(listing(folder))
    folder.index.unlink()


def first(folder: WorkFolder) -> None:
    """The list, where nothing is known of it."""
    folder.index.unlink(missing_ok=True)
    drain(listing(folder))


def again(folder: WorkFolder) -> None:
    """The list, with the index."""
    drain(listing(folder))


def after_a_change(folder: WorkFolder) -> None:
    """The list, when one case has changed."""
    change_record(folder, "case00001", with_comment(str(time.time())))
    drain(listing(folder))


def choose_next(folder: WorkFolder) -> None:
    """The case to work on next, and the order of all."""
    rows = drain(listing(folder))
    next_row(rows)
    chosen(rows, sort="status")


def change(folder: WorkFolder) -> None:
    """Changes of single cases, so many as `CHANGES`."""
    for number in range(CHANGES):
        change_record(folder, f"case{number:05}", with_comment(f"{time.time()}"))


def plain(folder: WorkFolder) -> None:
    """Read the JSON of all cases, as they come."""
    for entry in os.scandir(folder.records):
        json.loads(Path(entry.path).read_text(encoding="utf-8"))


def look(folder: WorkFolder) -> None:
    """Ask for the state of each scan, label map, report and record."""
    for place in (folder.scans, folder.masks, folder.records):
        for entry in os.scandir(place):
            entry.stat()


def plain_write(folder: WorkFolder) -> None:
    """Write files as safely as records are, so many as `CHANGES`."""
    for number in range(CHANGES):
        write_text(folder.records / ".plain", f"{number}{'x' * 400}")
    (folder.records / ".plain").unlink()


WORK: dict[str, Callable[[WorkFolder], None]] = {
    "first": first,
    "again": again,
    "after_a_change": after_a_change,
    "next": choose_next,
    f"{CHANGES}_changes": change,
    "plain": plain,
    "look": look,
    f"{CHANGES}_plain_writes": plain_write,
}


def run(name: str, scans: Path) -> tuple[float, float, float]:
    """Seconds, CPU seconds and MB of one piece of work in a process of its own."""
    command = [sys.executable, __file__, "--one", name, "--folder", str(scans)]
    out = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    wall, cpu, memory = map(float, out.split())
    return wall, cpu, memory


def measure(work: Callable[[WorkFolder], None], folder: WorkFolder) -> None:
    """Print seconds, CPU seconds and MB beyond those of an idle process."""
    before, begin, used = resident_mb("VmRSS"), time.perf_counter(), time.process_time()
    work(folder)
    wall, cpu = time.perf_counter() - begin, time.process_time() - used
    print(wall, cpu, resident_mb("VmHWM") - before)


def profile(work: Callable[[WorkFolder], None], folder: WorkFolder) -> None:
    """Print what takes longest."""
    profiler = cProfile.Profile()
    profiler.runcall(work, folder)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(SHOWN)


if __name__ == "__main__":
    main()
