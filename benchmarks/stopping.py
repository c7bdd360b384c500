"""How many passes `balanced` saves, and how far its label maps are from those of `exact`.

Both look at the same phantoms, and scans, within one process; passes are counted, no time is
taken, so that other work may run beside it. A case is as good as its worst organ.

    python benchmarks/stopping.py --model MIRRORED --cases 20 --scan CT.nii.gz
    python benchmarks/stopping.py --cases 1 --margin 10
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from whole_job import FIRST_SEED, markdown, mean_and_worst, phantom

from napari_abdoseg import load_ensemble, segmenting
from napari_abdoseg.evaluation.dice import dice
from napari_abdoseg.image.nifti.volumes import read_volume
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.model.ensemble import Ensemble
from napari_abdoseg.progress import drain

ENOUGH = 0.999


def main() -> None:
    """Print a line a case as they come, and the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="demo", help="a model's name or its folder")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--cases", type=int, default=20, help="phantoms")
    parser.add_argument("--first", type=int, default=FIRST_SEED, help="number of the first of them")
    parser.add_argument("--margin", type=float, help="mm around organs to cut phantoms at")
    parser.add_argument("--scan", type=Path, nargs="*", default=[], help="besides phantoms")
    chosen = parser.parse_args()
    ensemble = load_ensemble(chosen.model, device=chosen.device)
    shares, scores = [], []
    seeds = range(chosen.first, chosen.first + chosen.cases)
    for name, volume in scans(seeds, chosen.margin, chosen.scan):
        share, score = compare(volume, ensemble)
        print(f"{name}: {share:.3f} of the passes,", np.round(score, 5), flush=True)
        shares.append(share)
        scores.append(score)
    organs = [organ.name for organ in ensemble.organs]
    kept = sum(min(score) >= ENOUGH for score in scores)
    rows = [
        ("cases", "share of the passes", *organs, f"all organs >= {ENOUGH}"),
        (
            str(len(scores)),
            f"{np.mean(shares):.3f}",
            *map(mean_and_worst, zip(*scores, strict=True)),
            f"{kept} of {len(scores)}",
        ),
    ]
    print(markdown(rows))


def scans(seeds: range, margin: float | None, files: list[Path]) -> Iterator[tuple[str, Volume]]:
    for seed in seeds:
        yield f"phantom {seed}", phantom(seed, margin)[0]
    for path in files:
        yield path.name, read_volume(path)


def compare(volume: Volume, ensemble: Ensemble) -> tuple[float, list[float]]:
    """Passes of `balanced` as a share of all, and each organ's DSC to `exact`."""
    exact, found = (drain(segmenting(volume, ensemble, name)) for name in ("exact", "balanced"))
    passes = sum(share.passes for share in found.shares)
    everywhere = sum(share.passes_everywhere for share in found.shares)
    return passes / everywhere, list(dice(found.labels, exact.labels).values())


if __name__ == "__main__":
    main()
