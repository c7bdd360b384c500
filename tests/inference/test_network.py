"""One pass of a network."""

from __future__ import annotations

import pytest
import torch
from working import load_configuration

from napari_abdoseg.inference import network as module
from napari_abdoseg.inference.network import TorchNetwork, network_on_device
from napari_abdoseg.inference.openvino_network import OpenVinoNetwork, openvino_is_installed


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


OPENVINO = pytest.mark.skipif(not openvino_is_installed(), reason="needs OpenVINO")


@pytest.mark.parametrize("openvino", [pytest.param(True, marks=OPENVINO), False])
@pytest.mark.parametrize("bfloat16", [True, False])
def test_quick_arithmetic_is_what_there_is(trained, openvino, bfloat16, monkeypatch):
    monkeypatch.setattr(module, "cpu_has_bfloat16", lambda: bfloat16)
    monkeypatch.setattr(module, "openvino_is_installed", lambda: openvino)
    with network_on_device(trained, True) as quick, network_on_device(trained) as network:
        assert isinstance(quick, OpenVinoNetwork if openvino else TorchNetwork)
        for member in (*trained.members, trained.members[0]):
            quick.load(member)
            network.load(member)
            rounded, single = (one.run(image(), (2, 3)) for one in (quick, network))
            assert rounded.shape == single.shape
            assert (rounded.float() - single).abs().mean() < 0.02
            assert torch.equal(rounded, single) == (not openvino and not bfloat16)


def test_exact_arithmetic_is_torchs(trained):
    with network_on_device(trained) as network:
        assert isinstance(network, TorchNetwork)
        assert not network.bfloat16


def test_the_cpu_can_be_asked():
    assert isinstance(module.cpu_has_bfloat16(), bool)
