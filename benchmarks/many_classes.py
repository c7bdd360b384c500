"""`abdoseg predict` against nnU-Net's own command with a network of 118 classes at 3 mm.

The model is of the make of TotalSegmentator's `total_fast` and untrained: see `untrained_model.py`.
It finds organs everywhere at random, so that there is no air for `balanced` to leave out and each
voxel of the scan lies on the surface of an organ. nnU-Net holds the logits of all classes in the
size of the scan; where that is more than this machine's memory, leave it out by `--alone`.
Memory is the most that all processes of a command have together.

    python benchmarks/many_classes.py --output many_classes.md
    python benchmarks/many_classes.py --size 512 --alone
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from jobs import run, run_jobs, warm_up
from large_scan import large_ct
from whole_job import cost_table, facts, markdown

from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.inference.preset import PRESETS

MAKER = Path(__file__).with_name("untrained_model.py")


def main() -> None:
    """Print the table, and write it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--size", type=int, default=256, help="voxels in plane")
    parser.add_argument("--presets", nargs="+", choices=PRESETS, default=list(PRESETS))
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--alone", action="store_true", help="without nnU-Net")
    parser.add_argument("--output", type=Path, help="Markdown file for the table")
    chosen = parser.parse_args()
    with TemporaryDirectory() as place:
        run([sys.executable, MAKER, Path(place) / "total_like"])
        text = report(chosen, Path(place) / "total_like")
    print(text)
    if chosen.output:
        chosen.output.write_text(f"{text}\n", encoding="utf-8")


def report(chosen: argparse.Namespace, folder: Path) -> str:
    model = read_model(folder)
    warm_up()
    scan, _ = large_ct(chosen.slices, chosen.size)
    jobs = run_jobs([scan], model, chosen.presets, chosen.device, with_nnunet=not chosen.alone)
    rows = [
        ("", "seconds", "MB"),
        *((job.name, f"{job.seconds:.1f}", f"{job.mb:.0f}") for job in jobs),
    ]
    table = markdown(rows) if chosen.alone else cost_table(*jobs)
    shape = " x ".join(map(str, scan.data.shape))
    return f"{facts(model, chosen.device)}\n\nA CT of {shape} voxels.\n\n{table}"


if __name__ == "__main__":
    main()
