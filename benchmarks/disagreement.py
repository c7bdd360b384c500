"""What it costs to know where folds disagree: its share of a whole segmentation.

Counted is all the time in functions that nothing else needs, and in `balanced` also that of
the winners by which tiles are settled.

    python benchmarks/disagreement.py --model MIRRORED_DEMO
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

from large_scan import large_ct

from napari_abdoseg.inference import segmentation
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.network import accumulator, sliding_window
from napari_abdoseg.inference.review.disagreement import Disagreement
from napari_abdoseg.progress import drain


class Clock:
    """Adds up the time that functions take."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            begin = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self.seconds += time.perf_counter() - begin

        return call


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="demo")
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--presets", nargs="+", default=["balanced", "exact"])
    chosen = parser.parse_args()
    clock = Clock()
    for module in (sliding_window, accumulator):
        module.map_winners = clock.timed(module.map_winners)
    between_folds = clock.timed(Disagreement.between_folds)
    segmentation.Disagreement.between_folds = staticmethod(between_folds)
    scan, _ = large_ct(chosen.slices, chosen.size)
    ensemble = load_ensemble(chosen.model, device="cpu")
    for preset in chosen.presets:
        clock.seconds, begin = 0.0, time.perf_counter()
        drain(segmentation.segmenting(scan, ensemble, preset))
        whole = time.perf_counter() - begin
        share = clock.seconds / whole
        print(f"{preset}: {clock.seconds:.2f} s of {whole:.1f} s, {share:.1%}", flush=True)


if __name__ == "__main__":
    main()
