"""One organ shown alone, and back."""

from __future__ import annotations

import pytest

from napari_abdoseg.plugin.organs.isolate import Isolation


class Shown:
    """What is shown, by name."""

    def __init__(self, **state: bool) -> None:
        self._state = state

    def state(self) -> dict[str, bool]:
        return dict(self._state)

    def show(self, shown) -> None:
        self._state |= shown


@pytest.fixture
def masks() -> Shown:
    return Shown(liver=True, kidney=False, spleen=True)


@pytest.fixture
def boxes() -> Shown:
    return Shown(liver=True, kidney=False, spleen=False, left_kidney=True)


@pytest.fixture
def solo(masks, boxes) -> Isolation:
    return Isolation((masks, boxes))


def test_the_others_are_hidden_and_come_back(solo, masks, boxes):
    before = masks.state(), boxes.state()
    solo.start("liver")
    assert solo.name == "liver"
    assert masks.state() == {"liver": True, "kidney": False, "spleen": False}
    assert not any(on for name, on in boxes.state().items() if name != "liver")
    solo.stop()
    assert solo.name == ""
    assert (masks.state(), boxes.state()) == before


def test_an_organ_that_was_hidden_shows_its_mask(solo, masks, boxes):
    solo.start("kidney")
    assert masks.state() == {"liver": False, "kidney": True, "spleen": False}
    assert not any(boxes.state().values())


def test_sides_belong_to_their_organ(solo, masks, boxes):
    solo.start("kidney", {"left_kidney"})
    assert boxes.state() == {"liver": False, "kidney": False, "spleen": False, "left_kidney": True}
    assert not any(masks.state().values())


def test_from_one_organ_to_the_next_and_back_to_all(solo, masks, boxes):
    before = masks.state(), boxes.state()
    solo.start("liver")
    solo.start("spleen")
    assert masks.state() == {"liver": False, "kidney": False, "spleen": True}
    solo.stop()
    assert (masks.state(), boxes.state()) == before


def test_forgetting_leaves_all_as_it_is(solo, masks):
    solo.start("liver")
    solo.forget()
    masks.show({"kidney": True})
    solo.stop()
    assert masks.state() == {"liver": True, "kidney": True, "spleen": False}
