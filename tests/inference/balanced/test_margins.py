"""How likely a voxel is to go to another class, by the members that have worked."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats
from working import load_configuration

from napari_abdoseg.inference.balanced.margins import Margins, as_normal, two_likeliest
from napari_abdoseg.inference.network.accumulator import Accumulator
from napari_abdoseg.inference.network.tiling import tile_image

SHAPE = (16, 16, 24)


@pytest.fixture
def sums(make_model):
    tiling = tile_image(torch.zeros(1, *SHAPE), (16, 16, 16))
    trained = load_configuration(make_model())
    return Accumulator.empty(trained, tiling, torch.float32, torch.device("cpu"))


def members_of(sums: Accumulator, members: int, correlated: float) -> torch.Tensor:
    """Logits of members along a boundary of two classes, shape (member, class, z, y, x)."""
    draw = np.random.default_rng(3)
    logits = np.zeros((members, len(sums.logits), *SHAPE), np.float32)
    logits[:, 1] = np.linspace(-20, 20, np.prod(SHAPE)).reshape(SHAPE)
    logits[:, 2:] = -40
    logits[:, 0] += draw.normal(0, 1, (members, *SHAPE))
    logits[:, 0] += draw.normal(0, correlated, (members, 1, 1, 1))
    return torch.from_numpy(logits)


@pytest.mark.parametrize("correlated", [0, 2])
def test_doubts_add_up_to_what_changes(sums, correlated):
    """Members' noise, and shifts of whole surfaces: no more changes than was expected."""
    members = members_of(sums, 40, correlated)
    weights = sums.weights + 3
    expected, real = [], []
    for worked, logits in enumerate(members, 1):
        sums.logits.add_(logits * weights)
        sums.weights.add_(weights)
        if worked == 1:
            margins = Margins(sums)
            continue
        margins.follow()
        if worked % 5 == 0 and worked < 40:
            turned = (sums.winners() != members.mean(0).argmax(0)).sum()
            expected.append(float(margins.doubts(worked, 40).sum()))
            real.append(int(turned))
            margins.compare_anew()
    assert 0.6 < sum(expected) / sum(real) < 1.7, (expected, real)
    assert expected == sorted(expected, reverse=True)


def test_where_no_tile_worked_the_spread_stays(sums):
    members = members_of(sums, 4, 0)
    near, far = np.s_[:, :, :12], np.s_[:, :, 12:]
    for worked, logits in enumerate(members, 1):
        part = near if worked > 3 else np.s_[:, :, :]
        sums.logits[(slice(None), *part)] += logits[(slice(None), *part)]
        sums.weights[part] += 1
        if worked == 1:
            margins = Margins(sums)
            continue
        before = margins.doubts(3, 40)
        margins.follow()
    assert (margins.doubts(3, 40)[far] <= before[far]).all()
    assert (margins.doubts(3, 40)[near] > before[near]).any()


@pytest.mark.parametrize("freedom", [2, 4, 30])
def test_few_members_make_rare_things_likelier(freedom):
    ratios = torch.tensor([0, 0.5, 1, 2, 4, 8]).double()
    chances = torch.special.ndtr(-as_normal(ratios, freedom)).numpy()
    assert chances == pytest.approx(stats.t.sf(ratios.numpy(), freedom), rel=0.3, abs=1e-9)


def test_the_two_likeliest_classes():
    logits = torch.tensor([[1.0, 9, 3], [4, 2, 7], [3, 5, 8]])
    assert two_likeliest(logits, False).tolist() == [[1, 0, 2], [2, 2, 1]]


def test_a_region_that_may_go_leaves_the_one_around_it():
    organ, lesion = [5.0, 5, -0.2, -5], [3.0, -0.1, -4, -6]
    logits = torch.tensor([organ, lesion])
    assert two_likeliest(logits, True).tolist() == [[2, 2, 1, 1], [1, 1, 0, 0]]
