"""`abdoseg predict` and nnU-Net's own command on the same files, called as a user calls them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import NamedTuple

from memory import peak_tree_mb

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.volumes import read_labels, write_volume
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.inference.model.model_folder import Model


def installed(name: str) -> Path:
    """A command beside this Python, or else where the system looks for it."""
    found = shutil.which(
        name, path=os.pathsep.join((str(Path(sys.executable).parent), *os.get_exec_path()))
    )
    return Path(found or name)


NNUNET, ABDOSEG = installed("nnUNetv2_predict_from_modelfolder"), installed("abdoseg")
Command = Sequence[str | Path]


class Run(NamedTuple):
    """What a command took, with the memory of all its processes, and what it printed."""

    seconds: float
    mb: float
    said: str


@dataclass(frozen=True)
class Job:
    """What one way took, and the label maps that it made of the cases."""

    name: str
    seconds: float
    mb: float
    labels: list[LabelMap]


def warm_up() -> None:
    """Start both once, or the first to be timed would wait for the disk."""
    for program in (NNUNET, ABDOSEG):
        run([program, "--help"])


def run_jobs(
    scans: Sequence[Volume],
    model: Model,
    presets: Iterable[str],
    device: str,
    with_nnunet: bool = True,
) -> list[Job]:
    """nnU-Net and then each preset, with all scans in one call."""
    jobs = []
    with TemporaryDirectory() as folder:
        files = Path(folder) / "scans"
        files.mkdir()
        for number, scan in enumerate(scans):
            write_volume(files / f"case{number}_0000.nii.gz", scan)
        nnunets, *ours = commands(files, model, presets, device)
        for name, command in [*([nnunets] if with_nnunet else []), *ours]:
            output = Path(folder) / name
            seconds, mb, _ = run([*command, output])
            labels = [
                labels_on(scan.grid, output / f"case{number}.nii.gz", model.organs)
                for number, scan in enumerate(scans)
            ]
            jobs.append(Job(name, seconds, mb, labels))
    return jobs


def commands(
    files: Path, model: Model, presets: Iterable[str], device: str
) -> Iterator[tuple[str, Command]]:
    """Each way's name, and its command without the output folder at its end."""
    nnunets = ("-i", files, "-m", model.folder, "-f", *model.folds, "-device", device, "-o")
    yield "nnU-Net", (NNUNET, *nnunets)
    for preset in presets:
        ours = ("--model", model.folder, "--preset", preset, "--device", device, "--output")
        yield preset, (ABDOSEG, "predict", files, *ours)


def run(command: Command) -> Run:
    """Run a command to its end; when it fails, end with what it said."""
    with TemporaryFile("w+", encoding="utf-8") as output:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        mb = peak_tree_mb(process)
        seconds = time.perf_counter() - begin
        output.seek(0)
        said = output.read()
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{said}")
    return Run(seconds, mb, said)


def labels_on(grid: Grid, path: Path, organs: tuple[Organ, ...]) -> LabelMap:
    """A label map on exactly its scan's grid, from which nnU-Net's differs by rounding."""
    labels = read_labels(path, organs)
    assert labels.grid.matches(grid, tolerance=0.01)
    return replace(labels, grid=grid, organs=organs)
