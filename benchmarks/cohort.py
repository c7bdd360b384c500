"""A cohort's evaluation by all cores against one: seconds a case, and memory of a worker.

The cases are links to a few good and bad predictions of 13 organs.

    python benchmarks/cohort.py
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

from compared_masks import BAD, GOOD, ORGANS, compared_masks

from napari_abdoseg import evaluate, write_labels
from napari_abdoseg.evaluation.processes import available_cores

MB = 1 << 20


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--shape", default="300,512,512", help="z,y,x")
    arguments = parser.parse_args()
    shape = tuple(int(size) for size in arguments.shape.split(","))
    with tempfile.TemporaryDirectory() as folder:
        predictions, references = _cohort(Path(folder), shape, arguments.cases)
        few = Path(folder) / "one"
        seconds_of_one = _seconds(*_cohort(few, shape, 4), workers=1) / 4
        cores = available_cores()
        seconds = _seconds(predictions, references, cores) / arguments.cases
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / MB
    print(f"{arguments.cases} cases of {shape} voxels and {len(ORGANS)} organs")
    print(f"{'one process':24}{seconds_of_one:8.2f} s a case")
    print(f"{f'{cores} processes':24}{seconds:8.2f} s a case")
    print(f"{'ratio':24}{seconds_of_one / seconds:8.2f}")
    print(f"{'memory of a worker':24}{memory:8.0f} MB at most")


def _cohort(folder: Path, shape: tuple[int, ...], cases: int) -> tuple[Path, Path]:
    """Folders of predictions and references."""
    folders = folder / "predictions", folder / "references"
    for each in folders:
        each.mkdir(parents=True)
    for case in range(cases):
        kept = [each / f"case_{case % 2}.nii.gz" for each in folders]
        if case < 2:
            masks = compared_masks(shape, ORGANS, (GOOD, BAD)[case])
            for path, labels in zip(kept, masks, strict=True):
                write_labels(path, labels)
        else:
            for path in kept:
                path.with_name(f"case_{case}.nii.gz").symlink_to(path)
    return folders


def _seconds(predictions: Path, references: Path, workers: int) -> float:
    begin = time.perf_counter()
    cohort = evaluate(predictions, references, predictions.parent / "results", workers=workers)
    assert not cohort.failed
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
