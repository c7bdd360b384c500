"""Whole jobs of `abdoseg predict` against nnU-Net's own command, side by side.

`nnUNetv2_predict_from_modelfolder` and each preset of ours get the same files and the
same folds, and are called as a user calls them, on one large CT, on a folder of small
phantoms, and on scans of yours, one by one. Seconds are from the start of a command to its end.
Memory is the most that all its processes have together. DSC is to nnU-Net's label maps and to
the phantoms' truth, of several phantoms the mean and, in brackets, the worst. Let nothing else
run beside it: waiting threads of torch keep cores busy, so that other work slows either side by
a factor of its own.

    python benchmarks/whole_job.py --output whole_job.md
    python benchmarks/whole_job.py --device cuda --stages
    python benchmarks/whole_job.py --slices 60 --size 128 --cases 2
    python benchmarks/whole_job.py --slices 0 --cases 0 --scan CT.nii.gz
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
from jobs import ABDOSEG, NNUNET, Job, run, run_jobs, warm_up
from large_scan import large_ct
from small_scan import abdomen

from napari_abdoseg.evaluation.dice import dice
from napari_abdoseg.evaluation.processes import available_cores
from napari_abdoseg.image.nifti.volumes import read_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.inference.model.model_folder import Model, read_model
from napari_abdoseg.inference.preset import PRESETS

STAGES = ("preprocessing.py", "export.py")
FIRST_SEED = 1000


def main() -> None:
    """Print the tables as they come, and write them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--slices", type=int, default=300, help="of the large CT; 0: without it")
    parser.add_argument("--size", type=int, default=512, help="voxels of the large CT in plane")
    parser.add_argument("--cases", type=int, default=20, help="small phantoms; 0: without them")
    parser.add_argument("--margin", type=float, help="mm around organs to cut phantoms at")
    parser.add_argument("--scan", type=Path, nargs="*", default=[], help="besides phantoms")
    parser.add_argument("--presets", nargs="+", choices=PRESETS, default=list(PRESETS))
    parser.add_argument("--model", default="demo", help="a model's name or its folder")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--stages", action="store_true", help="run single stages of it, too")
    parser.add_argument("--output", type=Path, help="Markdown file for the tables")
    chosen = parser.parse_args()
    if chosen.stages and not chosen.slices:
        parser.error("--stages needs --slices")
    parts = []
    for part in report(chosen):
        print(part, end="\n\n", flush=True)
        parts.append(part)
        if chosen.output:
            chosen.output.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def report(chosen: argparse.Namespace) -> Iterator[str]:
    model = read_model(chosen.model)
    ways = model, chosen.presets, chosen.device
    yield f"# `{ABDOSEG.name} predict` against `{NNUNET.name}`\n\n{facts(model, chosen.device)}"
    warm_up()
    if chosen.slices:
        scan, truth = large_ct(chosen.slices, chosen.size)
        yield section("One CT", scan, run_jobs([scan], *ways), [truth])
    if chosen.cases:
        phantoms = [phantom(FIRST_SEED + number, chosen.margin) for number in range(chosen.cases)]
        scans, truths = zip(*phantoms, strict=True)
        title = f"One folder of {chosen.cases} phantoms"
        yield section(title, scans[0], run_jobs(scans, *ways), truths)
    for path in chosen.scan:
        scan = read_volume(path)
        yield section(path.name, scan, run_jobs([scan], *ways))
    for script in STAGES if chosen.stages else ():
        path = Path(__file__).with_name(script)
        said = run([sys.executable, path, "--slices", str(chosen.slices)]).said
        yield f"## {script}\n\n```\n{said.rstrip()}\n```"


def phantom(seed: int, margin: float | None) -> tuple[Volume, LabelMap]:
    """A scan and its truth."""
    return make_phantom(seed) if margin is None else abdomen(seed, margin)


def facts(model: Model, device: str) -> str:
    """Model and machine, in a sentence."""
    if device == "cuda":
        # This process stays without torch: of memory that it shared, a job would have less.
        asking = "import torch; print(torch.cuda.get_device_name())"
        device = run([sys.executable, "-c", asking]).said.strip()
    return (
        f"Model {model.name}, folds {', '.join(model.folds)}; device {device}, "
        f"{available_cores()} CPU cores under a load of {os.getloadavg()[0]:.1f}; "
        f"torch {version('torch')}, nnunetv2 {version('nnunetv2')}."
    )


def section(title: str, scan: Volume, jobs: Sequence[Job], truths: Sequence[LabelMap] = ()) -> str:
    grid = scan.grid
    voxels, spacing = (" x ".join(f"{n:.4g}" for n in each) for each in (grid.shape, grid.spacing))
    heading = f"## {title}, {voxels} voxels of {spacing} mm"
    return "\n\n".join((heading, cost_table(*jobs), dice_table(*jobs, truths=truths)))


def cost_table(nnunet: Job, *ours: Job) -> str:
    rows = [("", "seconds", "ratio", "MB", "ratio", "voxels that differ")]
    for job in (nnunet, *ours):
        faster, smaller = nnunet.seconds / job.seconds, nnunet.mb / job.mb
        costs = f"{job.seconds:.1f}", f"{faster:.2f}", f"{job.mb:.0f}", f"{smaller:.2f}"
        rows.append((job.name, *costs, differing(job.labels, nnunet.labels)))
    return markdown(rows)


def differing(ours: Iterable[LabelMap], theirs: Iterable[LabelMap]) -> str:
    unequal = [one.data != other.data for one, other in zip(ours, theirs, strict=True)]
    return f"{sum(map(np.count_nonzero, unequal)):,} of {sum(each.size for each in unequal):,}"


def dice_table(nnunet: Job, *ours: Job, truths: Sequence[LabelMap]) -> str:
    organs = nnunet.labels[0].organs
    compared = [
        *((job, "nnU-Net", nnunet.labels) for job in ours),
        *((job, "the truth", truths) for job in (nnunet, *ours) if truths),
    ]
    rows = [("DSC", *(organ.name for organ in organs))]
    for job, name, references in compared:
        scores = [dice(*pair) for pair in zip(job.labels, references, strict=True)]
        cells = (mean_and_worst([case.get(organ, np.nan) for case in scores]) for organ in organs)
        rows.append((f"{job.name} to {name}", *cells))
    return markdown(rows)


def mean_and_worst(scores: Sequence[float]) -> str:
    worst = f" ({min(scores):.5f})" if len(scores) > 1 else ""
    return f"{np.mean(scores):.5f}{worst}"


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table; the first row is its head."""
    rule = ("---", *["--:"] * (len(rows[0]) - 1))
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))


if __name__ == "__main__":
    main()
