"""One pass of a network."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from working import load_configuration

from napari_abdoseg.inference.model import network_memory
from napari_abdoseg.inference.network import chosen_convolutions
from napari_abdoseg.inference.network import network as module
from napari_abdoseg.inference.network.class_parts import CLASSES_AT_ONCE, joined
from napari_abdoseg.inference.network.network import Network, network_on_device
from napari_abdoseg.inference.network.u_net import UNet
from napari_abdoseg.inference.preset import Arithmetic


@pytest.fixture
def trained(make_model):
    return load_configuration(make_model())


def image() -> torch.Tensor:
    return torch.rand((1, 1, 16, 16, 16), generator=torch.Generator().manual_seed(0))


def answer(network: Network, flip: tuple[int, ...] = (), classes: int = 5) -> torch.Tensor:
    return joined(network.run(image(), flip), classes)


def test_each_fold_brings_its_weights(trained):
    with network_on_device(trained) as network:
        answers = []
        for member in trained.members:
            network.load(member)
            answers.append(answer(network))
    assert answers[0].shape == (5, 16, 16, 16)
    assert not torch.allclose(*answers)


def test_mirroring_there_and_back(trained):
    with network_on_device(trained) as network:
        network.load(trained.members[0])
        mirrored = answer(network, (2, 4))
        expected = joined(network.run(image().flip(2, 4), ()), 5).flip(1, 3)
    assert torch.equal(mirrored, expected)


@pytest.mark.parametrize("able", [True, False])
def test_bfloat16_where_the_cpu_has_it(trained, able, monkeypatch):
    monkeypatch.setattr(module, "cpu_has_bfloat16", lambda: able)
    rough, fewer = Arithmetic.ROUGH, Arithmetic.FEWER
    with network_on_device(trained, rough) as quick, network_on_device(trained, fewer) as network:
        assert quick.bfloat16 == able
        assert not network.bfloat16
        for member in trained.members:
            quick.load(member)
            network.load(member)
            rounded, single = (answer(one, (2, 3)) for one in (quick, network))
            assert (rounded.float() - single).abs().mean() < 0.02
            assert torch.equal(rounded, single) != able


@pytest.mark.parametrize("patch", [(16, 16, 16), (18, 22, 10), (2, 16, 16), (16, 16)], ids=str)
def test_fewer_multiplications_give_the_same_up_to_rounding(patch, make_model, monkeypatch):
    """Layers of all sizes forced into it, each fold's weights in turn; 2D networks as ever."""
    monkeypatch.setattr(module, "cpu_has_bfloat16", lambda: False)
    monkeypatch.setattr(chosen_convolutions, "LEAST_CHANNELS", 1)
    monkeypatch.setattr(chosen_convolutions, "LEAST_PRODUCTS", 0)
    monkeypatch.setattr(chosen_convolutions.Choices, "way", lambda *_: 1)
    trained = load_configuration(make_model(patch=patch, spacing=(10.0, 8.0, 8.0)[-len(patch) :]))
    draw = torch.Generator().manual_seed(0)
    shown = torch.rand((1, 1, *patch), generator=draw)
    fewer = Arithmetic.FEWER
    with network_on_device(trained, fewer) as quick, network_on_device(trained) as network:
        for member in trained.members:
            quick.load(member)
            network.load(member)
            for flip in ((), (2, 3)):
                fewer, usual = (joined(one.run(shown, flip), 5) for one in (quick, network))
                assert torch.allclose(fewer, usual, atol=1e-4)
                assert torch.equal(fewer, usual) == (len(patch) == 2)


@pytest.mark.parametrize("arithmetic", [Arithmetic.SAME, Arithmetic.ROUGH])
@pytest.mark.parametrize("flip", [(), (2, 4)])
@pytest.mark.parametrize("others", [[], [CLASSES_AT_ONCE, 5]])
def test_layers_one_by_one_give_the_same_as_all_at_once(make_model, arithmetic, flip, others):
    count = CLASSES_AT_ONCE + sum(others)
    labels = {"background": 0, **{f"organ {value}": value for value in range(1, count)}}
    trained = load_configuration(make_model((0,), labels={"labels": labels}))
    with network_on_device(trained, arithmetic) as network:
        network.load(trained.members[0])
        assert network.layers is not None
        parts = [len(logits) for _, logits in network.run(image(), flip)]
        one_by_one = answer(network, flip, count)
        at_once = answer(replace(network, layers=None), flip, count)
    assert parts == [CLASSES_AT_ONCE, *others]
    assert torch.equal(one_by_one, at_once)


def test_another_network_is_asked_as_it_is():
    assert UNet.of(torch.nn.Conv3d(1, 2, 1)) is None


def test_the_cpu_can_be_asked():
    assert isinstance(module.cpu_has_bfloat16(), bool)


def test_passes_made_together_come_in_their_order(trained):
    shown = [(image() + number, flip) for number, flip in enumerate([(), (2,), (3, 4), (), (2, 4)])]
    with network_on_device(trained) as network:
        network.load(trained.members[0])
        alone = [joined(parts, 5) for parts in network.answers(iter(shown))]
        together = replace(network, together=2, layers=None)
        as_batches = [joined(parts, 5) for parts in together.answers(iter(shown))]
    assert len(as_batches) == len(shown)
    for one, other in zip(alone, as_batches, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("classes", [5, CLASSES_AT_ONCE + 3])
def test_passes_by_threads_of_their_own_are_those_of_one_thread(make_model, threads, classes):
    names = ["background", *(f"organ {number}" for number in range(1, classes))]
    labels = {"labels": {name: value for value, name in enumerate(names)}}
    trained = load_configuration(make_model(labels=labels))
    shown = [(image() + number, flip) for number, flip in enumerate([(), (2,), (3, 4), (), (2, 4)])]

    def answered(network: Network) -> list[torch.Tensor]:
        network.load(trained.members[0])
        return [joined(parts, classes) for parts in network.answers(iter(shown))]

    with network_on_device(trained) as network:
        alone = answered(network)
    threads(3)
    with network_on_device(trained) as network:
        assert network.together == 3
        at_once = answered(network)
    assert len(at_once) == len(shown)
    assert all(map(torch.equal, alone, at_once))


def test_large_patches_have_all_threads_one_after_the_other(make_model, threads, monkeypatch):
    threads(3)
    trained = load_configuration(make_model())
    for room, together in ((2.5, 2), (1.5, 1), (0.5, 1)):
        monkeypatch.setattr(module, "VOXELS_TOGETHER", int(room * 16**3))
        with network_on_device(trained) as network:
            assert network.together == together


def test_no_more_passes_are_made_at_once_than_there_is_memory_for(make_model, threads, monkeypatch):
    threads(3)
    trained = load_configuration(make_model())
    one = network_memory.SINGLE * network_memory.largest_maps(trained, in_parts=True)
    for images, together in ((9.5, 3), (2.5, 2), (0.5, 1)):
        free = int(images * one)
        monkeypatch.setattr(network_memory, "available_bytes", lambda free=free: free)
        with network_on_device(trained) as network:
            assert network.together == together


def test_a_pass_that_fails_among_others_is_told_and_few_images_are_taken_ahead(trained, threads):
    threads(2)
    taken = []

    def shown(spoiled: int):
        for number in range(20):
            taken.append(number)
            yield (image() if number != spoiled else image()[..., 0], ())

    with network_on_device(trained) as network:
        network.load(trained.members[0])
        answers = network.answers(shown(3))
        for _ in range(3):
            joined(next(answers), 5)
        with pytest.raises((RuntimeError, ValueError)):
            next(answers)
        assert len(taken) < 10
        taken.clear()
        answers = network.answers(shown(-1))
        joined(next(answers), 5)
        answers.close()
        assert len(taken) < 10
