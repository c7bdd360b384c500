"""Calibrating real networks on cases that one fold has not seen."""

from __future__ import annotations

import json

import numpy as np
import pytest
from training_places import Place
from working import run

from napari_abdoseg.evaluation.dice import dice
from napari_abdoseg.image.nifti.volumes import write_labels, write_volume
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.inference.model.quality_calibration import read_quality
from napari_abdoseg.inference.scan import PreparedScan
from napari_abdoseg.inference.segmentation import asking, concluding, segment, segmenting
from napari_abdoseg.progress import drain
from napari_abdoseg.training.calibrating import calibrating as module
from napari_abdoseg.training.calibrating import observing as observing_module
from napari_abdoseg.training.calibrating.calibrating import calibrating, held_out_cases
from napari_abdoseg.training.calibrating.observing import (
    HeldOut,
    found_by_folds,
    observing,
    shifts_of,
)
from napari_abdoseg.training.calibrating.shifts import SHIFTS, UNSHIFTED
from napari_abdoseg.training.finished_steps import FinishedSteps

LIVER = ABDOMINAL_ORGANS[0]
SPACING = (25.0, 20.0, 20.0)


@pytest.fixture
def held_out(tmp_path):
    """A function that writes phantoms, every second one unseen by fold 0, else by fold 1."""

    def write(count: int) -> list[HeldOut]:
        cases = []
        for seed in range(count):
            volume, labels = make_phantom(seed, SPACING)
            image, truth = (tmp_path / f"{seed}{kind}.nii.gz" for kind in ("_0000", ""))
            write_volume(image, volume)
            write_labels(truth, labels)
            cases.append(HeldOut(f"case{seed}", image, truth, str(seed % 2)))
        return cases

    return write


@pytest.fixture
def model(make_model):
    return read_model(make_model((0, 1), None, spacing=SPACING))


def test_what_is_observed_is_all_folds_and_the_one_that_has_not_seen_the_case(held_out, model):
    ensemble = load_ensemble(model, None, "cpu")
    _, case = held_out(2)
    volume, truth = make_phantom(1, SPACING)
    found = {each.organ: each for each in drain(observing(case, UNSHIFTED, ensemble, "exact"))}
    whole = drain(segmenting(volume, ensemble, "exact"))
    folds = [drain(segmenting(volume, load_ensemble(model, [n], "cpu"), "exact")) for n in (0, 1)]
    agreement = {organ.name: score for organ, score in whole.disagreement.agreement().items()}
    assert {name: each.agreement for name, each in found.items()} == pytest.approx(agreement)
    seen, unseen = (scores(fold.labels, truth) for fold in folds)
    for name, score in scores(whole.labels, truth).items():
        if name in found:
            assert found[name].dsc == pytest.approx(score)
            assert found[name].dsc_seen == pytest.approx(seen[name], abs=0.02)
            assert found[name].dsc_unseen == pytest.approx(unseen[name], abs=0.02)


def scores(found, truth):
    real = LabelMap(truth.data, truth.grid, found.organs)
    return {organ.name: score for organ, score in dice(found, real).items()}


@pytest.mark.parametrize("orientation", ["LPS", "RAS"])
def test_what_a_fold_alone_finds_is_brought_to_the_scan(model, orientation):
    """Networks work at the scan's own spacing, so that no voxel may differ."""
    volume, _ = make_phantom(1, SPACING, orientation)
    predicted = drain(asking(PreparedScan(volume), load_ensemble(model, None, "cpu"), "exact"))
    labels = drain(concluding(predicted)).labels
    for number, found in enumerate(found_by_folds(predicted, labels)):
        alone = segment(volume, load_ensemble(model, [number], "cpu"), "exact")
        assert np.array_equal(found.data, alone.data)


def test_pairs_without_a_fold_are_counted_by_what_each_fold_has_of_pairs():
    pairs = {(0, 1): 0.9, (0, 2): 0.8, (0, 3): 0.7, (1, 2): 0.6, (1, 3): 0.5, (2, 3): 0.4}
    of_fold = [
        {LIVER: np.mean([score for pair, score in pairs.items() if fold in pair])}
        for fold in range(4)
    ]
    between = observing_module._between_others(of_fold, 1, LIVER)
    assert between == pytest.approx((0.8 + 0.7 + 0.4) / 3)
    assert observing_module._between_others([{LIVER: 0.9}] * 2, 0, LIVER) == 0.9


def test_it_goes_on_where_it_was_and_leaves_out_what_can_not_be_read(
    held_out, model, tmp_path, monkeypatch
):
    cases = held_out(7)
    cases.append(HeldOut("gone", tmp_path / "gone.nii.gz", cases[0].labels, "0"))
    notes = FinishedSteps(tmp_path / "notes.json")
    monkeypatch.setattr(observing_module, "check_plausibility", lambda *_: ())  # random networks
    steps, calibration = run(calibrating(model, cases, "cpu", notes))
    assert any("gone is left out" in step.notice for step in steps if step.notice)
    assert (steps[-1].total, calibration.cases) == (24, 7)
    assert calibration.sha256 == model.sha256(model.folds)
    assert calibration.folds == ["0", "1"]
    assert calibration.organs
    looked = []
    monkeypatch.setattr(
        module, "observing", lambda case, *rest: looked.append(case.name) or observing(case, *rest)
    )
    assert drain(calibrating(model, cases, "cpu", notes)) == calibration
    assert set(looked) == {"gone"}


def test_of_few_cases_nothing_is_learnt_and_no_network_works(held_out, model, tmp_path):
    notes = FinishedSteps(tmp_path / "notes.json")
    assert drain(calibrating(model, held_out(3), "cpu", notes)) is None
    assert not notes.path.exists()


def test_each_case_is_looked_at_as_it_is_and_made_worse():
    kinds = [shifts_of(f"case{number}") for number in range(40)]
    assert all(shifts[0] == UNSHIFTED and len(set(shifts)) == 3 for shifts in kinds)
    assert {shift for shifts in kinds for shift in shifts} == set(SHIFTS)
    assert shifts_of("case1") == kinds[1]


@pytest.mark.parametrize("kind", SHIFTS)
@pytest.mark.parametrize("seed", range(4))
def test_a_scan_made_worse_keeps_its_labels_in_their_places(kind, seed):
    volume, truth = make_phantom(seed, (6.0, 5.0, 5.0), "RAS")
    before = volume.data.copy(), truth.data.copy()
    worse, labels = SHIFTS[kind](volume, truth, 33.0, np.random.default_rng(seed))
    assert worse.data.dtype == volume.data.dtype
    assert worse.grid.matches(labels.grid)
    assert np.array_equal(volume.data, before[0])
    assert np.array_equal(truth.data, before[1])
    if kind in ("moved", "cut"):
        kept = labels.data > 0
        assert 0 < kept.sum() <= (truth.data > 0).sum()
        assert {*np.unique(worse.data[kept])} <= {*np.unique(volume.data[truth.data > 0])}
    else:
        assert np.array_equal(labels.data, truth.data)
        assert (kind == UNSHIFTED) == np.array_equal(worse.data, volume.data)
    if kind == "cut":
        from_below = np.array_equal(worse.data[0], volume.data[0])
        start = 0 if from_below else len(volume.data) - len(worse.data)
        assert np.array_equal(worse.data, volume.data[start : start + len(worse.data)])
        there = volume.grid.ras_position((1 + start, 2, 3))
        assert worse.grid.ras_position((1, 2, 3)) == pytest.approx(there)


@pytest.mark.slow
def test_a_training_writes_it_into_its_models_folder(raw, make_model, tmp_path, monkeypatch):
    run_ = Place(raw, tmp_path / "work").run(folds=(0, 1))
    names = [f"p_{number:03}" for number in range(5)]
    splits = [{"train": names[3:], "val": names[:3]}, {"train": names[:3], "val": names[3:]}]
    run_.folders.preprocessed.mkdir(parents=True)
    (run_.folders.preprocessed / "splits_final.json").write_text(json.dumps(splits))
    assert [(case.name, case.fold) for case in held_out_cases(run_)] == [
        *((name, "0") for name in names[:3]),
        *((name, "1") for name in names[3:]),
    ]
    model = read_model(make_model((0, 1), None, patch=(32, 32, 32)))
    assert drain(module.calibrating_models(run_, {"3d_fullres": model})) == {"3d_fullres": model}
    monkeypatch.setattr(observing_module, "SHIFTS_OF_A_CASE", 4)
    monkeypatch.setattr(observing_module, "check_plausibility", lambda *_: ())  # random networks
    calibrated = drain(module.calibrating_models(run_, {"3d_fullres": model}))["3d_fullres"]
    assert calibrated.quality == read_quality(model.folder)
    assert calibrated.quality.cases == 5


def test_of_a_single_fold_nothing_is_learnt_and_that_is_said(raw, make_model, tmp_path):
    run_ = Place(raw, tmp_path / "work").run(folds=(0,))
    model = read_model(make_model((0,)))
    steps, models = run(module.calibrating_models(run_, {"3d_fullres": model}))
    assert models == {"3d_fullres": model}
    assert "takes two folds at least" in steps[-1].notice
