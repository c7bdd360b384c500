"""One pass of a network."""

from __future__ import annotations

import pytest
import torch
from working import load_configuration

from napari_abdoseg.inference.network import network as module
from napari_abdoseg.inference.network.network import network_on_device


@pytest.fixture
def trained(make_model):
    return load_configuration(make_model())


def image() -> torch.Tensor:
    return torch.rand((1, 1, 16, 16, 16), generator=torch.Generator().manual_seed(0))


def test_each_fold_brings_its_weights(trained):
    with network_on_device(trained) as network:
        answers = []
        for member in trained.members:
            network.load(member)
            answers.append(network.run(image(), ()))
    assert answers[0].shape == (1, 5, 16, 16, 16)
    assert not torch.allclose(*answers)


def test_mirroring_there_and_back(trained):
    with network_on_device(trained) as network:
        network.load(trained.members[0])
        mirrored = network.run(image(), (2, 4))
        expected = network.run(image().flip(2, 4), ()).flip(2, 4)
    assert torch.equal(mirrored, expected)


@pytest.mark.parametrize("able", [True, False])
def test_bfloat16_where_the_cpu_has_it(trained, able, monkeypatch):
    monkeypatch.setattr(module, "cpu_has_bfloat16", lambda: able)
    with network_on_device(trained, True) as quick, network_on_device(trained) as network:
        assert quick.bfloat16 == able
        assert not network.bfloat16
        for member in trained.members:
            quick.load(member)
            network.load(member)
            rounded, single = (one.run(image(), (2, 3)) for one in (quick, network))
            assert (rounded.float() - single).abs().mean() < 0.02
            assert torch.equal(rounded, single) != able


def test_the_cpu_can_be_asked():
    assert isinstance(module.cpu_has_bfloat16(), bool)
