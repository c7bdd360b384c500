"""A folder of equal CTs by `abdoseg predict`, against single runs and nnU-Net's own command.

All are called as a user calls them. Single runs are measured a few times and summed up for all
cases: each starts Python and loads the model anew, which a run on a folder does once. Memory is
the most that all processes of a command have together. Let nothing else run beside it.

    python benchmarks/folder_throughput.py --output folder_throughput.md
    python benchmarks/folder_throughput.py --cases 3 --slices 20 --size 64 --singles 1 --workers 1
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from jobs import Run, commands, run, warm_up
from large_scan import add_noise, enlarged
from small_scan import abdomen
from whole_job import FIRST_SEED, facts, markdown

from napari_abdoseg.image.nifti.volumes import write_volume
from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.inference.preset import PRESETS

MARGIN = 40.0
"""mm of each CT around its organs, as in CTs of the abdomen."""
HEAD = ("", "seconds", "sum of single runs / it", "nnU-Net / it", "MB")


def main() -> None:
    """Print the table as it grows, and write it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=20)
    parser.add_argument("--slices", type=int, default=120, help="of each CT")
    parser.add_argument("--size", type=int, default=512, help="voxels of each CT in plane")
    parser.add_argument("--singles", type=int, default=4, help="single runs that are measured")
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--presets", nargs="+", choices=PRESETS, default=["balanced", "exact"])
    parser.add_argument("--model", default="demo", help="a model's name or its folder")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--output", type=Path, help="Markdown file for the table")
    chosen = parser.parse_args()
    if not 1 <= chosen.singles <= chosen.cases:
        parser.error("--singles is from 1 to the number of cases")
    cases = f"{chosen.cases} CTs of {chosen.slices} x {chosen.size} x {chosen.size} voxels."
    title = f"{facts(read_model(chosen.model), chosen.device)} {cases}"
    rows = [HEAD]
    for row in measured(chosen):
        print(*row, sep=" | ", flush=True)
        rows.append(row)
        if chosen.output:
            chosen.output.write_text(f"{title}\n\n{markdown(rows)}\n", encoding="utf-8")
    print(f"\n{title}\n\n{markdown(rows)}")


def measured(chosen: argparse.Namespace) -> Iterator[tuple[str, ...]]:
    """A row a way."""
    warm_up()
    with TemporaryDirectory() as place:
        scans, outputs = Path(place) / "scans", Path(place) / "outputs"
        write_scans(scans, chosen)
        ways = read_model(chosen.model), chosen.presets, chosen.device
        (_, nnunet), *ours = commands(scans, *ways)
        theirs = run([*nnunet, outputs / "nnU-Net"])
        yield as_row("nnU-Net", theirs, None, theirs.seconds)
        for preset, command in ours:
            files = sorted(scans.iterdir())[: chosen.singles]
            singles = (
                run([*(file if part == scans else part for part in command), outputs / file.stem])
                for file in files
            )
            one_by_one = summed(singles, chosen.cases)
            name = f"`{preset}`, single runs ({chosen.singles} of {chosen.cases} measured)"
            yield as_row(name, one_by_one, one_by_one.seconds, theirs.seconds)
            for workers in chosen.workers:
                output = outputs / f"{preset}_{workers}"
                together = run([*command, output, "--workers", str(workers)])
                name = f"`{preset}`, the folder, {workers} worker{'s' if workers > 1 else ''}"
                yield as_row(name, together, one_by_one.seconds, theirs.seconds)


def write_scans(folder: Path, chosen: argparse.Namespace) -> None:
    """A noisy CT of the abdomen under so many names."""
    folder.mkdir()
    first, *others = (folder / f"case{number:02}_0000.nii.gz" for number in range(chosen.cases))
    patient = abdomen(FIRST_SEED, MARGIN)
    scan, _ = enlarged(patient, (chosen.slices, chosen.size, chosen.size))
    add_noise(scan.data)
    write_volume(first, scan)
    for other in others:
        other.hardlink_to(first)


def summed(singles: Iterable[Run], count: int) -> Run:
    """What ``count`` runs like these take one after the other."""
    runs = list(singles)
    mean = sum(each.seconds for each in runs) / len(runs)
    return Run(count * mean, max(each.mb for each in runs), "")


def as_row(name: str, taken: Run, singles: float | None, nnunet: float) -> tuple[str, ...]:
    over_singles = f"{singles / taken.seconds:.2f}" if singles else ""
    over_nnunet = f"{nnunet / taken.seconds:.2f}"
    return name, f"{taken.seconds:.1f}", over_singles, over_nnunet, f"{taken.mb:.0f}"


if __name__ == "__main__":
    main()
