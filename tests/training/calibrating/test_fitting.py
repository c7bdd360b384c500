"""Whether what is expected comes true, and as often as it is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_abdoseg.inference.model.quality_calibration import COVERAGE
from napari_abdoseg.training.calibrating.fitting import LEAST, as_if_unseen, organ_curves, reaches
from napari_abdoseg.training.calibrating.observing import Observation


def observation(case: int, agreement: float, dsc: float, **known) -> Observation:
    """Of an organ on which the fold that has not seen the case is as good as the others."""
    same = {"agreement": agreement, "dsc": dsc}
    kinds = {f"{name}_{kind}": v for name, v in same.items() for kind in ("seen", "unseen")}
    place = {"case": f"case{case}", "shift": "none", "organ": "liver", "in_doubt": False}
    return Observation(**place | same | kinds | known)


def observed(rng: np.random.Generator, count: int, in_doubt: bool = False) -> list[Observation]:
    """Organs that folds agree on the more, the nearer they are to the truth."""
    seen = []
    for number in range(count):
        agreement = 1 - rng.exponential(0.05) if rng.random() < 0.6 else rng.uniform(0.1, 1)
        agreement = float(np.clip(agreement, 0, 1))
        off = rng.standard_t(3) * (0.004 + 0.3 * (1 - agreement))
        dsc = float(np.clip(agreement**2 - 0.2 * in_doubt + off, 0, 1))
        seen.append(observation(number // 3, agreement, dsc, in_doubt=in_doubt))
    return seen


@pytest.mark.parametrize("count", [60, 180])
def test_as_many_of_other_cases_lie_in_the_interval_as_is_said(count):
    rng = np.random.default_rng(count)
    inside = []
    for _ in range(40):
        curve = organ_curves(observed(rng, count), 5).plausible
        for other in observed(rng, 50):
            told = curve.expect(other.agreement)
            inside.append(told.lowest <= other.dsc <= told.highest)
    assert abs(np.mean(inside) - COVERAGE) < 0.04


def test_expected_dsc_is_near_where_folds_agree_and_never_falls():
    curve = organ_curves(observed(np.random.default_rng(1), 300), 5).plausible
    found = [curve.expect(agreement).dsc for agreement in np.linspace(0, 1, 101)]
    assert np.all(np.diff(found) >= 0)
    assert curve.expect(0.97).dsc == pytest.approx(0.97**2, abs=0.02)
    wide, narrow = curve.expect(0.5), curve.expect(0.98)
    assert wide.highest - wide.lowest > 4 * (narrow.highest - narrow.lowest)


def test_what_is_in_doubt_has_a_curve_of_its_own_once_enough_of_it_was_seen():
    rng = np.random.default_rng(2)
    plausible = observed(rng, 200)
    curves = organ_curves(plausible + observed(rng, 200, in_doubt=True), 5)
    assert curves.in_doubt.expect(0.9).dsc < curves.plausible.expect(0.9).dsc - 0.1
    some = organ_curves(plausible + observed(rng, 12, in_doubt=True), 5)
    few, many = some.in_doubt.expect(0.9), some.plausible.expect(0.9)
    assert (few.dsc, few.highest) == (many.dsc, 1)
    assert few.lowest < many.lowest
    none = organ_curves(plausible, 5).in_doubt.expect(0.9)
    assert (none.lowest, none.highest) == (0, 1)


def test_of_too_few_nothing_is_learnt():
    assert organ_curves(observed(np.random.default_rng(3), LEAST - 1), 5) is None
    assert organ_curves(observed(np.random.default_rng(3), 100, in_doubt=True), 5) is None
    assert organ_curves(observed(np.random.default_rng(3), LEAST), 5) is not None


def test_observations_that_are_all_the_same():
    same = [observation(number, 1.0, 0.98) for number in range(30)]
    told = organ_curves(same, 5).plausible.expect(1.0)
    assert (told.dsc, told.lowest, told.highest) == (0.98, 0.98, 0.98)


def test_the_ranks_of_few_scores_are_those_of_one_more_that_is_unknown():
    scores = np.arange(1.0, 20.0)
    assert reaches(scores) == (1.0, 19.0)
    assert reaches(scores[1:]) == (2.0, 1e6)
    assert reaches(scores[:9]) == (1.0, 1e6)
    assert reaches(scores[:8]) == (-1e6, 1e6)
    assert reaches(np.arange(1.0, 40.0)) == (2.0, 38.0)


@pytest.mark.parametrize("folds", [2, 5])
def test_what_folds_have_seen_flatters_them_and_that_is_taken_off(folds):
    """Pairs agree the less the more of their folds have not seen the case."""
    rng = np.random.default_rng(folds)
    unseen, off = 0.9, 0.03
    pairs = folds * (folds - 1) / 2
    flattered = []
    for number in range(30):
        noise = rng.normal(0, 0.001)
        seen = unseen + 2 * off + noise
        both = (seen * (pairs - (folds - 1)) + (seen - off) * (folds - 1)) / pairs
        told = {"agreement_seen": seen, "agreement_unseen": seen - off}
        told |= {"dsc_seen": 0.95, "dsc_unseen": 0.91}
        dsc = 0.91 + 0.04 * (1 - 1 / folds)
        flattered.append(observation(number, both, dsc, **told))
    agreement, dsc = as_if_unseen(flattered, folds).mean(0)
    assert dsc == pytest.approx(0.91)
    assert agreement == pytest.approx(unseen, abs=0.001)


def test_nothing_is_taken_off_where_the_fold_that_has_not_seen_it_is_better():
    better = [
        observation(n, 0.9, 0.9, dsc_unseen=0.95, agreement_unseen=0.95, shift=shift)
        for n in range(5)
        for shift in ("none", "blur")
    ]
    assert as_if_unseen(better, 5) == pytest.approx(0.9)
    assert as_if_unseen([replace(each, shift="blur") for each in better], 5) == pytest.approx(0.9)
