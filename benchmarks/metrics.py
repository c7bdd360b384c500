"""NSD, DSC and a whole case against DeepMind's surface-distance, NumPy, and FLARE's way.

All in one run, on the same masks. The first ratio is of seconds, the second of processor seconds in
all threads, which other work on the machine changes less: ours looks at both masks at once, by two
threads. MONAI is compared too where it is installed:

    pip install surface-distance
    python benchmarks/metrics.py
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from compared_masks import BAD, GOOD, ORGANS, compared_masks

from napari_abdoseg.evaluation.dice import dice
from napari_abdoseg.evaluation.normalized_surface_dice import normalized_surface_dice
from napari_abdoseg.evaluation.organ_masks import organ_masks
from napari_abdoseg.evaluation.organ_scores import score_organ, score_organs
from napari_abdoseg.evaluation.score import Score
from napari_abdoseg.evaluation.tolerance import FLARE22, Tolerances
from napari_abdoseg.image.grid import Triple
from napari_abdoseg.image.volume import LabelMap

vars(np)["Inf"] = np.inf  # surface-distance is older than NumPy 2
warnings.filterwarnings("ignore", category=DeprecationWarning)
REPEATS = 3
ENOUGH = 0.3
"""Seconds of runs."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, nargs="+", default=[300, 600])
    for slices in parser.parse_args().slices:
        for stray, quality in ((GOOD, "good"), (BAD, "bad")):
            masks = compared_masks((slices, 512, 512), ORGANS, stray)
            scores = dice(*masks).values()
            print(
                f"\n{slices} x 512 x 512, {quality} predictions, "
                f"DSC {min(scores):.2f} to {max(scores):.2f}"
            )
            compare_nsd(*masks)
            compare_dice(*masks)
            compare_case(*masks)


def compare_nsd(prediction: LabelMap, reference: LabelMap) -> None:
    """NSD of single organs, from masks of the whole scan to the number."""
    peers = {"DeepMind": deepminds_nsd}
    if find_spec("monai"):
        peers["MONAI"] = monais_nsd
    for organ in (ORGANS[0], ORGANS[2], ORGANS[3]):
        masks = prediction.data == organ.value, reference.data == organ.value
        for tolerance in (1.0, 3.0):
            arguments = *masks, reference.grid.spacing, tolerance
            cost, ours = fastest(normalized_surface_dice, *arguments)
            for peer, nsd in peers.items():
                theirs_cost, theirs = fastest(nsd, *arguments)
                row(f"NSD {organ.name}, {tolerance:g} mm", peer, cost, theirs_cost)
                print(f"    difference {abs(ours - theirs):.1e}")


def deepminds_nsd(
    prediction: np.ndarray, reference: np.ndarray, spacing: Triple, tolerance: float
) -> float:
    from surface_distance import metrics

    distances = metrics.compute_surface_distances(reference, prediction, spacing)
    return float(metrics.compute_surface_dice_at_tolerance(distances, tolerance))


def monais_nsd(
    prediction: np.ndarray, reference: np.ndarray, spacing: Triple, tolerance: float
) -> float:
    import torch
    from monai.metrics import compute_surface_dice

    one, other = (torch.from_numpy(mask)[None, None] for mask in (prediction, reference))
    options = {"include_background": True, "spacing": spacing, "use_subvoxels": True}
    return float(compute_surface_dice(one, other, [tolerance], **options))


def compare_dice(prediction: LabelMap, reference: LabelMap) -> None:
    """DSC of all organs."""
    cost, ours = fastest(dice, prediction, reference)
    theirs_cost, theirs = fastest(dice_by_label, prediction, reference)
    row(f"DSC of {len(ORGANS)} organs", "NumPy by label", cost, theirs_cost)
    np.testing.assert_allclose(list(ours.values()), theirs, rtol=1e-12)


def dice_by_label(prediction: LabelMap, reference: LabelMap) -> list[float]:
    """As users write it."""
    scores = []
    for organ in reference.organs:
        a, b = prediction.data == organ.value, reference.data == organ.value
        scores.append(2 * (a & b).sum() / (a.sum() + b.sum()))
    return scores


def compare_case(prediction: LabelMap, reference: LabelMap) -> None:
    """DSC and NSD of all organs, ours also with HD95 and ASSD besides."""
    theirs_cost, theirs = fastest(flares_way, prediction, reference)
    for what, work in (("", dsc_and_nsd), (", HD95, ASSD", score_organs)):
        cost, ours = fastest(work, prediction, reference, FLARE22)
        row(f"case of {len(ORGANS)} organs{what}", "FLARE's way", cost, theirs_cost)
        np.testing.assert_allclose([(each.dsc, each.nsd) for each in ours], theirs, rtol=1e-12)


def dsc_and_nsd(prediction: LabelMap, reference: LabelMap, tolerances: Tolerances) -> list[Score]:
    """What FLARE's script computes, and no more."""
    return [
        score_organ(organ, *masks, reference.grid.spacing, tolerances.of(organ), False)
        for organ, *masks in organ_masks(prediction, reference)
    ]


def flares_way(prediction: LabelMap, reference: LabelMap) -> list[tuple[float, float]]:
    """DeepMind's functions on the whole scan for each organ, as FLARE's script calls them."""
    scores = []
    for organ, dsc in zip(reference.organs, dice_by_label(prediction, reference), strict=True):
        masks = prediction.data == organ.value, reference.data == organ.value
        nsd = deepminds_nsd(*masks, reference.grid.spacing, FLARE22.of(organ))
        scores.append((dsc, nsd))
    return scores


class Cost(NamedTuple):
    """What a call takes."""

    seconds: float
    of_processor: float


def fastest(work: Callable[..., Any], *arguments: Any) -> tuple[Cost, Any]:
    """Least that some runs take, more where they are short, and the result."""
    costs: list[Cost] = []
    while len(costs) < REPEATS or sum(cost.seconds for cost in costs) < ENOUGH:
        begin = Cost(time.perf_counter(), time.process_time())
        result = work(*arguments)
        end = Cost(time.perf_counter(), time.process_time())
        costs.append(Cost(*(after - before for before, after in zip(begin, end, strict=True))))
    return Cost(*map(min, zip(*costs))), result


def row(what: str, peer: str, ours: Cost, theirs: Cost) -> None:
    ratio, of_processor = (other / own for own, other in zip(ours, theirs, strict=True))
    print(
        f"  {what:28} {ours.seconds:8.4f} s   {peer:15} {theirs.seconds:8.3f} s   {ratio:6.1f} x"
        f"   {of_processor:6.1f} x"
    )


if __name__ == "__main__":
    main()
