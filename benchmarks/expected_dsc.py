"""Whether expected DSC comes true: on phantoms that nothing was learnt from, and made worse.

Each phantom is looked at as it is, blurred, noisy, with other densities, off the centre and cut;
strengths are drawn anew, and go beyond those that models are calibrated with. What was looked at
is kept in a file, so that the script goes on where it was stopped, and that another calibration
takes no new predictions.

    python benchmarks/expected_dsc.py FOLDER --phantoms 30

Risk is 1 - DSC; the area under the risk-coverage curve (AURC) is that of Geifman, Y., &
El-Yaniv, R. (2017), https://arxiv.org/abs/1705.08500, the mean softmax probability that of the
class that wins, of an organ in its voxels, of a case in the whole scan. What an order has above the
best one, by the true DSC, is its excess (E-AURC): Geifman, Y., Uziel, G., & El-Yaniv, R. (2018),
https://arxiv.org/abs/1805.08206.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from matplotlib import pyplot as plt
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.plausibility.check import check_plausibility
from napari_abdoseg.evaluation.dice import dice
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.phantom import AIR, make_phantom
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.inference.model.ensemble import Ensemble, load_ensemble
from napari_abdoseg.inference.model.quality_calibration import QualityCalibration
from napari_abdoseg.inference.preset import DEFAULT
from napari_abdoseg.inference.review.expected_quality import organs_in_doubt
from napari_abdoseg.inference.scan import PreparedScan
from napari_abdoseg.inference.segmentation import asking, concluding
from napari_abdoseg.progress import drain

FIRST_SEED = 100
"""Below those of the phantoms that the demo was trained on."""
STEP = 3.0
SCORES = ("expected DSC", "agreement", "softmax")
KINDS = ("none", "blur", "noise", "density", "moved", "cut")
SHARES = (0.1, 0.3, 0.5)
MIXED, DRAWS = 200, 200
"""Cases of a set with a share that is made worse, and how many such sets are drawn."""
Record = dict[str, Any]
Numbers = NDArray[np.float64]


def worse(volume: Volume, labels: LabelMap, kind: str, seed: int) -> tuple[Volume, LabelMap]:
    """A phantom of 3 mm as another scanner would see it."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    data, truth = volume.data.astype(np.float32), labels.data
    if kind == "blur":
        data = ndimage.gaussian_filter(data, rng.uniform(1, 6) / STEP)
    elif kind == "noise":
        data = data + rng.normal(0, rng.uniform(20, 150), data.shape)
    elif kind == "density":
        data = data + rng.uniform(20, 150) * rng.choice([-1, 1])
    elif kind == "moved":
        by = round(rng.uniform(10, 80) * rng.choice([-1, 1]) / STEP)
        axis = int(rng.integers(1, 3))
        data, truth = moved(data, by, axis, AIR), moved(truth, by, axis, 0)
    elif kind == "cut":
        count = int(len(data) * (1 - rng.uniform(0.2, 0.65)))
        first = int(rng.integers(0, 2)) * (len(data) - count)
        data, truth = data[first : first + count], truth[first : first + count]
    voxels = np.clip(np.rint(data), -1024, 3071).astype(np.int16)
    grid = Grid.from_spacing(voxels.shape, volume.grid.spacing, (0.0, 0.0, 0.0), "LPS")
    return Volume(voxels, grid), LabelMap(truth.copy(), grid, labels.organs)


def moved(data: NDArray[Any], by: int, axis: int, fill: float) -> NDArray[Any]:
    rolled = np.roll(data, by, axis)
    gone = [slice(None)] * 3
    gone[axis] = slice(0, by) if by > 0 else slice(by, None)
    rolled[tuple(gone)] = fill
    return rolled


def look(ensemble: Ensemble, seed: int, kind: str) -> Record:
    """What folds say of a phantom, and how right all of them together are."""
    volume, truth = worse(*make_phantom(seed, (STEP,) * 3), kind, seed)
    predicted = drain(asking(PreparedScan(volume), ensemble, DEFAULT))
    segmentation = drain(concluding(predicted))
    doubted = organs_in_doubt(check_plausibility(segmentation.labels, volume))
    scores = dice(segmentation.labels, truth)
    prediction = predicted.predictions[0].prediction
    surest, winners = torch.softmax(prediction.logits.float(), 0).max(0)
    beyond = np.prod(prediction.shape) - surest.numel()
    organs = {
        organ.name: {
            "agreement": agreement,
            "in_doubt": organ.value in doubted,
            "dsc": float(scores[organ]),
            "softmax": mean_of(surest[winners == organ.value]),
        }
        for organ, agreement in segmentation.disagreement.agreement().items()
    }
    softmax = (float(surest.sum()) + beyond) / (surest.numel() + beyond)
    return {"seed": seed, "kind": kind, "softmax": softmax, "organs": organs}


def mean_of(values: torch.Tensor) -> float:
    """0 of an organ that was not found."""
    return float(values.mean()) if values.numel() else 0.0


def looking(path: Path, phantoms: int) -> list[Record]:
    """Look at phantoms, and keep in a file what was seen."""
    records = [json.loads(line) for line in path.open()] if path.exists() else []
    known = {(record["seed"], record["kind"]) for record in records}
    wanted = [(seed, kind) for seed in range(FIRST_SEED, FIRST_SEED + phantoms) for kind in KINDS]
    ensemble = load_ensemble("demo", device="cpu")
    for seed, kind in wanted:
        if (seed, kind) in known:
            continue
        record = look(ensemble, seed, kind)
        records.append(record)
        with path.open("a") as file:
            file.write(json.dumps(record) + "\n")
        print(f"phantom {seed}, {kind}", flush=True)
    return [record for record in records if (record["seed"], record["kind"]) in set(wanted)]


def expected(records: Iterable[Record], calibration: QualityCalibration) -> list[Record]:
    """A row an organ of a record."""
    rows = []
    for record in records:
        for name, organ in record["organs"].items():
            curves = calibration.organs[name]
            curve = curves.in_doubt if organ["in_doubt"] else curves.plausible
            told = curve.expect(organ["agreement"])
            row = {"case": (record["seed"], record["kind"]), "kind": record["kind"], "organ": name}
            rows.append(row | organ | {"expected": told.dsc, "ends": (told.lowest, told.highest)})
    return rows


def summary(rows: Sequence[Record]) -> str:
    """Error, share inside the interval and its width."""
    dsc = np.array([row["dsc"] for row in rows])
    told = np.array([row["expected"] for row in rows])
    low, high = np.array([row["ends"] for row in rows]).T
    error, inside = np.abs(dsc - told).mean(), ((low <= dsc) & (dsc <= high)).mean()
    width = (high - low).mean()
    return f"| {len(rows)} | {dsc.mean():.3f} | {error:.3f} | {inside:.1%} | {width:.3f} |"


def areas(table: dict[str, list[float]]) -> Numbers:
    """AURC of the three scores, and of the best order."""
    risk = table["risk"]
    orders = (*(table[score] for score in SCORES), [-each for each in risk])
    return np.array([aurc(risk, order) for order in orders])


def areas_of_mixture(rows: Sequence[Record], softmax: dict[Any, float], share: float) -> Numbers:
    """The same of sets of cases, drawn with replacement, of which a share is made worse."""
    rng = np.random.default_rng(0)
    kinds = {False: by_case([row for row in rows if row["kind"] == "none"], softmax)}
    kinds[True] = by_case([row for row in rows if row["kind"] != "none"], softmax)
    counts = {True: round(share * MIXED), False: MIXED - round(share * MIXED)}

    def drawn() -> dict[str, list[float]]:
        chosen = {
            worse: rng.integers(0, len(kinds[worse]["risk"]), count)
            for worse, count in counts.items()
        }
        return {
            key: [float(kinds[worse][key][at]) for worse, places in chosen.items() for at in places]
            for key in kinds[True]
        }

    return np.asarray(np.mean([areas(drawn()) for _ in range(DRAWS)], axis=0))


def areas_line(name: str, found: Numbers) -> str:
    expected_area, _, softmax_area, best = found
    excess = (expected_area - best) / (softmax_area - best)
    return f"| {name} | {' | '.join(f'{area:.4f}' for area in found)} | {excess:.2f} |"


def aurc(risk: Sequence[float], confidence: Sequence[float]) -> float:
    """Area under the curve of the risk of the surest over their share."""
    return float(curve(risk, confidence).mean())


def curve(risk: Sequence[float], confidence: Sequence[float]) -> Numbers:
    order = np.argsort(-np.asarray(confidence), kind="stable")
    return np.cumsum(np.asarray(risk)[order]) / np.arange(1, len(order) + 1)


def by_case(rows: Sequence[Record], softmax: dict[Any, float]) -> dict[str, list[float]]:
    """Risk of each case, the mean over its organs, and what each score says of it."""
    cases: dict[Any, list[Record]] = {}
    for row in rows:
        cases.setdefault(row["case"], []).append(row)

    def means(key: str) -> list[float]:
        return [fmean(row[key] for row in each) for each in cases.values()]

    return {
        "risk": [1 - dsc for dsc in means("dsc")],
        "expected DSC": means("expected"),
        "agreement": means("agreement"),
        "softmax": [softmax[case] for case in cases],
    }


def by_organ(rows: Sequence[Record]) -> dict[str, list[float]]:
    return {
        "risk": [1 - row["dsc"] for row in rows],
        "expected DSC": [row["expected"] for row in rows],
        "agreement": [row["agreement"] for row in rows],
        "softmax": [row["softmax"] for row in rows],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where what was seen, and the picture, are kept")
    parser.add_argument("--phantoms", type=int, default=30)
    parser.add_argument("--calibration", type=Path, help="another than the demo's own")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    records = looking(chosen.folder / "looked_at.jsonl", chosen.phantoms)
    calibration = load_ensemble("demo", device="cpu").configurations[0].model.quality
    if chosen.calibration:
        calibration = QualityCalibration(**json.loads(chosen.calibration.read_text()))
    assert calibration is not None
    rows = expected(records, calibration)
    print("\n| | label maps of an organ | mean DSC | mean error | in the interval | its width |")
    print("|---|--:|--:|--:|--:|--:|")
    for kind in KINDS:
        if some := [row for row in rows if row["kind"] == kind]:
            print(f"| {kind} {summary(some)}")
    for organ in calibration.organs:
        if some := [row for row in rows if row["organ"] == organ]:
            print(f"| {organ} {summary(some)}")
    print(f"| all {summary(rows)}")
    softmax = {(record["seed"], record["kind"]): record["softmax"] for record in records}
    tables = {
        organ: by_organ([row for row in rows if row["organ"] == organ])
        for organ in calibration.organs
    }
    tables["case"] = by_case(rows, softmax)
    for kind in KINDS:
        if some := [row for row in rows if row["kind"] == kind]:
            tables[f"case, {kind}"] = by_case(some, softmax)
    names = ("expected DSC", "agreement alone", "mean softmax probability", "the best order")
    print(f"\n| AURC | {' | '.join(names)} | excess, of that of softmax |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, table in tables.items():
        print(areas_line(name, areas(table)))
    for share in SHARES:
        print(areas_line(f"case, {share:.0%} made worse", areas_of_mixture(rows, softmax, share)))
    draw(chosen.folder / "expected_dsc.png", rows, tables["case"])


def draw(path: Path, rows: Sequence[Record], case: dict[str, list[float]]) -> None:
    """DSC over expected DSC with intervals, and risk over coverage."""
    mpl.use("Agg")
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5))
    for number, organ in enumerate(dict.fromkeys(row["organ"] for row in rows)):
        some = [row for row in rows if row["organ"] == organ]
        told = np.array([row["expected"] for row in some])
        dsc = np.array([row["dsc"] for row in some])
        left.scatter(told, dsc, s=12, color=f"C{number}", label=organ, alpha=0.7)
    left.plot([0, 1], [0, 1], color="grey", linewidth=1)
    left.set(xlabel="expected DSC", ylabel="DSC to the truth", xlim=(0, 1.02), ylim=(-0.02, 1.02))
    left.legend(frameon=False)
    share = np.arange(1, len(case["risk"]) + 1) / len(case["risk"])
    for score in SCORES:
        area = aurc(case["risk"], case[score])
        right.plot(share, curve(case["risk"], case[score]), label=f"{score}: AURC {area:.3f}")
    best = [-risk for risk in case["risk"]]
    right.plot(
        share, curve(case["risk"], best), color="grey", linestyle=":", label="the best order"
    )
    right.set(xlabel="share of cases that are kept, the surest first", ylabel="mean of 1 - DSC")
    right.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
