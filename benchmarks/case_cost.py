"""What a case costs `abdoseg predict`, by size and preset: seconds by stage, memory and bytes.

The command's seconds are from its start to its end, those of stages from the case's report. The
rest of them starts Python, loads the model, tells what the case will take, measures organs and
writes files. Voxels are gzipped at their stored type, as they travel to a cluster that shares no
disk. Let nothing else run beside it.

    python benchmarks/case_cost.py --output case_cost.md
    python benchmarks/case_cost.py --slices --scan torso_ct.nii.gz
    python benchmarks/case_cost.py --slices 20 --size 64
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from jobs import ABDOSEG, Run, commands, run
from large_scan import large_ct
from whole_job import facts, markdown

from napari_abdoseg.batch.case_report import read_report
from napari_abdoseg.batch.cluster.packed import PackedVolume
from napari_abdoseg.batch.finding import find_cases
from napari_abdoseg.image.nifti.volumes import read_volume, write_volume
from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.inference.preset import PRESETS

KB, MB = 1e3, 1e6


@dataclass(frozen=True)
class Cost:
    """What a case costs with a preset; the sizes of files are in bytes."""

    shape: str
    preset: str
    taken: Run
    stages: dict[str, float]
    ct: int
    labels: int
    report: int
    packed: int


def main() -> None:
    """Print the table as it grows, and write it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--slices", nargs="*", type=int, default=[100, 200, 300])
    parser.add_argument("--size", type=int, default=512, help="voxels of these in plane")
    parser.add_argument("--scan", type=Path, help="a CT to be measured, too")
    parser.add_argument("--presets", nargs="+", choices=PRESETS, default=["balanced", "fast"])
    parser.add_argument("--model", default="demo", help="a model's name or its folder")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--output", type=Path, help="Markdown file for the table")
    chosen = parser.parse_args()
    title = facts(read_model(chosen.model), chosen.device)
    costs: list[Cost] = []
    run([ABDOSEG, "--help"])
    with TemporaryDirectory() as place:
        for scan in scans(chosen, Path(place)):
            for cost in costs_of(scan, chosen):
                costs.append(cost)
                table = f"{title}\n\n{markdown(rows(costs))}"
                print(f"{table}\n", flush=True)
                if chosen.output:
                    chosen.output.write_text(f"{table}\n", encoding="utf-8")


def scans(chosen: argparse.Namespace, place: Path) -> Iterator[Path]:
    """Files of all scans."""
    for slices in chosen.slices:
        path = place / f"ct{slices}.nii.gz"
        write_volume(path, large_ct(slices, chosen.size)[0])
        yield path
    if chosen.scan:
        yield chosen.scan


def costs_of(scan: Path, chosen: argparse.Namespace) -> Iterator[Cost]:
    """Of one scan with each preset."""
    volume = read_volume(scan)
    shape = " × ".join(map(str, volume.data.shape))
    packed = len(PackedVolume.of(volume).voxels.content)
    _, *ours = commands(scan, read_model(chosen.model), chosen.presets, chosen.device)
    for preset, command in ours:
        with TemporaryDirectory() as output:
            taken = run([*command, output])
            (case,) = find_cases([scan], Path(output))
            stages = read_report(case.report)["seconds"]
            sizes = (path.stat().st_size for path in (scan, case.labels, case.report))
            yield Cost(shape, preset, taken, stages, *sizes, packed)


def rows(costs: Sequence[Cost]) -> list[tuple[str, ...]]:
    """A row a size and preset, below their head."""
    stages = list(dict.fromkeys(stage for cost in costs for stage in cost.stages))
    times = ("command, s", *(f"{stage}, s" for stage in stages), "the rest, s")
    sizes = ("CT, MB", "label map, kB", "JSON, kB", "voxels gzipped, MB")
    head = ("slices × rows × columns", "preset", *times, "peak MB", *sizes)
    return [head, *(as_row(cost, stages) for cost in costs)]


def as_row(cost: Cost, stages: Sequence[str]) -> tuple[str, ...]:
    whole = cost.taken.seconds
    rest = whole - sum(cost.stages.values())
    parts = [f"{cost.stages[stage]:.2f}" if stage in cost.stages else "" for stage in stages]
    sizes = cost.ct / MB, cost.labels / KB, cost.report / KB, cost.packed / MB
    numbers = (f"{number:.1f}" for number in sizes)
    times = (f"{whole:.1f}", *parts, f"{rest:.1f}")
    return cost.shape, cost.preset, *times, f"{cost.taken.mb:.0f}", *numbers


if __name__ == "__main__":
    main()
