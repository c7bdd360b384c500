"""Whether what is expected comes true, and as often as it is said."""

from __future__ import annotations

import numpy as np
import pytest

from napari_abdoseg.inference.model.quality_calibration import COVERAGE
from napari_abdoseg.training.calibrating.fitting import LEAST, organ_curves, reaches
from napari_abdoseg.training.calibrating.observing import Observation


def observed(rng: np.random.Generator, count: int, in_doubt: bool = False) -> list[Observation]:
    """Organs that folds agree on the more, the nearer they are to the truth."""
    seen = []
    for number in range(count):
        agreement = 1 - rng.exponential(0.05) if rng.random() < 0.6 else rng.uniform(0.1, 1)
        agreement = float(np.clip(agreement, 0, 1))
        off = rng.standard_t(3) * (0.004 + 0.3 * (1 - agreement))
        dsc = float(np.clip(agreement**2 - 0.2 * in_doubt + off, 0, 1))
        seen.append(Observation(f"case{number // 3}", "none", "liver", agreement, in_doubt, dsc))
    return seen


@pytest.mark.parametrize("count", [60, 180])
def test_as_many_of_other_cases_lie_in_the_interval_as_is_said(count):
    rng = np.random.default_rng(count)
    inside = []
    for _ in range(40):
        curve = organ_curves(observed(rng, count)).plausible
        for other in observed(rng, 50):
            told = curve.expect(other.agreement)
            inside.append(told.lowest <= other.dsc <= told.highest)
    assert abs(np.mean(inside) - COVERAGE) < 0.04


def test_expected_dsc_is_near_where_folds_agree_and_never_falls():
    curve = organ_curves(observed(np.random.default_rng(1), 300)).plausible
    found = [curve.expect(agreement).dsc for agreement in np.linspace(0, 1, 101)]
    assert np.all(np.diff(found) >= 0)
    assert curve.expect(0.97).dsc == pytest.approx(0.97**2, abs=0.02)
    wide, narrow = curve.expect(0.5), curve.expect(0.98)
    assert wide.highest - wide.lowest > 4 * (narrow.highest - narrow.lowest)


def test_what_is_in_doubt_has_a_curve_of_its_own_once_enough_of_it_was_seen():
    rng = np.random.default_rng(2)
    plausible = observed(rng, 200)
    curves = organ_curves(plausible + observed(rng, 200, in_doubt=True))
    assert curves.in_doubt.expect(0.9).dsc < curves.plausible.expect(0.9).dsc - 0.1
    few = organ_curves(plausible + observed(rng, LEAST - 1, in_doubt=True)).in_doubt.expect(0.9)
    assert (few.lowest, few.highest) == (0, 1)
    none = organ_curves(plausible).in_doubt.expect(0.9)
    assert (none.lowest, none.highest) == (0, 1)


def test_of_too_few_nothing_is_learnt():
    assert organ_curves(observed(np.random.default_rng(3), LEAST - 1)) is None
    assert organ_curves(observed(np.random.default_rng(3), 100, in_doubt=True)) is None
    assert organ_curves(observed(np.random.default_rng(3), LEAST)) is not None


def test_observations_that_are_all_the_same():
    same = [Observation(f"case{n}", "none", "liver", 1.0, False, 0.98) for n in range(30)]
    told = organ_curves(same).plausible.expect(1.0)
    assert (told.dsc, told.lowest, told.highest) == (0.98, 0.98, 0.98)


def test_the_ranks_of_few_scores_are_those_of_one_more_that_is_unknown():
    scores = np.arange(1.0, 20.0)
    assert reaches(scores) == (1.0, 19.0)
    assert reaches(scores[1:]) == (-1e6, 1e6)
    assert reaches(np.arange(1.0, 40.0)) == (2.0, 38.0)
