"""What clicks add on a grid is what the distances to them say, as exactly as logits are kept."""

from __future__ import annotations

import numpy as np
import pytest

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.correction.hints.clicks import Across, Addition, Click
from napari_abdoseg.correction.hints.fading import ALL_ROUND, COVARIANCE
from napari_abdoseg.correction.hints.lead import Lead
from napari_abdoseg.logits.along import Along
from napari_abdoseg.logits.kept import KeptLogits

SHAPE, SIZE = (20, 24, 22), (50, 60, 22)
BOX = Box((0, 0, 0), SIZE)


@pytest.fixture(scope="module")
def lead() -> Lead:
    z, y, x = (Along.between(old, new) for old, new in zip(SHAPE, SIZE, strict=True))
    logits = np.zeros((2, *SHAPE), np.float16)
    return Lead.of(KeptLogits(logits, (0, 1), (3.0, 2.5, 2.0), BOX, (z, y, x), None), 1, BOX)


def exactly(clicks, weights, lead: Lead) -> np.ndarray:
    """By the definition, in double precision."""
    total = np.zeros(SHAPE)
    for click, weight in zip(clicks, weights, strict=True):
        away = np.ix_(*(axis[0].astype(float) for axis in lead.away_mm([click.place])))
        far = np.sqrt(sum(axis**2 for axis in away))
        if click.reach_mm is not None:
            felt = np.exp(-((far / click.reach_mm) ** 2) / 2)
        else:
            felt = ALL_ROUND + sum(share * np.exp(-far / reach) for share, reach in COVARIANCE)
        if click.across is not None:
            felt = felt * (1 - np.abs(away[click.across.axis]) / click.across.mm).clip(0)
        total += weight * felt
    return total


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_what_is_added_on_a_grid_is_exact(lead, axis):
    draw = np.random.default_rng(axis)
    clicks, weights = [], []
    for number in (3, 9, 14):
        for _ in range(12):
            place = draw.integers(0, SIZE)
            place[axis] = number
            clicks.append(Click(tuple(place.tolist()), True, across=Across(axis, 40.0)))
    for reach in (None, None, 8.0):
        clicks.append(Click(tuple(draw.integers(0, SIZE).tolist()), True, reach))
    clicks.append(Click((0, 0, 7), True))  # a voxel of the logits itself
    weights = draw.normal(size=len(clicks)) * 10
    found = Addition(tuple(clicks), tuple(weights.tolist())).on(lead)
    np.testing.assert_allclose(found, exactly(clicks, weights, lead), atol=1e-4)


def test_nothing_is_added_by_clicks_of_no_weight(lead):
    clicks = (Click((1, 2, 3), True), Click((4, 5, 6), False))
    assert not Addition(clicks, (0.0, 0.0)).on(lead).any()
